package portable

import (
	"context"
	"errors"
	"fmt"
	"path"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

func unixSystem() *system { return macSystem() }

func unixHostOf() Host { return macHost{} }

// macHost is macOS. gopsutil without cgo would run ps and lsof for each process, by
// names that it looks for in PATH, and take arguments apart at spaces. The kernel
// tells the same and more (KERN_PROC and KERN_PROCARGS2 in sysctl(3)).
type macHost struct{ unixHost }

// Process implements Host.
func (macHost) Process(_ context.Context, pid int32, want socket.Detail) (f Facts, err error) {
	k, err := unix.SysctlKinfoProc("kern.proc.pid", int(pid))
	if err = libraryError(err); err != nil {
		return f, err
	}
	f.Name = unix.ByteSliceToString(k.Proc.P_comm[:])
	f.UID, f.HasUID = k.Eproc.Ucred.Uid, true
	f.Parent = k.Eproc.Ppid
	cut := len(f.Name) >= len(k.Proc.P_comm)-1
	if !cut && !want.Has(socket.DetailCommand|socket.DetailExe) {
		return f, nil
	}
	raw, err := unix.SysctlRaw("kern.procargs2", int(pid))
	switch {
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES):
		f.Denied = want.Has(socket.DetailCommand | socket.DetailExe)
		return f, nil
	case err != nil:
		return f, fmt.Errorf("kern.procargs2 of %d: %w", pid, err)
	}
	exe, command, ok := parseProcArgs(raw)
	f.Denied = !ok
	f.Exe, f.Command = exe, command
	if base := path.Base(exe); cut && ok && len(base) > len(f.Name) && base[:len(f.Name)] == f.Name {
		f.Name = base
	}
	return f, nil
}
