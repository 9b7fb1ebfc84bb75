package watch

import (
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// Kind is what has happened.
type Kind uint8

// The kinds.
const (
	Initial Kind = iota // was there when the watch began
	Open
	Change
	Close
	Lost // events may be missing; Event.Missing says how many
)

// String is the kind as the JSON has it.
func (k Kind) String() string {
	return [...]string{"initial", "open", "change", "close", "lost"}[k]
}

// Event is one thing that has happened to one socket.
type Event struct {
	Kind Kind
	// Time is when it was noticed, or when the kernel said so.
	Time time.Time
	// Socket is the socket as it is now, or as it was last seen for Close; nil for
	// Lost. It may be kept and must not be changed.
	Socket *socket.Socket
	// Before is the socket before a Change, or before it has Crossed; nil otherwise.
	Before *socket.Socket
	// Changed names what has changed, by the names of columns: "state",
	// "processes", "recv-q", "send-q", and "local" and "remote" of a socket that
	// was bound or connected.
	Changed []string
	// Held are those that held a socket last which nobody holds any more, at a
	// Change or a Close.
	Held []socket.Holder
	// Lived is how long the socket was there, as far as the watch has seen it.
	// Whole is set when it has seen it open, and Most is then the most that it can
	// have lived: it may have opened right after the look before. At a Change they
	// are its age.
	Lived time.Duration
	Most  time.Duration
	Whole bool
	// Crossed is set for an Open or a Close of a socket that was there before, or
	// still is: it has come to match the filter, or does not any more.
	Crossed bool
	// Brief is set for a socket that no look has seen, only its end: Lived is the
	// most that it can have lived, and its State is the one it had then. It has
	// both an Open and a Close.
	Brief bool
	// Final is set for a Close that the kernel told of: Socket then has the last
	// counters of the connection (Details.TCP).
	Final bool
	// Missing is how many events may have been lost, 0 where that is not known.
	Missing int
}
