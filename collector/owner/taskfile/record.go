package taskfile

import "encoding/binary"

// CommSize is TASK_COMM_LEN of include/linux/sched.h, the closing NUL included.
const CommSize = 16

// Kind is what a descriptor refers to.
type Kind uint32

// The kinds.
const (
	Socket    Kind = 1
	Anonymous Kind = 2 // a file of anon_inode: an epoll, an eventfd, an io_uring, …
	// Other is any other file, of which only descriptor 0 is told: most processes
	// have one, and so are known to have been visited.
	Other Kind = 3
)

// Record is a descriptor of one task.
type Record struct {
	TGID, TID, FD int32
	Kind          Kind
	// Value is the inode of a socket. Of an anonymous file it is a number that all
	// those of the same kind have in common until the machine is started anew.
	// Of others it is 0.
	Value uint64
	// Comm is the task's name with whatever is behind its NUL; chosen by the task.
	Comm [CommSize]byte
}

// recordSize and the places are those that the program writes to.
const (
	recordSize = 40
	placeTGID  = 0
	placeTID   = 4
	placeFD    = 8
	placeKind  = 12
	placeValue = 16
	placeComm  = 24
	commHalf   = CommSize / 2
)

// decode reads a record from the beginning of b, which is long enough.
func (r *Record) decode(b []byte) {
	order := binary.NativeEndian
	_ = b[recordSize-1]
	r.TGID = int32(order.Uint32(b[placeTGID:]))
	r.TID = int32(order.Uint32(b[placeTID:]))
	r.FD = int32(order.Uint32(b[placeFD:]))
	r.Kind = Kind(order.Uint32(b[placeKind:]))
	r.Value = order.Uint64(b[placeValue:])
	copy(r.Comm[:], b[placeComm:])
}

// Name is Comm up to its NUL.
func (r *Record) Name() []byte {
	for i, c := range r.Comm {
		if c == 0 {
			return r.Comm[:i]
		}
	}
	return r.Comm[:]
}
