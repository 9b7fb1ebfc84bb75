package field

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/text"
)

// socketFields are the columns about the socket itself.
var socketFields = []Field{
	{
		Name: "proto", Header: "PROTO", JSONKey: "proto", Reserve: 5,
		Help:    "protocol: tcp, mptcp, udp, udplite, sctp, raw, ping, unix, packet, netlink, vsock, xdp, tipc",
		Value:   func(dst []byte, s *socket.Socket) []byte { return append(dst, s.Proto.String()...) },
		Compare: func(a, b *socket.Socket) int { return cmp.Compare(a.Proto, b.Proto) },
	},
	{
		Name: "family", Header: "FAMILY", JSONKey: "family", Reserve: 6,
		Help:    "address family: ipv4, ipv6, unix, packet, netlink, vsock, xdp, tipc",
		Value:   func(dst []byte, s *socket.Socket) []byte { return append(dst, s.Family.String()...) },
		Compare: func(a, b *socket.Socket) int { return cmp.Compare(a.Family, b.Family) },
	},
	{
		Name: "type", Header: "TYPE", JSONKey: "type", Reserve: 6,
		Help:    "socket type: stream, dgram, raw, rdm, seqpacket",
		Value:   func(dst []byte, s *socket.Socket) []byte { return append(dst, s.Type.String()...) },
		Compare: func(a, b *socket.Socket) int { return cmp.Compare(a.Type, b.Type) },
	},
	{
		Name: "state", Header: "STATE", JSONKey: "state", Reserve: 11,
		Help:    "connection state under its RFC name; UNCONN takes from anyone, BOUND is bound and not listening",
		Value:   func(dst []byte, s *socket.Socket) []byte { return append(dst, s.State.String()...) },
		Role:    stateRole,
		Compare: func(a, b *socket.Socket) int { return strings.Compare(a.State.String(), b.State.String()) },
	},
	{
		Name: "recv-q", Header: "RECV-Q", JSONKey: "recv_q", Right: true, Reserve: 7,
		Help:    "bytes received and not read; for a listener the connections waiting to be accepted",
		Details: socket.DetailQueues,
		Value:   func(dst []byte, s *socket.Socket) []byte { return appendQueue(dst, s, s.RecvQ) },
		Compare: func(a, b *socket.Socket) int { return cmp.Compare(a.RecvQ, b.RecvQ) },
	},
	{
		Name: "send-q", Header: "SEND-Q", JSONKey: "send_q", Right: true, Reserve: 7,
		Help:    "bytes sent and not acknowledged; for a listener the limit of waiting connections",
		Details: socket.DetailQueues,
		Value:   func(dst []byte, s *socket.Socket) []byte { return appendQueue(dst, s, s.SendQ) },
		Compare: func(a, b *socket.Socket) int { return cmp.Compare(a.SendQ, b.SendQ) },
	},
	{
		Name: "device", Header: "DEVICE", JSONKey: "device", Reserve: 6,
		Help: "interface the socket is bound to",
		Value: func(dst []byte, s *socket.Socket) []byte {
			if s.Device == "" {
				return dst
			}
			return text.AppendQuoted(dst, s.Device)
		},
		Compare: func(a, b *socket.Socket) int { return strings.Compare(a.Device, b.Device) },
	},
	{
		Name: "v6only", Header: "V6ONLY", JSONKey: "v6only",
		Help:    "whether an IPv6 socket refuses IPv4: yes, no",
		Value:   appendV6Only,
		Compare: func(a, b *socket.Socket) int { return cmp.Compare(a.V6Only, b.V6Only) },
	},
	{
		Name: "inode", Header: "INODE", JSONKey: "inode", Right: true, Reserve: 10,
		Help: "sockfs inode, the number in /proc/PID/fd",
		Value: func(dst []byte, s *socket.Socket) []byte {
			return appendNonZero(dst, s.Inode)
		},
		Compare: func(a, b *socket.Socket) int { return cmp.Compare(a.Inode, b.Inode) },
	},
	{
		Name: "cookie", Header: "COOKIE", JSONKey: "cookie", Right: true, Reserve: 10,
		Help:    "identity of the socket for the kernel's whole life (SO_COOKIE)",
		Value:   func(dst []byte, s *socket.Socket) []byte { return appendNonZero(dst, s.Cookie) },
		Compare: func(a, b *socket.Socket) int { return cmp.Compare(a.Cookie, b.Cookie) },
	},
	{
		Name: "netns", Header: "NETNS", JSONKey: "netns.inode", Right: true, Reserve: 10, Details: socket.DetailNetNS,
		Help:    "network namespace, as the number in /proc/PID/ns/net",
		Value:   func(dst []byte, s *socket.Socket) []byte { return appendNonZero(dst, namespace(s).Inode) },
		Compare: func(a, b *socket.Socket) int { return cmp.Compare(namespace(a).Inode, namespace(b).Inode) },
	},
	{
		Name: "netns-name", Header: "NETNS-NAME", JSONKey: "netns.name", Shrink: 1, Min: 10, Details: socket.DetailNetNS,
		Help: "name of the network namespace: of ip netns, of Docker, or of its mount",
		Value: func(dst []byte, s *socket.Socket) []byte {
			if namespace(s).Name == "" {
				return dst
			}
			return text.AppendQuoted(dst, namespace(s).Name)
		},
		Compare: func(a, b *socket.Socket) int { return strings.Compare(namespace(a).Name, namespace(b).Name) },
	},
	{
		Name: "uid", Header: "UID", JSONKey: "uid", Right: true, Reserve: 5,
		Help: "user id that owns the socket",
		Value: func(dst []byte, s *socket.Socket) []byte {
			if !s.HasUID {
				return dst
			}
			return strconv.AppendUint(dst, uint64(s.UID), 10)
		},
		Compare: compareUID,
		Has:     func(s *socket.Socket) bool { return s.HasUID },
	},
	{
		Name: "user", Header: "USER", JSONKey: "user", Shrink: 1, Min: 6, Reserve: 8,
		Help:    "name of the user that owns the socket, or its number",
		Details: socket.DetailUser,
		Value: func(dst []byte, s *socket.Socket) []byte {
			if s.User == "" && !s.HasUID {
				return dst
			}
			return appendUser(dst, s.User, s.UID, s.HasUID)
		},
		Compare: func(a, b *socket.Socket) int {
			if c := strings.Compare(a.User, b.User); c != 0 {
				return c
			}
			return compareUID(a, b)
		},
	},
}

