package jsonout

import (
	"io"
	"strconv"

	"github.com/sockls/sockls/collector/watch"
)

// Events writes one event a line. It is made by NewEvents and not safe for
// concurrent use.
//
// Keys that are not about an event of the kind are null; those beyond "lived_ms"
// are there only where they apply: "lived" says what that number is ("between" it and "lived_max_ms",
// "at-least" of a socket that was there before the watch, "at-most" of one that
// came and went between two looks), "matches" that a socket was not opened or
// closed but has come to match the filter (true), or does not any more (false),
// "before" is the socket before that or before a change, "held_by" who held it last
// where nobody does any more, "final" says that the counters are the last ones, and
// "missing" how many events were lost, null where nobody has counted them.
type Events struct {
	w      io.Writer
	host   string
	owners bool
	line   []byte
}

// NewEvents makes an Events. Owners tells whether processes were asked for.
func NewEvents(w io.Writer, host string, owners bool) *Events {
	return &Events{w: w, host: host, owners: owners}
}

// Write writes each event at once, by a write of its own where it is long.
func (o *Events) Write(events []watch.Event) error {
	o.line = o.line[:0]
	for i := range events {
		o.line = append(o.append(o.line, &events[i]), '\n')
		if len(o.line) >= bufferSize || i == len(events)-1 {
			if _, err := o.w.Write(o.line); err != nil {
				return err
			}
			o.line = o.line[:0]
		}
	}
	return nil
}

func (o *Events) append(dst []byte, e *watch.Event) []byte {
	dst = appendTime(append(dst, `{"time":`...), e.Time)
	dst = appendText(dst, "host", o.host)
	dst = appendName(dst, "event", e.Kind.String())
	dst = appendKey(dst, "socket")
	if e.Socket == nil {
		dst = append(dst, "null"...)
	} else {
		dst = AppendSocket(dst, e.Socket, o.owners)
	}
	dst = appendKey(dst, "changed")
	if e.Kind == watch.Change {
		dst = append(dst, '[')
		for i, name := range e.Changed {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, name)
		}
		dst = append(dst, ']')
	} else {
		dst = append(dst, "null"...)
	}
	dst = appendKey(dst, "lived_ms")
	switch {
	case e.Kind != watch.Close && e.Kind != watch.Change:
		dst = append(dst, "null"...)
	default:
		dst = strconv.AppendInt(dst, e.Lived.Milliseconds(), 10)
		dst = appendName(dst, "lived", livedIs(e))
		if e.Whole {
			dst = appendNumber(dst, "lived_max_ms", uint64(e.Most.Milliseconds()))
		}
	}
	if e.Crossed {
		dst = appendFlag(dst, "matches", e.Kind == watch.Open)
	}
	if e.Before != nil {
		dst = AppendSocket(appendKey(dst, "before"), e.Before, o.owners)
	}
	if len(e.Held) > 0 {
		dst = append(appendKey(dst, "held_by"), '[')
		for i := range e.Held {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendHolder(dst, &e.Held[i])
		}
		dst = append(dst, ']')
	}
	if e.Kind == watch.Close {
		dst = appendFlag(dst, "final", e.Final)
	}
	if e.Kind == watch.Lost {
		if e.Missing > 0 {
			dst = appendNumber(dst, "missing", uint64(e.Missing))
		} else {
			dst = append(appendKey(dst, "missing"), "null"...)
		}
	}
	return append(dst, '}')
}

func livedIs(e *watch.Event) string {
	switch {
	case e.Brief:
		return "at-most"
	case e.Whole:
		return "between"
	}
	return "at-least"
}
