package eventout

import (
	"io"
	"strconv"
	"time"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/text"
)

// Options are how events are shown.
type Options struct {
	Palette text.Palette
	// Owners tells whether processes were asked for.
	Owners bool
	// Location is that of the times; nil is UTC.
	Location *time.Location
}

// Writer prints events. It is made by New and not safe for concurrent use.
type Writer struct {
	w    io.Writer
	opts Options
	line []byte
	cell []byte
	// The columns that a line is made of.
	local, remote, process field.Field
}

// New makes a Writer.
func New(w io.Writer, opts Options) *Writer {
	o := &Writer{w: w, opts: opts}
	if o.opts.Location == nil {
		o.opts.Location = time.UTC
	}
	o.local, _ = field.Lookup("local")
	o.remote, _ = field.Lookup("remote")
	o.process, _ = field.Lookup("process")
	return o
}

// enough is how many bytes are written at once when much happens.
const enough = 32 << 10

// Write prints events, and keeps none of them back.
func (o *Writer) Write(events []watch.Event) error {
	for i := range events {
		o.append(&events[i])
		o.line = append(o.line, '\n')
		if len(o.line) >= enough || i == len(events)-1 {
			_, err := o.w.Write(o.line)
			if o.line = o.line[:0]; err != nil {
				return err
			}
		}
	}
	return nil
}

// The widths of columns; what does not fit moves what is behind it.
const (
	protoWidth = 4
	stateWidth = 11
	endWidth   = 21
)

func (o *Writer) append(e *watch.Event) {
	o.line = e.Time.In(o.opts.Location).AppendFormat(o.line, "15:04:05.000")
	sign, role := look(e)
	o.line = append(o.line, ' ')
	o.put(role, sign, 0)
	if e.Kind == watch.Lost {
		o.line = append(o.line, ' ')
		o.put(role, lost(e), 0)
		return
	}
	s := e.Socket
	o.line = append(o.line, ' ')
	o.put(text.Plain, s.Proto.String(), protoWidth)
	o.line = append(o.line, ' ')
	o.put(stateRole(s.State), s.State.String(), stateWidth)
	o.line = append(o.line, ' ')
	o.column(&o.local, s, text.Plain, endWidth)
	if !s.Remote.IsZero() {
		o.line = append(o.line, ' ')
		o.column(&o.remote, s, text.Plain, endWidth)
	}
	if o.opts.Owners {
		holder := s
		if len(e.Held) > 0 {
			holder = &socket.Socket{Processes: e.Held}
		}
		role := text.Plain
		if o.process.Role != nil {
			role = o.process.Role(s)
		}
		o.line = append(o.line, ' ')
		o.column(&o.process, holder, role, 0)
	}
	if remark := o.remark(e); len(remark) > 0 {
		o.line = append(o.line, "  "...)
		o.line = o.opts.Palette.Append(o.line, text.Dim, remark)
	}
}

// put appends one of this package's own words.
func (o *Writer) put(role text.Role, word string, width int) {
	o.cell = append(o.cell[:0], word...)
	o.line = o.opts.Palette.Append(o.line, role, o.cell)
	o.pad(width - len(word))
}

// column appends the cell of a column, which is escaped.
func (o *Writer) column(f *field.Field, s *socket.Socket, role text.Role, width int) {
	o.cell = f.Append(o.cell[:0], s)
	o.line = o.opts.Palette.Append(o.line, role, o.cell)
	o.pad(width - text.Width(o.cell))
}

func (o *Writer) pad(n int) {
	for ; n > 0; n-- {
		o.line = append(o.line, ' ')
	}
}

func look(e *watch.Event) (sign string, role text.Role) {
	switch e.Kind {
	case watch.Open:
		return "+", text.Listen
	case watch.Change:
		return "~", text.Established
	case watch.Close:
		return "-", text.Dim
	case watch.Lost:
		return "!", text.Warn
	}
	return "=", text.Plain
}

func stateRole(s socket.State) text.Role {
	switch s {
	case socket.Listen, socket.Unconn:
		return text.Listen
	case socket.Established:
		return text.Established
	case socket.TimeWait, socket.Close:
		return text.Dim
	}
	return text.Warn
}

func lost(e *watch.Event) string {
	switch {
	case e.Missing == 1:
		return "1 event may be missing"
	case e.Missing > 0:
		return strconv.Itoa(e.Missing) + " events may be missing"
	}
	return "events may be missing"
}

// remark is what there is to say of an event beside the socket.
func (o *Writer) remark(e *watch.Event) []byte {
	switch {
	case e.Crossed:
		return crossed(e)
	case e.Kind == watch.Change:
		return o.changes(e)
	case e.Kind == watch.Close:
		return closed(e)
	}
	return nil
}

// crossed tells that a socket is there all the same, whether it matches or not.
func crossed(e *watch.Event) []byte {
	dst := []byte("matches now")
	if e.Kind == watch.Close {
		dst = []byte("does not match any more")
	}
	if e.Before != nil && e.Before.State != e.Socket.State {
		dst = append(append(dst, ", was "...), e.Before.State.String()...)
	}
	return dst
}

// changes tells what was before, and how full a queue is.
func (o *Writer) changes(e *watch.Event) []byte {
	var dst []byte
	for _, name := range e.Changed {
		if len(dst) > 0 {
			dst = append(dst, ", "...)
		}
		switch name {
		case "state":
			dst = append(append(dst, "was "...), e.Before.State.String()...)
		case "processes":
			dst = o.process.Append(append(dst, "was "...), e.Before)
		case "local":
			dst = o.local.Append(append(dst, "was at "...), e.Before)
		case "remote":
			dst = o.remote.Append(append(dst, "remote was "...), e.Before)
		case "recv-q":
			dst = strconv.AppendUint(append(dst, "recv-q "...), uint64(e.Socket.RecvQ), 10)
			if s := e.Socket; s.State == socket.Listen {
				dst = strconv.AppendUint(append(dst, " of "...), uint64(s.SendQ), 10)
				if s.RecvQ > s.SendQ {
					dst = append(dst, ": full"...)
				} else {
					dst = append(dst, ": no longer full"...)
				}
			}
		case "send-q":
			dst = strconv.AppendUint(append(dst, "send-q "...), uint64(e.Socket.SendQ), 10)
		}
	}
	return dst
}
