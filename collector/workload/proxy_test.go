package workload

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sockls/sockls/collector/socket"
)

func TestProxyOf(t *testing.T) {
	t.Parallel()
	proxy := func(p socket.Proto, host, inside string) *socket.Proxy {
		return &socket.Proxy{Proto: p, Host: netip.MustParseAddrPort(host), Inside: netip.MustParseAddrPort(inside)}
	}
	tests := []struct {
		name, command string
		want          *socket.Proxy
	}{
		{"docker-proxy", "/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80", proxy(socket.TCP, "0.0.0.0:8080", "172.17.0.2:80")},
		{"docker-proxy", "/usr/bin/docker-proxy -proto tcp -host-ip :: -host-port 1521 -container-ip 172.17.0.2 -container-port 1521 -use-listen-fd", proxy(socket.TCP, "[::]:1521", "172.17.0.2:1521")},
		{"docker-proxy", "docker-proxy -use-listen-fd --proto=udp --host-ip=127.0.0.1 -host-port=53 --container-ip fd00::2 -container-port=5353", proxy(socket.UDP, "127.0.0.1:53", "[fd00::2]:5353")},
		{"docker-proxy", "docker-proxy -use-listen-fd=true -proto sctp -host-ip 0.0.0.0 -host-port 1 -container-ip 10.0.0.2 -container-port 65535", proxy(socket.SCTP, "0.0.0.0:1", "10.0.0.2:65535")},
		{"nginx", "/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80", nil},
		{"docker-proxy", "docker-proxy", nil},
		{"docker-proxy", "", nil},
		{"docker-proxy", "docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port", nil},
		{"docker-proxy", "docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 0 -container-ip 172.17.0.2 -container-port 80", nil},
		{"docker-proxy", "docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 65536 -container-ip 172.17.0.2 -container-port 80", nil},
		{"docker-proxy", "docker-proxy -proto tcp -host-ip web -host-port 80 -container-ip 172.17.0.2 -container-port 80", nil},
		{"docker-proxy", "docker-proxy -proto icmp -host-ip 0.0.0.0 -host-port 80 -container-ip 172.17.0.2 -container-port 80", nil},
		{"docker-proxy", "docker-proxy serve -proto tcp -host-ip 0.0.0.0 -host-port 80 -container-ip 172.17.0.2 -container-port 80", nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, ProxyOf(tt.name, tt.command), cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", tt.name, tt.command, diff)
		}
	}
}

func FuzzProxyOf(f *testing.F) {
	f.Add("docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80")
	f.Add("docker-proxy --proto=udp --host-ip=:: -use-listen-fd")
	f.Fuzz(func(t *testing.T, command string) {
		p := ProxyOf("docker-proxy", command)
		if p != nil && (!p.Host.IsValid() || !p.Inside.IsValid() || p.Host.Port() == 0 || p.Proto == socket.ProtoUnknown) {
			t.Errorf("%q: %+v", command, p)
		}
	})
}
