package saved

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// File is an open file of sockets. It is a collector.Collector for one
// collection, which reads it to its end.
type File struct {
	name string
	rows reader
	raw  bool
	read bool
}

var _ collector.Collector = (*File)(nil)

// reader is one of the forms that a file can have.
type reader interface {
	// next returns the next row, which is good until the call after. It is nil
	// at the end and after a fault.
	next() *row
	// fault is what was wrong, nil for nothing. File and Sockets of it are not
	// filled in.
	fault() *Error
	// about adds what the file says of itself, complete once next has returned
	// nil. The origin is known from the beginning.
	about(name string, q collector.Query, report *socket.Report)
	// count is how many sockets were read.
	count() int
}

// Open reads the beginning of a file and tells by it what it is. The name
// stands in errors and notices. All errors but those of r are of type *Error.
func Open(r io.Reader, name string) (*File, error) {
	f := &File{name: name}
	head := make([]byte, sockdiag.StreamHead)
	n, err := io.ReadFull(r, head)
	head = head[:n]
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, f.place(&Error{Err: err})
	}
	whole := io.MultiReader(bytes.NewReader(head), r)
	raw, err := sockdiag.DetectStream(head)
	start := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case err != nil:
		return nil, f.place(&Error{Err: err})
	case raw:
		f.rows, f.raw = newRawReader(whole), true
	case n == 0 && strings.HasSuffix(name, ".jsonl"):
		f.rows = newJSONReader(whole) // no line, no socket
	case n == 0:
		return nil, f.place(&Error{Err: foreign("an empty file")})
	case len(start) == 0 || start[0] == '{':
		f.rows = newJSONReader(whole)
	default:
		return nil, f.place(&Error{Err: foreign("it begins with " + shown(string(start)))})
	}
	if fault := f.rows.fault(); fault != nil {
		return nil, f.place(fault)
	}
	return f, nil
}

// place fills in what only the file knows.
func (f *File) place(e *Error) *Error {
	e.File = f.name
	if f.rows != nil {
		e.Sockets = f.rows.count()
	}
	return e
}

// Origin is the machine and the time that the sockets are of.
func (f *File) Origin() socket.Origin {
	var report socket.Report
	f.rows.about(f.name, collector.Query{}, &report)
	return report.Origin
}

var errRead = errors.New("it was read already")

// Collect implements collector.Collector. The rows before a fault have been
// yielded when it is found.
func (f *File) Collect(ctx context.Context, q collector.Query, yield func(*socket.Socket) error) (socket.Report, error) {
	if f.read {
		return socket.Report{}, f.place(&Error{Err: errRead})
	}
	f.read = true
	c := choice{query: q}
	var kept block
	for n := 0; ; n++ {
		const often = 256
		if n%often == 0 && ctx.Err() != nil {
			return socket.Report{}, ctx.Err()
		}
		r := f.rows.next()
		if r == nil {
			break
		}
		if !c.admits(r) {
			continue
		}
		s := &r.Socket
		c.strip(s)
		if q.Details.Has(socket.DetailOwners) { // the caller may keep these
			s = kept.keep(s)
		}
		if err := yield(s); err != nil {
			return socket.Report{}, err
		}
	}
	if fault := f.rows.fault(); fault != nil {
		return socket.Report{}, f.place(fault)
	}
	var report socket.Report
	f.rows.about(f.name, q, &report)
	if !q.Details.Has(socket.DetailOwners) {
		report.Source.Owners, report.Source.OwnersReason = "none", ""
	}
	report.Notices = append(report.Notices, c.notices(f.name, f.raw, report.Notices)...)
	return report, nil
}

// block keeps rows for a caller, and lets go of them when it is full.
type block struct{ rows socket.Rows }

func (b *block) keep(s *socket.Socket) *socket.Socket {
	const most = 128 // as many as Rows keeps together
	if len(b.rows.All) == most {
		b.rows = socket.Rows{}
	}
	return b.rows.Add(s)
}
