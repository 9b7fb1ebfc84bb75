package field

import (
	"cmp"

	"github.com/sockls/sockls/collector/socket"
)

// The widest IPv4 and IPv6 ends with a port. The latter is a link-local
// address with a zone of fifteen bytes, the longest interface name.
const (
	reserveIPv4 = len("255.255.255.255:65535")
	reserveIPv6 = len("[fe80::1234:5678:9abc:def0%interface-name0]:65535")
)

// endpointFields are the columns about the two ends.
var endpointFields = []Field{
	{
		Name: "local", Header: "LOCAL", JSONKey: "local", Reserve: reserveIPv4, Reserve6: reserveIPv6,
		Help:    "local address and port: 127.0.0.1:80, [::1]:80, a unix path, @abstract",
		Value:   appendLocal,
		Missing: missingLocal,
		Compare: func(a, b *socket.Socket) int { return a.Local.Compare(b.Local) },
	},
	{
		Name: "remote", Header: "REMOTE", JSONKey: "remote", Reserve: reserveIPv4, Reserve6: reserveIPv6,
		Help:    "remote address and port; for unix the peer's path and [inode]",
		Details: socket.DetailPeer,
		Value:   appendRemote,
		Compare: func(a, b *socket.Socket) int { return a.Remote.Compare(b.Remote) },
	},
	{
		Name: "local-address", Header: "LOCAL-ADDRESS", JSONKey: "local.address", Reserve: 15, Reserve6: 39,
		Help:    "local address without the port, unix path or interface",
		Value:   func(dst []byte, s *socket.Socket) []byte { return appendAddress(dst, s, &s.Local) },
		Missing: missingLocal,
		Compare: func(a, b *socket.Socket) int { return compareAddress(&a.Local, &b.Local) },
	},
	{
		Name: "local-port", Header: "LPORT", JSONKey: "local.port", Right: true, Reserve: 5,
		Help:    "local port, IP protocol, ethertype or port id",
		Value:   func(dst []byte, s *socket.Socket) []byte { return appendPort(dst, s, &s.Local) },
		Missing: func(dst []byte, s *socket.Socket) []byte { return missingPort(dst, s, &s.Local) },
		Compare: func(a, b *socket.Socket) int { return cmp.Compare(a.Local.Port, b.Local.Port) },
	},
	{
		Name: "remote-address", Header: "REMOTE-ADDRESS", JSONKey: "remote.address", Reserve: 15, Reserve6: 39,
		Help:    "remote address without the port, or the path of a unix peer",
		Details: socket.DetailPeer,
		Value:   func(dst []byte, s *socket.Socket) []byte { return appendAddress(dst, s, &s.Remote) },
		Compare: func(a, b *socket.Socket) int { return compareAddress(&a.Remote, &b.Remote) },
	},
	{
		Name: "remote-port", Header: "RPORT", JSONKey: "remote.port", Right: true, Reserve: 5,
		Help:    "remote port",
		Value:   func(dst []byte, s *socket.Socket) []byte { return appendPort(dst, s, &s.Remote) },
		Missing: func(dst []byte, s *socket.Socket) []byte { return missingPort(dst, s, &s.Remote) },
		Compare: func(a, b *socket.Socket) int { return cmp.Compare(a.Remote.Port, b.Remote.Port) },
	},
}

// missingLocal shows an unnamed unix socket as "*".
func missingLocal(dst []byte, s *socket.Socket) []byte {
	if s.Proto == socket.Unix {
		return append(dst, '*')
	}
	return append(dst, '-')
}

// missingPort shows "*" for an address without a port: any port, or none yet.
func missingPort(dst []byte, s *socket.Socket, e *socket.Endpoint) []byte {
	if s.Proto.Inet() && !e.IsZero() {
		return append(dst, '*')
	}
	return append(dst, '-')
}
