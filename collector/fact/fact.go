package fact

import (
	"sync"

	"github.com/sockls/sockls/collector/socket"
)

// Fact is one thing that can be known of a socket.
type Fact struct {
	// Name is what --columns, --sort and filters call it. Names are stable.
	Name string
	// Help is one line; it names the unit of a number.
	Help string
	// Group is the JSON object that holds the fact, and Key its name there. A
	// fact with no group is one of those that every row has ("recv_q").
	Group Group
	Key   string
	Kind  Kind
	// Details are what the collector has to fetch for it.
	Details socket.Detail

	// Number reads a fact of any kind but Text, in the unit of its kind. It is
	// not ok where the socket has no such fact or it was not told.
	Number func(s *socket.Socket) (n int64, ok bool)
	// Text reads a fact of kind Text.
	Text func(s *socket.Socket) (text string, ok bool)
	// SetNumber and SetText write what Number and Text read. They ignore a
	// value that the fact cannot have.
	SetNumber func(s *socket.Socket, n int64)
	SetText   func(s *socket.Socket, text string)
}

// Kind is what the value of a fact is.
type Kind uint8

// The kinds. Numbers are kept in the unit that the kernel gives them in.
const (
	Count        Kind = iota // a plain number
	Bytes                    // bytes
	Microseconds             // a duration
	Milliseconds             // a duration
	ByteRate                 // bytes a second
	Flag                     // 0 or 1
	Hex                      // a bit mask
	Text                     // text, hostile like any other
)

// Group is a set of facts that are asked for together and stand together in
// one object of the JSON.
type Group uint8

// The groups.
const (
	NoGroup Group = iota
	Extended
	Timer
	Memory
	TCP
	MPTCP
	SCTP
	IP
	Reuse
	groupEnd
)

var groupNames = [groupEnd]string{"", "extended", "timer", "memory", "tcp", "mptcp", "sctp", "ip", "reuse"}

// String returns the key of the group's JSON object.
func (g Group) String() string {
	if g >= groupEnd {
		return ""
	}
	return groupNames[g]
}

// Groups returns every group that has an object in the JSON, in order.
func Groups() []Group {
	return []Group{Extended, Timer, Memory, TCP, MPTCP, SCTP, IP, Reuse}
}

// tables are the facts of each group. They are made when first asked for: most
// runs need none of them, and making all takes some microseconds.
var tables [groupEnd]struct {
	once  sync.Once
	facts []Fact
}

var makers = [groupEnd]func() []Fact{
	basicFacts, extendedFacts, timerFacts, memoryFacts, tcpFacts, mptcpFacts, sctpFacts, ipFacts, reuseFacts,
}

// All returns every fact in the order of the documentation. The slice is new.
func All() []Fact {
	var all []Fact
	for g := range groupEnd {
		all = append(all, Of(g)...)
	}
	return all
}

// Of returns the facts of one group, in order. The slice is shared and must
// not be written to.
func Of(g Group) []Fact {
	if g >= groupEnd {
		return nil
	}
	t := &tables[g]
	t.once.Do(func() { t.facts = makers[g]() })
	return t.facts
}

// Lookup returns the fact of that name.
func Lookup(name string) (Fact, bool) {
	for g := range groupEnd {
		for _, f := range Of(g) {
			if f.Name == name {
				return f, true
			}
		}
	}
	return Fact{}, false
}
