package portable

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"
	"time"

	gonet "github.com/shirou/gopsutil/v3/net"
	"github.com/shirou/gopsutil/v3/process"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// library is the part of a Host that gopsutil is good for.
type library struct{}

// Connections implements Host. Numbers of families and types differ between
// systems, so each table is asked for by itself.
func (library) Connections(ctx context.Context, kind Kind) ([]Raw, error) {
	found, err := gonet.ConnectionsWithContext(ctx, kind.String())
	if err != nil {
		return nil, libraryError(err)
	}
	rows := make([]Raw, len(found))
	for i := range found {
		c := &found[i]
		rows[i] = Raw{
			Local: RawAddr{c.Laddr.IP, c.Laddr.Port}, Remote: RawAddr{c.Raddr.IP, c.Raddr.Port},
			Status: c.Status, PID: c.Pid, FD: int32(c.Fd),
		}
	}
	return rows, nil
}

// libraryError makes this package's errors of gopsutil's. That for what is not
// there on a system has no name outside of gopsutil.
func libraryError(err error) error {
	switch {
	case err == nil:
		return nil
	case err.Error() == "not implemented yet":
		return ErrUnsupported
	case errors.Is(err, process.ErrorProcessNotRunning), errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ESRCH), errors.Is(err, syscall.EIO), errors.Is(err, io.EOF):
		return ErrGone
	}
	return fmt.Errorf("gopsutil: %w", err)
}

// rescue makes an error of a panic: on the BSDs gopsutil takes the kernel's empty
// answer about a process that has ended for a process, and looks into it.
func rescue(err *error) {
	if recover() != nil {
		*err = ErrGone
	}
}

// Created implements Host.
func (library) Created(ctx context.Context, pid int32) (at time.Time, err error) {
	defer rescue(&err)
	p := process.Process{Pid: pid}
	ms, err := p.CreateTimeWithContext(ctx)
	if err = libraryError(err); errors.Is(err, ErrUnsupported) {
		return time.Time{}, nil
	} else if err != nil {
		return time.Time{}, err
	}
	return time.UnixMilli(ms), nil
}

// Process implements Host.
func (library) Process(ctx context.Context, pid int32, want socket.Detail) (f Facts, err error) {
	defer rescue(&err)
	p := process.Process{Pid: pid}
	// text asks for one fact. What the library cannot tell at all is a matter of
	// the system's description; what this user may not know is Denied.
	text := func(ask func(context.Context) (string, error)) (s string) {
		var one error
		s, one = ask(ctx)
		switch one = libraryError(one); {
		case one == nil, errors.Is(one, ErrUnsupported):
		case errors.Is(one, ErrGone):
			err = ErrGone
		default:
			f.Denied = true
		}
		return s
	}
	f.Name = text(p.NameWithContext)
	if want.Has(socket.DetailCommand) {
		f.Command = text(p.CmdlineWithContext)
	}
	if want.Has(socket.DetailExe) {
		f.Exe = text(p.ExeWithContext)
	}
	if want.Has(socket.DetailDir) {
		f.Dir = text(p.CwdWithContext)
	}
	if want.Has(socket.DetailParents) {
		if parent, one := p.PpidWithContext(ctx); one == nil {
			f.Parent = parent
		}
	}
	if want.Has(socket.DetailProcessUser) {
		f.User = text(p.UsernameWithContext)
		if uids, one := p.UidsWithContext(ctx); one == nil && len(uids) > 0 {
			f.UID, f.HasUID = uint32(uids[min(1, len(uids)-1)]), true // the effective one
		}
	}
	return f, err
}

// Links implements Host.
func (library) Links() ([]machine.Link, error) { return links() }

// Run implements Host.
func (library) Run(ctx context.Context, p Program, args ...string) ([]byte, error) {
	return runProgram(ctx, p, args)
}
