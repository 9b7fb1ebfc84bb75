package jsonout

import (
	"bufio"
	"io"
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// Lines writes one socket a line, each a JSON object of its own that begins
// with "host" and "time". It is made by NewLines and not safe for concurrent
// use.
type Lines struct {
	w      *bufio.Writer
	head   []byte
	line   []byte
	owners bool
}

// NewLines makes a Lines whose rows all carry this host and time. Owners tells
// whether processes were asked for. Close must be called after the last row.
func NewLines(w io.Writer, host string, at time.Time, owners bool) *Lines {
	head := appendText([]byte{'{'}, "host", host)
	head = appendTime(appendKey(head, "time"), at)
	return &Lines{w: bufio.NewWriterSize(w, bufferSize), head: head, owners: owners}
}

// Row writes one socket and keeps nothing of s.
func (l *Lines) Row(s *socket.Socket) error {
	l.line = append(l.line[:0], l.head...)
	l.line = appendSocket(l.line, s, l.owners)
	l.line = append(l.line, '}', '\n')
	_, err := l.w.Write(l.line)
	return err
}

// Close writes what is still waiting. It does not close the writer.
func (l *Lines) Close() error { return l.w.Flush() }
