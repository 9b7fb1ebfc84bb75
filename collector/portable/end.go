package portable

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// parseLocal and parseRemote read one end as programs print it: an address and a
// port behind the last dot or colon, either of which may be a star. Brackets and
// zones are understood.
func parseLocal(text string, sep byte, family socket.Family) (socket.Endpoint, error) {
	e, err := parseEnd(text, sep, family)
	if err == nil && !e.Addr.IsValid() {
		e.Addr = anywhere(family)
	}
	return e, err
}

// parseRemote gives the zero Endpoint for no peer.
func parseRemote(text string, sep byte, family socket.Family) (socket.Endpoint, error) {
	e, err := parseEnd(text, sep, family)
	if err == nil && noPeer(e) {
		return socket.Endpoint{}, nil
	}
	return e, err
}

func parseEnd(text string, sep byte, family socket.Family) (e socket.Endpoint, err error) {
	at := strings.LastIndexByte(text, sep)
	if at < 0 {
		return e, fmt.Errorf("address %.60q has no port", text)
	}
	host, port := text[:at], text[at+1:]
	if port != "*" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return e, fmt.Errorf("port of %.60q", text)
		}
		e.Port = uint32(n)
	}
	if host == "*" || host == "" && port != "" {
		return e, nil
	}
	e.Addr, err = parseAddr(host, family)
	return e, err
}

// protocols are the words for protocol and family. Those without a family are
// IPv4 where there are words with one for IPv6, which a caller knows.
func protocolOf(word string) (p socket.Proto, f socket.Family, dual socket.Tri, ok bool) {
	switch {
	case strings.HasPrefix(word, "tcp"):
		p = socket.TCP
	case strings.HasPrefix(word, "udp"):
		p = socket.UDP
	default:
		return 0, 0, 0, false
	}
	switch word[3:] {
	case "", "4":
		return p, socket.IPv4, socket.Unknown, true
	case "6":
		return p, socket.IPv6, socket.No, true
	case "46":
		return p, socket.IPv6, socket.Yes, true
	}
	return 0, 0, 0, false
}

// settled is a row whose state says more than the kernel's word: a TCP socket that
// is closed and has a port is one that is bound and does not listen. Of one that is
// connected the peer decides whether it serves both families.
func (r Row) settled() Row {
	if r.Proto == socket.TCP && r.State == socket.Close && r.Local.Port != 0 && r.Remote.IsZero() {
		r.State = socket.Bound
	}
	if !r.Local.Addr.IsUnspecified() {
		r.Dual = socket.Unknown
	}
	return r
}

// malformed counts the lines of a program's output that could not be read. The
// first is kept to be shown.
type malformed struct {
	n     int
	first string
}

func (m *malformed) line(text string) {
	if m.n++; m.n == 1 {
		m.first = text[:min(len(text), 120)]
	}
}

// note tells of them, if any.
func (m *malformed) note(r *reading, program string) {
	if m.n == 0 {
		return
	}
	r.failed = true
	r.note(socket.Notice{
		Code: "table-malformed", Count: m.n,
		Message: fmt.Sprintf("%s of %s could not be read, the first being %q", counted(m.n, "line", "lines"), program, m.first),
	})
}
