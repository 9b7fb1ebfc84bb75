package ending

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
)

// Target is a process as the collector saw it.
type Target struct {
	PID     int
	Started time.Time
	// Sockets are what it is to give up, Inodes those of them that have one.
	Sockets []*socket.Socket
	Inodes  []uint64
}

// Targets are the processes that hold any of the sockets, ordered by pid.
func Targets(sockets []*socket.Socket) []Target {
	var all []Target
	for _, s := range sockets {
		for _, h := range s.Processes {
			i := slices.IndexFunc(all, func(t Target) bool {
				return t.PID == h.Process.PID && t.Started.Equal(h.Process.Started)
			})
			if i < 0 {
				i, all = len(all), append(all, Target{PID: h.Process.PID, Started: h.Process.Started})
			}
			if !slices.Contains(all[i].Sockets, s) {
				all[i].Sockets = append(all[i].Sockets, s)
			}
			if s.Inode != 0 && !slices.Contains(all[i].Inodes, s.Inode) {
				all[i].Inodes = append(all[i].Inodes, s.Inode)
			}
		}
	}
	sorting.Stable(all, func(a, b Target) int { return cmp.Compare(a.PID, b.PID) })
	return all
}

// The reasons why a process is not signalled that are not its own doing.
var (
	// ErrGone is a process that has ended.
	ErrGone = errors.New("it has ended")
	// ErrReplaced is a pid that is another process's by now.
	ErrReplaced = errors.New("it has ended, and its pid is another process's")
	// ErrReleased is a process that has closed its sockets and goes on.
	ErrReleased = errors.New("it holds the socket no longer")
	// ErrInterrupted is a process that was left alone because whoever asked for its
	// end did not wait for it.
	ErrInterrupted = errors.New("it was interrupted before")
	// ErrDeaf is a process that nothing can ask to end. On Windows these are all
	// that have no window.
	ErrDeaf = errors.New("it has no window that could be closed")
	// ErrUnsure is a process of which one of these cannot be ruled out.
	ErrUnsure = errors.New("it cannot be told whether it is the same process still")
)

// Refusal is a process that is never signalled.
type Refusal string

// The refusals.
const (
	RefusedFirst    Refusal = "it is the first process of this machine or container"
	RefusedSelf     Refusal = "it is this program"
	RefusedAncestor Refusal = "this program was started from it"
	RefusedKernel   Refusal = "it is a thread of the kernel"
)

// Error implements error.
func (r Refusal) Error() string { return string(r) }
