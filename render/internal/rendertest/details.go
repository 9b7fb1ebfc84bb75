package rendertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/socket"
)

// Know gives s facts, named and valued in turn: numbers are ints in the unit of
// the fact, texts are strings.
func Know(s *socket.Socket, namesAndValues ...any) {
	for i := 0; i < len(namesAndValues); i += 2 {
		f, ok := fact.Lookup(namesAndValues[i].(string))
		if !ok {
			panic(fmt.Sprintf("there is no fact %v", namesAndValues[i]))
		}
		switch value := namesAndValues[i+1].(type) {
		case int:
			f.SetNumber(s, int64(value))
		case string:
			f.SetText(s, value)
		}
	}
}

// Detailed returns sockets of which the details are known.
func Detailed() []*socket.Socket {
	web := inet(socket.TCP, socket.Listen, "0.0.0.0:80", "", hold(11, 0, 6, "nginx"), hold(12, 0, 6, "nginx"))
	web.SendQ = 511
	web.Processes[0].Process.Context = "system_u:system_r:httpd_t:s0"
	web.Processes[1].Process.Context = "unconfined"
	Know(&web, "timer", "off", "shutdown", "none", "mark", 0, "cgroup", "/system.slice/nginx.service",
		"rmem", 0, "rcvbuf", 131072, "wmem", 0, "sndbuf", 16384, "fwd-alloc", 0, "wmem-queued", 0,
		"optmem", 0, "backlog", 0, "drops", 3,
		"congestion", "cubic",
		"tos", 0, "class-id", 0, "recverr", 0, "freebind", 1, "transparent", 1,
		"reuseaddr", 1, "reuseport", 0)

	busy := inet(socket.TCP, socket.Established, "[2001:db8::1]:443", "[2001:db8::2]:50100", hold(11, 0, 9, "nginx"))
	busy.SendQ = 1_234_567
	Know(&busy, "timer", "keepalive", "expires", 119_000, "retransmits", 0,
		"shutdown", "send", "mark", 0x64, "cgroup", "/system.slice/a b\n\xff",
		"rmem", 1280, "rcvbuf", 6_291_456, "wmem", 1_300_000, "sndbuf", 4_194_304, "fwd-alloc", -4096,
		"wmem-queued", 1_400_000, "optmem", 64, "backlog", 512, "drops", 0,
		"congestion", "cu bic\"", "rto", 204_000, "rtt", 1534, "rttvar", 767, "minrtt", 28, "rcv-rtt", 1_050_000,
		"mss", 1448, "pmtu", 1500, "cwnd", 42, "ssthresh", 20, "unacked", 30, "retrans", 0, "total-retrans", 7,
		"bytes-acked", 123_456_789, "bytes-received", 98_765, "lastsnd", 0, "lastrcv", 3_600_000, "lastack", 59_960,
		"pacing-rate", 12_300_000, "delivery-rate", 1_250_000_000, "app-limited", 1, "busy", 61_500_000,
		"snd-wscale", 7, "rcv-wscale", 7, "ts", 1, "sack", 1, "ecn", 0,
		"tos", 0x10, "tclass", 0xb8, "class-id", 0x10001, "recverr", 0,
		"reuseaddr", 0, "reuseport", 0)

	timeWait := inet(socket.TCP, socket.TimeWait, "127.0.0.1:80", "127.0.0.1:50100")
	timeWait.Inode, timeWait.HasUID, timeWait.User, timeWait.NoProcess = 0, false, "", socket.ReasonTimeWait
	Know(&timeWait, "timer", "time-wait", "expires", 45_240, "retransmits", 0)

	dns := inet(socket.UDP, socket.Unconn, "127.0.0.1:53", "", hold(70, 0, 5, "unbound"))
	Know(&dns, "rmem", 0, "rcvbuf", 212_992, "wmem", 0, "sndbuf", 212_992, "fwd-alloc", 0, "wmem-queued", 0,
		"optmem", 0, "backlog", 0, "drops", 12_345)

	bus := other(socket.Unix, socket.FamilyUnix, socket.Stream, socket.Listen, socket.Endpoint{Name: "/run/bus"}, socket.Endpoint{})
	Know(&bus, "shutdown", "none", "vfs-inode", 1234, "vfs-device", 24)

	links := other(socket.Netlink, socket.FamilyNetlink, socket.RawType, socket.Unconn, socket.Endpoint{Port: 1869}, socket.Endpoint{})
	Know(&links, "netlink-groups", "1,5-7", "netlink-no-enobufs", 1, "netlink-cap-ack", 0)

	audit := other(socket.Netlink, socket.FamilyNetlink, socket.RawType, socket.Unconn, socket.Endpoint{Node: 9, Port: 7}, socket.Endpoint{})
	Know(&audit, "netlink-cap-ack", 0)

	sniffer := other(socket.Packet, socket.FamilyPacket, socket.RawType, socket.Unconn, socket.Endpoint{Port: 3, Name: "eth0", Node: 2}, socket.Endpoint{})
	Know(&sniffer, "packet-version", 2, "packet-running", 1, "packet-fanout-id", 7, "packet-rx-blocks", 4,
		"packet-rx-block-size", 131_072, "packet-rx-retire-time", 64, "packet-rx-features", 0)

	return Pointers([]socket.Socket{web, busy, timeWait, dns, bus, links, audit, sniffer})
}

// Each calls f for every fact of the details, with sockets that have this fact
// alone in some of the values that it can have.
func Each(t testing.TB, f func(x fact.Fact, s *socket.Socket)) {
	t.Helper()
	for _, x := range fact.All() {
		if x.Group == fact.NoGroup {
			continue
		}
		told := 0
		try := func(set func(*socket.Socket)) {
			s := &socket.Socket{Proto: socket.TCP, Family: socket.IPv4, State: socket.Established}
			if x.Group == fact.Timer {
				Know(s, "timer", "keepalive")
			}
			if set(s); s.Details != nil && Told(x, s) {
				told++
				f(x, s)
			}
		}
		if x.Kind != fact.Text {
			for _, n := range []int64{-4096, 0, 1, 77_777, 1_234_567} {
				try(func(s *socket.Socket) { x.SetNumber(s, n) })
			}
		} else {
			// Some texts are words of a kind that the help names.
			words := strings.FieldsFunc(x.Help, func(r rune) bool { return strings.ContainsRune(" :;,()", r) })
			for _, word := range append(words, "aes-gcm-128", "e824727c9f4e2255", "a b\n\xff,\"") {
				try(func(s *socket.Socket) { x.SetText(s, word) })
			}
		}
		if told == 0 {
			t.Errorf("no value of %s can be read back", x.Name)
		}
	}
}

// Told reports whether s has the fact.
func Told(x fact.Fact, s *socket.Socket) (ok bool) {
	if x.Kind == fact.Text {
		_, ok = x.Text(s)
	} else {
		_, ok = x.Number(s)
	}
	return ok
}
