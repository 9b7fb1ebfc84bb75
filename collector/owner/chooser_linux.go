package owner

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Chooser looks for holders in the way that is asked for, or in the one that is
// likely to be faster. Both give one answer; whatever keeps the kernel from giving
// it, /proc does.
type Chooser struct {
	Proc   Proc
	Way    Way
	Kernel *Kernel // shared by all that look at this machine
}

// Find implements Finder. A few processes that are known by number are always
// looked at through /proc.
func (c Chooser) Find(ctx context.Context, w Want) (*Result, error) {
	if c.Way == ByProc || w.PIDs != nil {
		return c.Proc.Find(ctx, w)
	}
	why := c.obstacle()
	if why == nil {
		var r *Result
		if r, why = c.Kernel.find(ctx, c.Proc, w); why == nil {
			return r, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		c.Kernel.giveUp(why)
	}
	r, err := c.Proc.Find(ctx, w)
	if err != nil {
		return nil, err
	}
	r.Reason, r.Refused = why.Error(), c.Way == BPF
	return r, nil
}

// obstacle is why the kernel is not to be asked, nil where it is.
func (c Chooser) obstacle() error {
	if err := c.Kernel.gaveUp(); err != nil {
		return err
	}
	rights, err := readRights()
	if err != nil {
		return err
	}
	if !rights.bpf {
		return errors.New("BPF needs root (CAP_BPF and CAP_PERFMON)")
	}
	if err := c.wholeMachine(); err != nil {
		return err
	}
	// Who sees more through the kernel than in /proc asks it, however little there
	// is: the answer must not depend on that.
	if c.Way == Auto && rights.ptrace {
		return c.worth()
	}
	return nil
}

// initialPIDNS is PROC_PID_INIT_INO of include/linux/proc_ns.h: the first pid
// namespace, in which everything has the number that the kernel knows it by.
const initialPIDNS = "pid:[4026531836]"

// wholeMachine reports why this process does not see all others under the
// numbers that the kernel has for them.
func (c Chooser) wholeMachine() error {
	dir := c.Proc.FS.Dir()
	link, err := os.Readlink(dir + "/self/ns/pid")
	if err != nil {
		return err
	}
	if link != initialPIDNS {
		return errors.New("this is not the first pid namespace")
	}
	root, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", dir, err)
	}
	defer unix.Close(root) // which was only read from
	if !ownPIDs(root) {
		return fmt.Errorf("%s is of another pid namespace", dir)
	}
	return nil
}
