package ending

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/sockls/sockls/collector/portable"
	"github.com/sockls/sockls/collector/procfs"
)

// New returns an Ender for the processes of this system.
func New(procfs.FS) (*Ender, error) {
	tables, err := portable.New()
	if err != nil {
		return nil, err
	}
	self := os.Getpid()
	s := system{tables: tables, desktop: newDesktop()}
	above, err := s.ancestors(self)
	if err != nil {
		return nil, err
	}
	// Start times are compared as the collector tells them: milliseconds since 1970.
	return &Ender{steps: s, boot: time.UnixMilli(0), self: self, ancestors: above}, nil
}

// system is the running system. A handle is that of a process, which keeps its pid
// from being given to another for as long as it is open.
type system struct {
	tables  *portable.Collector
	desktop *desktop
}

const (
	systemPID = 4 // the process System, which is the kernel
	mostAbove = 64
)

func (system) open(pid int) (int, error) {
	if pid == systemPID {
		return -1, RefusedKernel
	}
	handle, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION|windows.PROCESS_TERMINATE|windows.SYNCHRONIZE, false, uint32(pid))
	switch {
	case errors.Is(err, windows.ERROR_INVALID_PARAMETER):
		return -1, ErrGone
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		return -1, syscall.EPERM
	case err != nil:
		return -1, fmt.Errorf("open process: %w", err)
	}
	return int(handle), nil
}

func (system) close(handle int) { _ = windows.CloseHandle(windows.Handle(handle)) } // it holds no data

// identify tells who has the pid. The handle of the target is open meanwhile, so it
// is the target unless that never had the pid.
func (s system) identify(pid int) (identity, error) {
	if pid == systemPID || pid == 0 {
		return identity{kernel: true, name: "System"}, nil
	}
	handle, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION|windows.SYNCHRONIZE, false, uint32(pid))
	switch {
	case errors.Is(err, windows.ERROR_INVALID_PARAMETER):
		return identity{}, ErrGone
	case err != nil:
		return identity{}, fmt.Errorf("%w: %w", ErrUnsure, err)
	}
	defer windows.CloseHandle(handle)
	start, err := created(handle)
	if err != nil {
		return identity{}, fmt.Errorf("%w: %w", ErrUnsure, err)
	}
	is := identity{start: start}
	if event, err := windows.WaitForSingleObject(handle, 0); err == nil && event == windows.WAIT_OBJECT_0 {
		is.dead = true
		return is, nil
	}
	entries, err := entries()
	if err != nil {
		return identity{}, fmt.Errorf("%w: %w", ErrUnsure, err)
	}
	if i := slices.IndexFunc(entries, func(e windows.ProcessEntry32) bool { return e.ProcessID == uint32(pid) }); i >= 0 {
		is.name, is.parent = windows.UTF16ToString(entries[i].ExeFile[:]), int(entries[i].ParentProcessID)
		// The desktop starts what a person has clicked on, once.
		is.terminal = strings.EqualFold(is.name, "explorer.exe")
	}
	return is, nil
}

// created is when a process was started, since 1970 and in milliseconds.
func created(handle windows.Handle) (time.Duration, error) {
	var born, died, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(handle, &born, &died, &kernel, &user); err != nil {
		return 0, err
	}
	return time.Duration(born.Nanoseconds()).Truncate(time.Millisecond), nil
}

// entries are all processes.
func entries() ([]windows.ProcessEntry32, error) {
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	defer windows.CloseHandle(snapshot)
	var all []windows.ProcessEntry32
	entry := windows.ProcessEntry32{Size: uint32(unsafe.Sizeof(windows.ProcessEntry32{}))}
	for err = windows.Process32First(snapshot, &entry); err == nil; err = windows.Process32Next(snapshot, &entry) {
		all = append(all, entry)
	}
	if !errors.Is(err, windows.ERROR_NO_MORE_FILES) {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	return all, nil
}

// ancestors are the processes above one. A parent may have ended, and its pid be
// another's: one that is younger than its child is none.
func (s system) ancestors(pid int) (above []int, err error) {
	all, err := entries()
	if err != nil {
		return nil, err
	}
	child, err := s.identify(pid)
	if err != nil {
		return nil, err
	}
	for len(above) < mostAbove {
		i := slices.IndexFunc(all, func(e windows.ProcessEntry32) bool { return e.ProcessID == uint32(pid) })
		if i < 0 || all[i].ParentProcessID == 0 {
			break
		}
		pid = int(all[i].ParentProcessID)
		parent, err := s.identify(pid)
		if err != nil || parent.start > child.start || slices.Contains(above, pid) {
			break // one that this user may not look into is not this user's to end
		}
		above, child = append(above, pid), parent
	}
	return above, nil
}

func (s system) holds(pid int, t *Target) (bool, error) {
	holds, err := s.tables.Holds(context.Background(), pid, t.Sockets)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrUnsure, err)
	}
	return holds, nil
}

// mostAtOnce is how many handles can be waited for at once (MAXIMUM_WAIT_OBJECTS).
const mostAtOnce = 64

func (system) ended(handles []int, wait time.Duration) ([]bool, error) {
	all := make([]windows.Handle, len(handles))
	for i, h := range handles {
		all[i] = windows.Handle(h)
	}
	if wait > 0 && len(all) > 0 {
		_, err := windows.WaitForMultipleObjects(all[:min(len(all), mostAtOnce)], false, uint32((wait+time.Millisecond-1)/time.Millisecond))
		if err != nil {
			return nil, fmt.Errorf("wait for processes: %w", err)
		}
	}
	over := make([]bool, len(all))
	for i, h := range all {
		event, err := windows.WaitForSingleObject(h, 0)
		if err != nil {
			return nil, fmt.Errorf("wait for a process: %w", err)
		}
		over[i] = event == windows.WAIT_OBJECT_0
	}
	return over, nil
}

// signal ends a process at once, or asks it to end: there are but these two.
func (s system) signal(handle int, sig syscall.Signal) error {
	if sig == syscall.SIGKILL {
		err := windows.TerminateProcess(windows.Handle(handle), 1)
		if errors.Is(err, windows.ERROR_ACCESS_DENIED) {
			if event, waitErr := windows.WaitForSingleObject(windows.Handle(handle), 0); waitErr == nil && event == windows.WAIT_OBJECT_0 {
				return ErrGone // so it is told of one that is ending
			}
			return syscall.EPERM
		}
		return err
	}
	return s.desktop.close(windows.Handle(handle))
}
