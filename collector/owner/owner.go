package owner

import (
	"cmp"
	"context"
	"slices"

	"github.com/sockls/sockls/collector/socket"
)

// Finder is one way to find the holders of sockets.
type Finder interface {
	// Find looks for the holders of the wanted sockets. Processes and
	// descriptors that vanish meanwhile are normal and silent; an error means
	// that nothing could be looked at.
	Find(ctx context.Context, w Want) (*Result, error)
}

// Want says what to look for.
type Want struct {
	Inodes *Inodes
	// Details are the facts to read of each process that holds one.
	Details socket.Detail
	// Strays asks for the descriptors of all other sockets as well.
	Strays bool
	// PIDs limits the search to these processes; nil means all.
	PIDs []int32
}

// Held is one descriptor that refers to a socket.
type Held struct {
	Process *socket.Process
	Inode   uint64
	// TID is the thread under which the descriptor is found, 0 for the process
	// itself. Own tells that the table is that thread's own; otherwise it is the
	// process's, whose main thread has exited.
	TID, FD int32
	Own     bool
	index   int32
}

// Result is what was found.
type Result struct {
	// Strays are the descriptors of sockets that were not wanted, ordered by
	// inode. Rings are the descriptors of io_uring instances, which can keep
	// sockets that have no descriptor; their Inode is 0.
	Strays, Rings []Descriptor
	// Denied counts the processes that this user may not look into, Starved
	// those that were not looked into for want of descriptors or memory.
	Denied, Starved int
	// DeniedPID is one of the former, 0 where there is none.
	DeniedPID int
	// Veiled is set when processes of other users are not even listed
	// (the hidepid option of proc(5)).
	Veiled bool
	// Way is the one that was taken. Reason says why it was not BPF, "" where it
	// was, or was not asked for; Refused that it was asked for and could not be.
	Way     Way
	Reason  string
	Refused bool

	held   []Held
	starts []int32
}

// Descriptor is a descriptor whose process is known by number only.
type Descriptor struct {
	Inode        uint64
	PID, TID, FD int32
}

// complete reports whether every wanted socket has a holder.
func (r *Result) complete() bool {
	for i := range len(r.starts) - 1 {
		if r.starts[i] == r.starts[i+1] {
			return false
		}
	}
	return true
}

// Holders returns all holders of the socket with this index in Want.Inodes,
// ordered by pid, thread and descriptor.
func (r *Result) Holders(index int32) []Held {
	if index < 0 || int(index)+1 >= len(r.starts) {
		return nil
	}
	return r.held[r.starts[index]:r.starts[index+1]]
}

// group sorts the findings of all workers by socket in linear time: a count of
// each, their starting places, and one pass that puts every finding there.
func group(n int, found [][]Held) (held []Held, starts []int32) {
	starts = make([]int32, n+1)
	for _, part := range found {
		for _, h := range part {
			starts[h.index+1]++
		}
	}
	for i := range n {
		starts[i+1] += starts[i]
	}
	held = make([]Held, starts[n])
	next := slices.Clone(starts)
	for _, part := range found {
		for _, h := range part {
			held[next[h.index]] = h
			next[h.index]++
		}
	}
	for i := range n {
		if one := held[starts[i]:starts[i+1]]; len(one) > 1 {
			slices.SortFunc(one, compareHeld)
		}
	}
	return held, starts
}

func compareHeld(a, b Held) int {
	return cmp.Or(
		cmp.Compare(a.Process.PID, b.Process.PID), cmp.Compare(a.TID, b.TID), cmp.Compare(a.FD, b.FD),
	)
}

func compareDescriptors(a, b Descriptor) int {
	return cmp.Or(
		cmp.Compare(a.Inode, b.Inode), cmp.Compare(a.PID, b.PID),
		cmp.Compare(a.TID, b.TID), cmp.Compare(a.FD, b.FD),
	)
}
