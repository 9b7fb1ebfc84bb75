package tui

import (
	"context"
	"io"
	"time"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/text"
)

// Selection are the flags of the listing that have a key on the screen.
type Selection struct {
	TCP, UDP, Unix bool
	Listening, All bool
}

// Want is what the screen asks a Source for.
type Want struct {
	Selection Selection
	// Filter is the one that the user has entered, nil where there is none.
	Filter *filter.Filter
	// Details are what the columns, the order and the filter need.
	Details  socket.Detail
	Interval time.Duration
}

// Batch is what a Source has seen.
type Batch struct {
	// Time is that of the look, or of the kernel's message.
	Time time.Time
	// Fresh begins anew: the events are Initial ones of all that is there, and
	// what else is on the screen is not.
	Fresh bool
	// Looked tells that the batch ends a look at all sockets; others carry
	// messages of the kernel that came in between.
	Looked bool
	Events []watch.Event
	// Rows are sockets as they are at this look, counters included. Those whose
	// counters have not moved may be left out. They may be kept and must not be
	// changed.
	Rows []*socket.Socket
	// Notices are what could not be seen at this look.
	Notices []socket.Notice
	// Err is why a look failed. The next one may be better.
	Err error
}

// Source looks at sockets.
type Source interface {
	// Watch looks until ctx is done or there is no sense in going on, and hands
	// over what it sees; the first batch is Fresh. Deliver returns when the
	// screen has taken the batch. Watch is called again, when the former call
	// has returned, whenever something else is wanted.
	Watch(ctx context.Context, want Want, deliver func(Batch)) error
}

// Inspection is all that is known of one socket.
type Inspection struct {
	Socket *socket.Socket
	// Peers are the sockets at the other end, where they are on this machine.
	Peers   []*socket.Socket
	Notices []socket.Notice
}

// Options are what the screen begins with, and what it is able to do. A function
// that is nil is not offered.
type Options struct {
	// Host is the name of the machine.
	Host string
	// Fields are the columns at first. The rates join them.
	Fields []field.Field
	// Sort is the name of the column to sort by, "" for the default order, with
	// a "-" in front to reverse it.
	Sort      string
	Selection Selection
	// Filter is the text of a filter that is there from the beginning.
	Filter   string
	Interval time.Duration
	// Palette has the colours; its zero value is for terminals and users
	// without. ASCII keeps to signs that every terminal has.
	Palette text.Palette
	ASCII   bool
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	// Parse reads a filter. It is called at every key, so it asks no name server.
	Parse func(text string) (*filter.Filter, error)
	// Inspect finds out all about a socket.
	Inspect func(ctx context.Context, s *socket.Socket) (Inspection, error)
	// Kill ends what holds a socket, after it has asked. The terminal is its own
	// meanwhile, in the state in which the screen has found it.
	Kill func(s *socket.Socket, in io.Reader, out, err io.Writer) error
	// Export writes rows into a file that must not be there yet.
	Export func(path string, rows []*socket.Socket, fields []field.Field) error
}
