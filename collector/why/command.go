package why

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// plain reports whether a name that others chose may stand in a command line:
// letters, digits and what is common in names of units, containers and
// interfaces, and nothing in front that could be taken for an option or a path.
func plain(name string) bool {
	if name == "" || len(name) > 255 || !letter(name[0]) {
		return false
	}
	for i := 1; i < len(name); i++ {
		if c := name[i]; !letter(c) && c != '.' && c != '_' && c != '-' && c != '@' && c != ':' {
			return false
		}
	}
	return true
}

func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// whyCommand is the command line that asks the same again with one more flag,
// "" where a name in it is not plain.
func (b *Bind) whyCommand(flag string) string {
	var c strings.Builder
	c.WriteString("sockls why")
	add := func(on bool, flag string) {
		if on {
			c.WriteString(" " + flag)
		}
	}
	add(flag != "", flag)
	add(b.ReuseAddr, "--reuseaddr")
	add(b.ReusePort, "--reuseport")
	add(b.V6Only == socket.Yes, "--v6only")
	if b.Device != "" {
		if !plain(b.Device) {
			return ""
		}
		add(true, "--device "+b.Device)
	}
	add(true, b.Proto.String())
	if !b.Addr.IsValid() {
		add(true, number(b.Port))
		return c.String()
	}
	if zone := b.Addr.Zone(); zone != "" && !plain(zone) {
		return ""
	}
	// Brackets are quoted, for a shell takes them for a pattern.
	at := netip.AddrPortFrom(b.Addr, b.Port).String()
	if b.Addr.Is6() {
		at = "'" + at + "'"
	}
	add(true, at)
	return c.String()
}

// closeCommand is the command line that destroys the sockets of a group and no
// others: by the port, or by address and port where others have that port, ""
// where these do not tell them apart either.
func (x *explainer) closeCommand(g *group) string {
	first := g.sockets[0]
	state, mixed := closeStates[first.State], false
	at := first.Local.Addr.Unmap().WithZone("")
	for _, s := range g.sockets[1:] {
		mixed = mixed || s.State != first.State
		if s.Local.Addr.Unmap().WithZone("") != at {
			at = netip.Addr{}
		}
	}
	if state == "" || first.Proto != socket.TCP {
		return ""
	}
	ofPort, ofAddr := 0, 0
	for _, s := range x.Sockets {
		if s.Proto != socket.TCP || s.Local.Port != uint32(x.Bind.Port) ||
			s.State != first.State && (!mixed || s.State == socket.Listen) {
			continue
		}
		ofPort++
		if s.Local.Addr.Unmap().WithZone("") == at {
			ofAddr++
		}
	}
	which := "state " + state
	if mixed {
		which = "not state listening"
	}
	switch len(g.sockets) {
	case ofPort:
		which += " and sport = :" + number(x.Bind.Port)
	case ofAddr:
		which += " and src " + netip.AddrPortFrom(at, x.Bind.Port).String()
	default:
		return ""
	}
	return "sockls close -t '" + which + "'"
}

// closeStates are the states as a filter names them.
var closeStates = [...]string{
	socket.Established: "established", socket.FinWait1: "fin-wait-1", socket.FinWait2: "fin-wait-2",
	socket.TimeWait: "time-wait", socket.CloseWait: "close-wait", socket.LastAck: "last-ack",
	socket.Closing: "closing", socket.SynSent: "syn-sent", socket.Unconn: "",
}

// join puts numbers side by side.
func join(all []int) string {
	var b strings.Builder
	for i, n := range all {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}
