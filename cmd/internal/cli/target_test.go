package cli

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

func TestParseTarget(t *testing.T) {
	t.Parallel()
	addrs := func(texts ...string) (all []netip.Addr) {
		for _, text := range texts {
			all = append(all, netip.MustParseAddr(text))
		}
		return all
	}
	one := func(port uint16) []machine.Ports { return []machine.Ports{{First: port, Last: port}} }
	tcp, udp := []socket.Proto{socket.TCP}, []socket.Proto{socket.UDP}
	tests := []struct {
		words string
		want  target
	}{
		{"8080", target{ports: one(8080)}},
		{":8080", target{ports: one(8080)}},
		{"*:8080", target{ports: one(8080)}},
		{"65535", target{ports: one(65535)}},
		{"tcp 8080", target{protos: tcp, ports: one(8080)}},
		{":8080 udp", target{protos: udp, ports: one(8080)}},
		{"TCP 53 udp", target{protos: []socket.Proto{socket.TCP, socket.UDP}, ports: one(53)}},
		{"tcp tcp 53", target{protos: tcp, ports: one(53)}},
		{"udplite 53", target{protos: []socket.Proto{socket.UDPLite}, ports: one(53)}},
		{"127.0.0.1:80", target{addrs: addrs("127.0.0.1"), ports: one(80)}},
		{"0.0.0.0:80", target{addrs: addrs("0.0.0.0"), ports: one(80)}},
		{"[::1]:80", target{addrs: addrs("::1"), ports: one(80)}},
		{"[::]:80", target{addrs: addrs("::"), ports: one(80)}},
		{"[127.0.0.1]:80", target{addrs: addrs("127.0.0.1"), ports: one(80)}},
		{"[::ffff:127.0.0.1]:80", target{addrs: addrs("::ffff:127.0.0.1"), ports: one(80)}},
		{"[fe80::1%eth0]:80", target{addrs: addrs("fe80::1%eth0"), ports: one(80)}},
		{"localhost:80", target{addrs: addrs("127.0.0.1"), ports: one(80)}},
		{"8000-8010", target{ports: []machine.Ports{{First: 8000, Last: 8010}}}},
		{":80,443", target{ports: []machine.Ports{{First: 80, Last: 80}, {First: 443, Last: 443}}}},
		{"80,80,80-80", target{ports: one(80)}},
		{"127.0.0.1:80,8000-8001", target{addrs: addrs("127.0.0.1"), ports: []machine.Ports{{First: 80, Last: 80}, {First: 8000, Last: 8001}}}},
		{"80 443", target{ports: []machine.Ports{{First: 80, Last: 80}, {First: 443, Last: 443}}}},
		{"[::1]:80 [::1]:443", target{addrs: addrs("::1"), ports: []machine.Ports{{First: 80, Last: 80}, {First: 443, Last: 443}}}},
		{"http", target{ports: one(80)}},
		{"127.0.0.1:https", target{addrs: addrs("127.0.0.1"), ports: one(443)}},
		{"80/tcp", target{protos: tcp, ports: one(80)}},
		{"53/UDP", target{protos: udp, ports: one(53)}},
		{"tcp 80/tcp 443/tcp", target{protos: tcp, ports: []machine.Ports{{First: 80, Last: 80}, {First: 443, Last: 443}}}},
		{"8000-8010/udp", target{protos: udp, ports: []machine.Ports{{First: 8000, Last: 8010}}}},
		{"[::1]:80,443/tcp", target{protos: tcp, addrs: addrs("::1"), ports: []machine.Ports{{First: 80, Last: 80}, {First: 443, Last: 443}}}},
		{"https/tcp", target{protos: tcp, ports: one(443)}},
		{"udp domain", target{protos: udp, ports: one(53)}},
	}
	for _, tt := range tests {
		t.Run(tt.words, func(t *testing.T) {
			t.Parallel()
			got, err := parseTarget(context.Background(), strings.Fields(tt.words))
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(tt.words, "localhost") { // which may have ::1, too
				got.addrs = got.addrs[:1]
			}
			diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(target{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b }))
			if diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseTargetErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		words, want string
	}{
		{"", "which port?"},
		{"tcp", "which port?"},
		{"::1:80", `"::1:80" is ambiguous: an IPv6 address goes into brackets, as in [::1]:80, or [::1:80]:PORT`},
		{"1:2:3:4:5:6:7:8:80", "as in [1:2:3:4:5:6:7:8]:80"},
		{"::1", `"::1" is an address without a port, and goes into brackets: [::1]:PORT`},
		{"fe80::1%eth0", "goes into brackets: [fe80::1%eth0]:PORT"},
		{":::80", `":::80": an IPv6 address goes into brackets, as in [::]:80`},
		{"::1:", `"::1:" is no place`},
		{"a:b:80", `"a:b:80" is no place: an address and a port are as in 127.0.0.1:80 or [::1]:80`},
		{"sctp 80", "sctp is not asked about: tcp, udp, udplite"},
		{"80 SCTP", "sctp is not asked about"},
		{"80/sctp", `"80/sctp": sctp is not asked about: tcp, udp, udplite`},
		{"tcp/80", `"tcp/80": the protocol is a word of its own, or stands behind the port: tcp 80, or 80/tcp`},
		{"80/", `"80/": behind the slash goes a protocol, as in 53/udp`},
		{"/tcp", "the port is missing"},
		{"10.0.0.0/8:80", "behind the slash goes a protocol"},
		{"80/tcp,443/tcp", "one protocol is enough, behind all ports, as in 80,443/tcp"},
		{"80/tcp 53/udp", `"80/tcp" is not about all the protocols that are named; ask for one after the other`},
		{"udp 80/tcp", `"80/tcp" is not about all`},
		{"tcp:8080", "the protocol is a word of its own: tcp :8080"},
		{"127.0.0.1", `"127.0.0.1" is an address without a port: 127.0.0.1:PORT`},
		{"[::1]", "is an address without a port"},
		{"[::1]80", "is an address without a port"},
		{"[::1]:", "is an address without a port"},
		{"[::1:80", "does not close"},
		{"[]:80", "no address in its brackets"},
		{"[nonsense]:80", `"nonsense" is no address`},
		{"1.2.3:80", `"1.2.3" is no IPv4 address`},
		{"1.2.3.400:80", "no IPv4 address"},
		{":", "no port behind its colon"},
		{"0", "0 is no port"},
		{"0-5", "0 is no port"},
		{"65536", "beyond 65535"},
		{"99999999999999999999", "beyond 65535"},
		{"8010-8000", "ends before it begins"},
		{"80,", "an empty one"},
		{",", "an empty one"},
		{"-80", "neither a number nor"},
		{"80-", "neither a number nor"},
		{"no-such-service", `"no-such-service" is neither a number nor the name of a tcp or udp service`},
		{"udp no-such-service", "the name of a udp service"},
		{"127.0.0.1:80 [::1]:80", "two addresses"},
		{"127.0.0.1:80 443", "two addresses"},
		{"no.such.host.invalid:80", `host "no.such.host.invalid"`},
		{"[fe80::1%999999]:80", "there is no interface 999999"},
	}
	for _, tt := range tests {
		t.Run(tt.words, func(t *testing.T) {
			t.Parallel()
			got, err := parseTarget(context.Background(), strings.Fields(tt.words))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%+v, %v, want an error with %q", got, err, tt.want)
			}
		})
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{"tcp :8080", "[::1]:80 udp", "127.0.0.1:80,443", "8000-8010", "::1:80", "[fe80::1%lo]:1", "a:b:c", "53/udp", "tcp/80/", "sctp 1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // no name is looked up
		words := strings.Fields(text)
		got, err := parseTarget(ctx, words)
		if err != nil {
			return
		}
		if len(got.ports) == 0 || len(got.addrs) > 1 {
			t.Errorf("%q: %+v", text, got)
		}
		for _, p := range got.ports {
			if p.First == 0 || p.First > p.Last {
				t.Errorf("%q: ports %+v", text, p)
			}
		}
	})
}
