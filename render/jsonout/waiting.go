package jsonout

import (
	"io"
	"net/netip"
	"strconv"
	"time"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
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
	Family    string       // "ipv4" or "ipv6" where any of that was meant
	Port      uint16
	Met       bool
	// Sockets listen there, or are in the way; Gone are those that were.
	Sockets, Gone []*socket.Socket
	// Decided is set where the bind of a program was asked about; Verdict, Errno
	// and Reason are then those of an answer of package why.
	Decided bool
	Verdict why.Verdict
	Errno   string
	Reason  *why.Reason
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
	dst = appendTextOrNull(dst, "family", t.Family)
	dst = appendNumber(dst, "port", uint64(t.Port))
	dst = appendFlag(dst, "met", t.Met)
	dst = t.appendVerdict(dst)
	dst = a.appendSockets(dst, "sockets", t.Sockets)
	return append(a.appendSockets(dst, "gone", t.Gone), '}')
}

// appendVerdict appends keys that are there whatever was waited for.
func (t *Awaited) appendVerdict(dst []byte) []byte {
	verdict := ""
	if t.Decided {
		verdict = t.Verdict.String()
	}
	dst = appendTextOrNull(dst, "verdict", verdict)
	dst = appendTextOrNull(dst, "errno", t.Errno)
	dst = appendKey(dst, "reason")
	if t.Reason == nil {
		return append(dst, "null"...)
	}
	dst = appendName(append(dst, '{'), "rule", string(t.Reason.Rule))
	return append(appendText(dst, "text", t.Reason.Text), '}')
}

func (a *Waiting) appendSockets(dst []byte, key string, rows []*socket.Socket) []byte {
	return appendList(dst, key, len(rows), func(dst []byte, i int) []byte {
		return AppendSocket(dst, rows[i], a.Owners)
	})
}
