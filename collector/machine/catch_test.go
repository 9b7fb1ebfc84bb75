package machine

import (
	"net/netip"
	"testing"

	"github.com/sockls/sockls/collector/socket"
)

func prefixes(list ...string) (out []netip.Prefix) {
	for _, p := range list {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

func TestCatches(t *testing.T) {
	const yes, no, unknown = socket.Yes, socket.No, socket.Unknown
	tcp80 := Forward{Proto: socket.TCP, Ports: []Ports{{80, 80}}, Incoming: true}
	with := func(change func(f *Forward)) Forward {
		f := tcp80
		change(&f)
		return f
	}
	both := with(func(f *Forward) { f.Outgoing = true })
	out := with(func(f *Forward) { f.Incoming, f.Outgoing = false, true })
	v4 := with(func(f *Forward) { f.Family = socket.IPv4 })
	to := with(func(f *Forward) { f.To, f.Family = prefixes("10.0.0.0/8"), socket.IPv4 })
	toLoopback := with(func(f *Forward) { f.To, f.Family, f.Outgoing = prefixes("127.0.0.0/8"), socket.IPv4, true })
	notTo := with(func(f *Forward) { f.NotTo, f.Outgoing = prefixes("127.0.0.0/8"), true })
	local := with(func(f *Forward) { f.Local = true })
	on := with(func(f *Forward) { f.Interface = "eth0" })
	onLo := with(func(f *Forward) { f.Interface = "lo" })
	notOn := with(func(f *Forward) { f.NotInterfaces = []string{"docker0"} })
	notOnLo := with(func(f *Forward) { f.NotInterfaces = []string{"lo"} })
	partial := with(func(f *Forward) { f.Partial = true })
	everything := Forward{Incoming: true, Outgoing: true}
	after := func(f Forward, earlier ...*Earlier) Forward {
		f.Earlier = earlier
		return f
	}
	accepts80 := &Earlier{Match: tcp80.Match()}
	accepts := &Earlier{Match: Match{Proto: socket.TCP, Incoming: true, To: prefixes("10.0.0.1/32")}}
	some := &Earlier{Match: Match{Incoming: true, Outgoing: true, Partial: true}}
	listed := &Earlier{Match: accepts.Match, Next: &Earlier{Match: Match{Proto: socket.UDP, Incoming: true, Outgoing: true}}}
	unless := &Earlier{Match: tcp80.Match(), Unless: []*Earlier{accepts}}

	for _, tt := range []struct {
		name  string
		f     Forward
		proto socket.Proto
		addr  string
		port  uint16
		want  socket.Tri
	}{
		{"the port", tcp80, socket.TCP, "10.0.0.1", 80, yes},
		{"MPTCP is TCP", tcp80, socket.MPTCP, "10.0.0.1", 80, yes},
		{"another protocol", tcp80, socket.UDP, "10.0.0.1", 80, no},
		{"another port", tcp80, socket.TCP, "10.0.0.1", 81, no},
		{"IPv6 as well", tcp80, socket.TCP, "fd00::1", 80, yes},
		{"an IPv4-mapped address", v4, socket.TCP, "::ffff:10.0.0.1", 80, yes},
		{"the other family", v4, socket.TCP, "fd00::1", 80, no},
		{"the wildcard", v4, socket.TCP, "0.0.0.0", 80, yes},
		{"both wildcards", tcp80, socket.TCP, "::", 80, yes},
		{"the wildcard of both families", v4, socket.TCP, "::", 80, unknown},
		{"no address at all", v4, socket.TCP, "", 80, unknown},
		{"what arrives, at loopback", tcp80, socket.TCP, "127.0.0.1", 80, no},
		{"what is sent, at loopback", both, socket.TCP, "127.0.0.1", 80, yes},
		{"what is sent alone", out, socket.TCP, "10.0.0.1", 80, unknown},
		{"what is sent alone, at loopback", out, socket.TCP, "::1", 80, yes},
		{"a prefix", to, socket.TCP, "10.0.0.1", 80, yes},
		{"a zone", with(func(f *Forward) { f.To = prefixes("fe80::/10") }), socket.TCP, "fe80::1%eth0", 80, yes},
		{"outside of the prefix", to, socket.TCP, "11.0.0.1", 80, no},
		{"a prefix and the wildcard", to, socket.TCP, "0.0.0.0", 80, unknown},
		{"an IPv4 prefix and both wildcards", to, socket.TCP, "::", 80, unknown},
		{"loopback alone", toLoopback, socket.TCP, "127.0.0.1", 80, yes},
		{"loopback and the wildcard", toLoopback, socket.TCP, "0.0.0.0", 80, unknown},
		{"all but loopback", notTo, socket.TCP, "10.0.0.1", 80, yes},
		{"left out", notTo, socket.TCP, "127.0.0.1", 80, no},
		{"left out of the wildcard", notTo, socket.TCP, "0.0.0.0", 80, unknown},
		{"local", local, socket.TCP, "10.0.0.1", 80, yes},
		{"local, and a group", local, socket.TCP, "224.0.0.1", 80, no},
		{"local, and broadcast", local, socket.TCP, "255.255.255.255", 80, no},
		{"an interface", on, socket.TCP, "10.0.0.1", 80, unknown},
		{"lo", onLo, socket.TCP, "10.0.0.1", 80, no},
		{"other interfaces", notOn, socket.TCP, "10.0.0.1", 80, unknown},
		{"all but lo", notOnLo, socket.TCP, "10.0.0.1", 80, yes},
		{"some", partial, socket.TCP, "10.0.0.1", 80, unknown},
		{"some of another port", partial, socket.TCP, "10.0.0.1", 81, no},
		{"everything", everything, socket.SCTP, "127.0.0.1", 1, yes},
		{"accepted before", after(tcp80, accepts80), socket.TCP, "10.0.0.1", 80, no},
		{"accepted before when it arrives", after(both, accepts80), socket.TCP, "10.0.0.1", 80, unknown},
		{"accepted for one address", after(tcp80, accepts), socket.TCP, "10.0.0.1", 80, no},
		{"accepted for another address", after(tcp80, accepts), socket.TCP, "10.0.0.2", 80, yes},
		{"accepted for an address of the wildcard", after(tcp80, accepts), socket.TCP, "0.0.0.0", 80, unknown},
		{"some accepted before", after(tcp80, some), socket.TCP, "10.0.0.1", 80, unknown},
		{"accepted before the one before", after(everything, listed), socket.UDP, "10.0.0.1", 80, no},
		{"several ways", after(tcp80, accepts, some), socket.TCP, "10.0.0.1", 80, no},
		{"accepted unless returned", after(tcp80, unless), socket.TCP, "10.0.0.1", 80, yes},
		{"accepted, not returned", after(tcp80, unless), socket.TCP, "10.0.0.2", 80, no},
	} {
		var addr netip.Addr
		if tt.addr != "" {
			addr = netip.MustParseAddr(tt.addr)
		}
		if got := tt.f.Catches(tt.proto, addr, tt.port); got != tt.want {
			t.Errorf("%s: %s catches %s %s:%d: %v, want %v", tt.name, tt.f.String(), tt.proto, tt.addr, tt.port, got, tt.want)
		}
	}
}

// TestPatience has rules whose exceptions have exceptions, more than can ever be
// looked at.
func TestPatience(t *testing.T) {
	all := Match{Incoming: true, Outgoing: true, Partial: true}
	var e *Earlier
	for range 64 {
		e = &Earlier{Match: all, Unless: []*Earlier{e, e, e}, Next: e}
	}
	f := Forward{Incoming: true, Earlier: []*Earlier{e}}
	if got := f.Catches(socket.TCP, netip.MustParseAddr("10.0.0.1"), 80); got != socket.Unknown {
		t.Errorf("catches: %v", got)
	}
}
