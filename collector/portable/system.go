package portable

import (
	"context"
	"fmt"
	"slices"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// system is what differs between systems. It builds everywhere and asks
// nothing but a Host.
type system struct {
	// name is how people call it, for messages: "macOS".
	name string
	// read fills a reading: rows, the names of the sources, and notices of what
	// could not be read. It is an error only where there is no answer at all.
	read func(ctx context.Context, r *reading) error
	// owners tells where holders come from, for Source.Owners; "" where the
	// system does not tell of them.
	owners string
	// details are those that rows of this system come with or that facts of
	// processes give. All others are told of in a notice when they are asked for.
	details socket.Detail
	// protos are the protocols that are listed.
	protos socket.ProtoSet
	// rules are those of its bind.
	rules machine.Rules
	// survey tells what decides about bind beside the sockets; nil where there is
	// nothing but what net.Interfaces tells.
	survey func(ctx context.Context, host Host, m *machine.Machine) []socket.Notice
	// hidesOwners is set where processes of other users are not shown to those
	// who are not root.
	hidesOwners bool
}

// reading is one look at the tables. A source looks at query for what is wanted
// and calls add with each socket, wanted or not, or addHolder where each row is a
// holder and many rows may be one socket.
type reading struct {
	host    Host
	query   *Query
	rows    []Row
	holders []Row
	tables  []string // of Source.Tables
	notices []socket.Notice
	// failed is set where a table was not read whole, so that a socket that is
	// not there may be there.
	failed   bool
	failures []error
}

// add takes a socket.
func (r *reading) add(row Row) { r.rows = append(r.rows, row) }

// addHolder takes a holder of a socket, which may be among those of add too.
func (r *reading) addHolder(row Row) { r.holders = append(r.holders, row) }

// note keeps a notice, once.
func (r *reading) note(n socket.Notice) {
	if !slices.Contains(r.notices, n) {
		r.notices = append(r.notices, n)
	}
}

// unreadable notes that a table could not be read, or not whole.
func (r *reading) unreadable(table string, err error) {
	r.failed = true
	r.failures = append(r.failures, fmt.Errorf("%s: %w", table, err))
	r.note(socket.Notice{Code: "table-unreadable", Message: table + " could not be read: " + err.Error()})
}

// owners reports whether holders are asked for.
func (r *reading) owners() bool { return r.query.Details.Has(socket.DetailOwners) }
