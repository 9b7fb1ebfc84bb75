package field

import (
	"slices"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/socket"
)

// Set is columns that one flag asks for together.
type Set struct {
	// Flag is the long name of the flag, Letter its short one or "".
	Flag, Letter string
	// Help is one line for the flag.
	Help string

	shape   shape
	silent  []string      // facts that a table tells by another column
	names   []string      // columns that stand for themselves
	groups  []fact.Group  // the facts of these groups that need nothing but
	details socket.Detail // these details
	column  Field         // of together: name, help
}

// shape is how a table shows the group of a set.
type shape uint8

const (
	apart    shape = iota // a column for each fact
	together              // one column for all that are not in names
	beneath               // pairs in a line beneath the row
)

// Sets returns the sets in the order of the documentation.
func Sets() []Set { return sets[:] }

const extendedDetails = socket.DetailExtended | socket.DetailMark | socket.DetailCgroupPath |
	socket.DetailPeer | socket.DetailQueues

var sets = [...]Set{
	{
		Flag: "extended", Letter: "e",
		Help:  "identity of the socket: uid, inode, cookie, v6only, shutdown, mark, cgroup, and what only its family has",
		names: []string{"uid", "inode", "cookie", "v6only", "shutdown", "mark", "cgroup"},
		shape: together, groups: []fact.Group{fact.Extended}, details: extendedDetails,
		silent: []string{"cgroup-id"},
		column: Field{
			Name: "extended", JSONKey: "extended",
			Help: "what only the socket's family has, as name:value,name:value",
		},
	},
	{
		Flag: "options", Letter: "o",
		Help:   "the timer that runs: which, until it expires, and how often it has fired without an answer",
		groups: []fact.Group{fact.Timer}, details: socket.DetailTimer,
	},
	{
		Flag: "memory", Letter: "m",
		Help:  "memory of the socket, beneath the row",
		shape: beneath, groups: []fact.Group{fact.Memory}, details: socket.DetailMemory,
	},
	{
		Flag: "info", Letter: "i",
		Help:  "what TCP, MPTCP and SCTP know of the connection, beneath the row; zeros are left out",
		shape: beneath, groups: []fact.Group{fact.TCP, fact.MPTCP, fact.SCTP}, details: socket.DetailTCPInfo,
	},
	{
		Flag:   "tos",
		Help:   "type of service, traffic class and class id",
		groups: []fact.Group{fact.IP}, details: socket.DetailTOS,
	},
	{
		Flag:  "cgroup",
		Help:  "cgroup that the socket was made in",
		names: []string{"cgroup"},
	},
	{
		Flag:  "inet-sockopt",
		Help:  "IP-level options of the socket that are on",
		shape: together, groups: []fact.Group{fact.IP}, details: socket.DetailIPFlags,
		column: Field{
			Name: "inet-sockopt", JSONKey: "ip",
			Help: "IP-level options that are on, joined by commas",
		},
	},
	{
		Flag: "context", Letter: "Z",
		Help:  "security contexts of the processes",
		names: []string{"context"},
	},
	{
		Flag:   "reuse",
		Help:   "whether others may use the port (SO_REUSEADDR, SO_REUSEPORT), asked of the socket itself through its process",
		groups: []fact.Group{fact.Reuse}, details: socket.DetailReuse | socket.DetailOwners,
	},
}

// All returns a column for each fact of the set.
func (s *Set) All() []Field {
	fields := s.named()
	for _, g := range s.groups {
		for _, f := range s.rest(g) {
			fields = append(fields, factField(&f))
		}
	}
	return fields
}

// Columns returns what the set adds to the columns of a table.
func (s *Set) Columns() []Field {
	switch s.shape {
	case beneath:
		return nil
	case together:
		return append(s.named(), s.together())
	}
	return s.All()
}

// Beneath returns what stands beneath the rows of a table, one line each.
func (s *Set) Beneath() []Pairs {
	if s.shape != beneath {
		return nil
	}
	lines := make([]Pairs, len(s.groups))
	for i, g := range s.groups {
		// Memory is a few numbers that are read side by side, zero or not. The
		// others are many, and mostly counters of what rarely happens.
		lines[i] = pairsOf(s.rest(g), g == fact.Memory)
	}
	return lines
}

// Details returns what has to be fetched for the set.
func (s *Set) Details() socket.Detail { return Details(s.All()) }

// together makes the one column of the group.
func (s *Set) together() Field {
	f := s.column
	var facts []fact.Fact
	for _, g := range s.groups {
		for _, x := range s.rest(g) {
			if !slices.Contains(s.silent, x.Name) {
				facts = append(facts, x)
				f.Details |= x.Details
			}
		}
	}
	return pairsOf(facts, false).column(f)
}

// named returns the columns that the set names.
func (s *Set) named() []Field {
	var fields []Field
	for _, name := range s.names {
		if f, ok := Lookup(name); ok {
			fields = append(fields, f)
		}
	}
	return fields
}

// rest returns the facts of a group that are the set's and not named by it.
func (s *Set) rest(g fact.Group) []fact.Fact {
	var facts []fact.Fact
	for _, f := range fact.Of(g) {
		if f.Details&^s.details == 0 && !slices.Contains(s.names, f.Name) {
			facts = append(facts, f)
		}
	}
	return facts
}

// setFields returns the columns that hold all of a set.
func setFields() []Field {
	var fields []Field
	for i := range sets {
		if sets[i].shape == together {
			fields = append(fields, sets[i].together())
		}
	}
	return fields
}

// lookupSet is the one of setFields with that name.
func lookupSet(name string) (Field, bool) {
	for i := range sets {
		if sets[i].shape == together && sets[i].column.Name == name {
			return sets[i].together(), true
		}
	}
	return Field{}, false
}