func stateRole(s *socket.Socket) text.Role {
	switch s.State {
	case socket.Listen, socket.Unconn:
		return text.Listen
	case socket.Established:
		return text.Established
	case socket.TimeWait, socket.Close, socket.StateUnknown:
		return text.Dim
	case socket.Bound:
		return text.Plain
	}
	return text.Warn
}

func appendV6Only(dst []byte, s *socket.Socket) []byte {
	switch {
	case s.Family != socket.IPv6 || s.V6Only == socket.Unknown:
		return dst
	case s.V6Only == socket.Yes:
		return append(dst, "yes"...)
	}
	return append(dst, "no"...)
}

func appendNonZero(dst []byte, n uint64) []byte {
	if n == 0 {
		return dst
	}
	return strconv.AppendUint(dst, n, 10)
}

func namespace(s *socket.Socket) socket.NetNS {
	if s.NetNS == nil {
		return socket.NetNS{}
	}
	return *s.NetNS
}

// compareUID puts sockets without an owner last.
func compareUID(a, b *socket.Socket) int {
	if a.HasUID != b.HasUID {
		if a.HasUID {
			return -1
		}
		return 1
	}
	return cmp.Compare(a.UID, b.UID)
}

// appendQueue leaves a queue blank whose length is not known.
func appendQueue(dst []byte, s *socket.Socket, length uint32) []byte {
	if s.NoQueues {
		return dst
	}
	return strconv.AppendUint(dst, uint64(length), 10)
}
