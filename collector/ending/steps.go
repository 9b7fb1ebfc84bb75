package ending

import (
	"syscall"
	"time"
)

// steps are what ending takes of the system, one call each, so that a test can
// let something happen between any two of them.
type steps interface {
	// open makes a handle of whatever process has this pid now. It is ErrGone
	// where none has.
	open(pid int) (handle int, err error)
	close(handle int)
	// identify tells who has this pid now.
	identify(pid int) (identity, error)
	// holds reports whether who has this pid now holds one of the sockets.
	holds(pid int, t *Target) (bool, error)
	// ended waits until one of the handles' processes has ended, at most so long,
	// and tells which have.
	ended(handles []int, wait time.Duration) ([]bool, error)
	// signal is ErrGone where the handle's process has ended and was waited for,
	// and ErrDeaf where it cannot be asked to end.
	signal(handle int, sig syscall.Signal) error
}

// identity tells processes apart that have one pid after the other, and where
// each comes from.
type identity struct {
	start    time.Duration // between boot and start
	kernel   bool          // a kernel thread, or the kernel itself
	dead     bool          // it has ended, and nobody has asked how
	name     string        // comm, hostile
	parent   int           // 0 for none in this pid namespace
	group    int           // its process group
	terminal bool          // it has a controlling terminal
}
