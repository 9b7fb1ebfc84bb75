package saved

import (
	"errors"
	"io"
	"strconv"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// rawReader reads what "ss -D" writes.
type rawReader struct {
	stream *sockdiag.Stream
	row    row
	rows   int
	err    error
	// links is set when a socket of an interface was read.
	links bool
}

func newRawReader(r io.Reader) *rawReader {
	raw := &rawReader{}
	// Such a file has the numbers of interfaces and not their names. Those of
	// this machine's are of no account.
	raw.stream = sockdiag.NewStream(r, func(index uint32) string {
		raw.links = true
		return "if" + strconv.FormatUint(uint64(index), 10)
	})
	return raw
}

// next implements reader.
func (r *rawReader) next() *row {
	if r.err != nil {
		return nil
	}
	s, err := r.stream.Next()
	if err != nil {
		r.err = err
		return nil
	}
	r.rows++
	r.row = row{Socket: *s, has: detailsOf(s)}
	return &r.row
}

// count implements reader.
func (r *rawReader) count() int { return r.rows }

// fault implements reader.
func (r *rawReader) fault() *Error {
	switch {
	case r.err == nil, errors.Is(r.err, io.EOF):
		return nil
	case errors.Is(r.err, io.ErrUnexpectedEOF):
		return &Error{Offset: r.stream.Offset(), Err: ErrTruncated}
	}
	return &Error{Offset: r.stream.Offset(), Err: r.err}
}

// about implements reader.
func (r *rawReader) about(name string, q collector.Query, report *socket.Report) {
	report.Source = socket.Source{Tables: []string{"sock_diag"}, Owners: "none"}
	note := func(code, message string) {
		report.Notices = append(report.Notices, socket.Notice{Code: code, Message: name + message})
	}
	if r.stream.Interrupted {
		note("table-incomplete", ": the table changed while it was read, and rows may be missing")
	}
	if r.stream.Refused > 0 {
		note("table-incomplete", ": the kernel refused a part of what was asked for")
	}
	if q.Named&^socket.ProtoSetOf(socket.TCP) != 0 {
		note("tcp-only", " is a raw sock_diag file, which has TCP sockets only")
	}
	if r.links {
		note("interfaces-unnamed", " is a raw sock_diag file, which has the numbers of interfaces and not their names")
	}
}

// detailsOf are the details that a decoded row has.
func detailsOf(s *socket.Socket) socket.Detail {
	var has socket.Detail
	d := s.Details
	if d == nil {
		return 0
	}
	for _, x := range []struct {
		there  bool
		detail socket.Detail
	}{
		{d.Extended != nil, socket.DetailExtended},
		{d.Extended != nil && d.Extended.HasMark, socket.DetailMark},
		{d.Extended != nil && d.Extended.Autobound != socket.Unknown, socket.DetailAutobound},
		{d.Timer != nil, socket.DetailTimer},
		{d.Memory != nil, socket.DetailMemory},
		{d.TCP != nil, socket.DetailTCPInfo},
		{d.IP != nil && (d.IP.HasTOS || d.IP.HasTrafficClass), socket.DetailTOS},
		{d.IP != nil && d.IP.HasFlags, socket.DetailIPFlags},
	} {
		if x.there {
			has |= x.detail
		}
	}
	return has
}
