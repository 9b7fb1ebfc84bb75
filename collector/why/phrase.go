package why

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// sentences joins those that are there.
func sentences(all ...string) string {
	kept := all[:0]
	for _, s := range all {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, " ")
}

// counted is "1 socket", "2 sockets".
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// pick chooses by number.
func pick(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// address is an address as people write it beside a port, without its zone,
// which is a name that others chose.
func address(a netip.Addr) string {
	switch {
	case !a.IsValid():
		return "every address"
	case a.Is4():
		return a.String()
	}
	return "[" + a.WithZone("").String() + "]"
}

func number(n uint16) string { return strconv.Itoa(int(n)) }

// left is how many milliseconds a socket without a program stays at the most,
// 0 where that is not known: the timers of other states start anew.
func left(s *socket.Socket) uint32 {
	if s.Details == nil || s.Details.Timer == nil {
		return 0
	}
	t := s.Details.Timer
	switch {
	case t.Kind == socket.TimerTimeWait,
		t.Kind == socket.TimerKeepalive && s.State == socket.FinWait2 && len(s.Processes) == 0:
		return t.Expires
	}
	return 0
}

// seconds rounds milliseconds up.
func seconds(ms uint32) int { return int((uint64(ms) + 999) / 1000) }

// uids are the different owners of sockets, in the order in which they come;
// known is unset when one has none.
func uids(sockets []*socket.Socket) (all []uint32, known bool) {
	known = true
next:
	for _, s := range sockets {
		if !s.HasUID {
			known = false
			continue
		}
		for _, u := range all {
			if u == s.UID {
				continue next
			}
		}
		all = append(all, s.UID)
	}
	return all, known
}

// agree is the value that all sockets have, Unknown when they differ or one is
// not known.
func agree(sockets []*socket.Socket, value func(*socket.Socket) socket.Tri) socket.Tri {
	all := value(sockets[0])
	for _, s := range sockets[1:] {
		if value(s) != all {
			return socket.Unknown
		}
	}
	return all
}
