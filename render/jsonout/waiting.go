package jsonout

import (
	"io"
	"net/netip"
	"strconv"
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// Waiting is what was waited for, and how it ended.
type Waiting struct {
	Head
	Condition string // "listening" or "free"
	ReuseAddr bool
	// Met tells that it has come true, for all ports.
	Met     bool
	Waited  time.Duration
	Owners  bool // processes were asked for
	Targets []Awaited
}

// Awaited is one port that was waited for.
type Awaited struct {
	Proto     socket.Proto
	Addresses []netip.Addr // none where any was meant
	Port      uint16
	Met       bool
	// Sockets listen there, or are in the way; Gone are those that were.
	Sockets, Gone []*socket.Socket
}

// WriteWaiting writes the document.
func WriteWaiting(w io.Writer, a *Waiting) error {
	dst := append(appendHead(nil, &a.Head), ",\n  \"condition\": \""+a.Condition+"\",\n  \"reuseaddr\": "...)
	dst = strconv.AppendBool(dst, a.ReuseAddr)
	dst = append(dst, ",\n  \"met\": "...)
	dst = strconv.AppendBool(dst, a.Met)
	dst = append(dst, ",\n  \"waited_ms\": "...)
	dst = strconv.AppendInt(dst, a.Waited.Milliseconds(), 10)
	dst = append(dst, ",\n  \"ports\": "...)
	dst = appendArray(dst, len(a.Targets), func(dst []byte, i int) []byte {
		return a.appendTarget(dst, &a.Targets[i])
	})
	dst = appendNotices(dst, a.Notices)
	_, err := w.Write(append(dst, "\n}\n"...))
	return err
}

func (a *Waiting) appendTarget(dst []byte, t *Awaited) []byte {
	dst = appendName(append(dst, '{'), "proto", t.Proto.String())
	dst = appendList(dst, "addresses", len(t.Addresses), func(dst []byte, i int) []byte {
		return append(AppendAddress(append(dst, '{'), t.Addresses[i]), '}')
	})
	dst = appendNumber(dst, "port", uint64(t.Port))
	dst = appendFlag(dst, "met", t.Met)
	dst = a.appendSockets(dst, "sockets", t.Sockets)
	return append(a.appendSockets(dst, "gone", t.Gone), '}')
}

func (a *Waiting) appendSockets(dst []byte, key string, rows []*socket.Socket) []byte {
	return appendList(dst, key, len(rows), func(dst []byte, i int) []byte {
		return AppendSocket(dst, rows[i], a.Owners)
	})
}
