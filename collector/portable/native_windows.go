package portable

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/sockls/sockls/collector/socket"
)

// windowsHost is the running system. The tables are asked for without the
// library, see parseWindowsTable, and facts of processes through it.
type windowsHost struct{ library }

func native() (*system, Host, bool, error) {
	return windowsSystem(), windowsHost{}, windows.GetCurrentProcessToken().IsElevated(), nil
}

// Release implements Host.
func (windowsHost) Release(context.Context) string {
	v := windows.RtlGetVersion()
	return fmt.Sprintf("%d.%d.%d", v.MajorVersion, v.MinorVersion, v.BuildNumber)
}

// Connections implements Host.
func (windowsHost) Connections(_ context.Context, kind Kind) ([]Raw, error) {
	return windowsTable(kind)
}

// Created implements Host. Nobody may ask that of the kernel's process and of some
// of the system's own; when they were started is not known then.
func (h windowsHost) Created(ctx context.Context, pid int32) (time.Time, error) {
	created, err := h.library.Created(ctx, pid)
	if err == nil {
		return created, nil
	}
	if _, err := windowsEntry(pid); err != nil {
		return time.Time{}, err
	}
	return time.Time{}, nil
}

// Process implements Host. Where this user may not look into a process, everybody
// may still know its name.
func (h windowsHost) Process(ctx context.Context, pid int32, want socket.Detail) (Facts, error) {
	f, err := h.library.Process(ctx, pid, want)
	if f.Name != "" || errors.Is(err, ErrGone) {
		return f, err
	}
	entry, err := windowsEntry(pid)
	if err != nil {
		return f, err
	}
	f.Name = windows.UTF16ToString(entry.ExeFile[:])
	return f, nil
}

// Run implements Host. Paths are relative to the directory of the system, which is
// not the same everywhere.
func (h windowsHost) Run(ctx context.Context, p Program, args ...string) ([]byte, error) {
	dir, err := windows.GetSystemDirectory()
	if err != nil {
		return nil, fmt.Errorf("find the system's programs: %w", err)
	}
	paths := make([]string, len(p.Paths))
	for i, name := range p.Paths {
		paths[i] = filepath.Join(dir, name)
	}
	p.Paths = paths
	return h.library.Run(ctx, p, args...)
}

// windowsEntry is what the list of all processes has of one. It is ErrGone where it
// has none.
func windowsEntry(pid int32) (*windows.ProcessEntry32, error) {
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	defer windows.CloseHandle(snapshot)
	entry := &windows.ProcessEntry32{}
	entry.Size = uint32(unsafe.Sizeof(*entry))
	for err = windows.Process32First(snapshot, entry); err == nil; err = windows.Process32Next(snapshot, entry) {
		if entry.ProcessID <= math.MaxInt32 && int32(entry.ProcessID) == pid {
			return entry, nil
		}
	}
	if errors.Is(err, windows.ERROR_NO_MORE_FILES) {
		return nil, ErrGone
	}
	return nil, fmt.Errorf("list processes: %w", err)
}
