package portable

import (
	"context"
	"errors"
	"time"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// Host is what the running system is asked through. Tests put a recorded one in
// its place.
type Host interface {
	// Release is the version of the kernel, "" where it is not known.
	Release(ctx context.Context) string
	// Connections lists one table through the library. An empty table is no
	// error; ErrUnsupported is that of a system whose table the library does
	// not read.
	Connections(ctx context.Context, kind Kind) ([]Raw, error)
	// Created is when a process was started, which tells processes apart that have
	// one pid after the other; the zero time where that is not known. It costs
	// little. It is ErrGone where there is no such process.
	Created(ctx context.Context, pid int32) (time.Time, error)
	// Process reads facts of a process, at least its name and what want names, as
	// far as this user may. It is ErrGone where there is no such process.
	Process(ctx context.Context, pid int32, want socket.Detail) (Facts, error)
	// Links are the network interfaces with their addresses.
	Links() ([]machine.Link, error)
	// Run runs a program of the system and returns what it has printed. It is
	// ErrAbsent where the system has no such program, and a ProgramError where
	// it failed; what it had printed by then is returned with that.
	Run(ctx context.Context, program Program, args ...string) ([]byte, error)
}

// The errors of a Host.
var (
	ErrUnsupported = errors.ErrUnsupported
	ErrGone        = errors.New("no such process")
	ErrAbsent      = errors.New("no such program")
)

// Kind is a table that is asked for by itself, so that one which fails is told
// from one which is empty.
type Kind uint8

// The tables.
const (
	TCP4 Kind = iota
	TCP6
	UDP4
	UDP6
)

// String is the name that gopsutil has for it.
func (k Kind) String() string { return [...]string{"tcp4", "tcp6", "udp4", "udp6"}[k] }

// Proto is the protocol of its rows.
func (k Kind) Proto() socket.Proto {
	if k == UDP4 || k == UDP6 {
		return socket.UDP
	}
	return socket.TCP
}

// Family is the family of its rows.
func (k Kind) Family() socket.Family {
	if k == TCP6 || k == UDP6 {
		return socket.IPv6
	}
	return socket.IPv4
}

// Raw is a row as a library hands it over: texts and numbers as they came.
// The family is that of the table; numbers of families differ between systems.
type Raw struct {
	Local, Remote RawAddr
	Status        string
	PID           int32
	// FD is -1 where it is not known.
	FD     int32
	UID    uint32
	HasUID bool
}

// RawAddr is one end: an address as text, possibly with a zone, "*" or "".
type RawAddr struct {
	IP   string
	Port uint32
}

// Facts are what is known of a process. Texts are hostile.
type Facts struct {
	Name    string
	Command string
	Exe     string
	Dir     string
	UID     uint32
	HasUID  bool
	// User is the name of the owner where the system knows names and no numbers.
	User   string
	Parent int32
	// Denied is set where this user may not know some of what was wanted.
	Denied bool
}
