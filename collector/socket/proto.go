package socket

// Proto is the protocol column: what "ss" calls Netid, finer than the address
// family and coarser than the socket type.
type Proto uint8

// The protocols, in the order people look for them; the default sort uses it.
const (
	ProtoUnknown Proto = iota
	TCP
	MPTCP
	UDP
	UDPLite
	SCTP
	Raw
	Ping
	Unix
	Packet
	Netlink
	Vsock
	XDP
	TIPC
	protoEnd
)

var protoNames = [protoEnd]string{
	"unknown", "tcp", "mptcp", "udp", "udplite", "sctp", "raw", "ping",
	"unix", "packet", "netlink", "vsock", "xdp", "tipc",
}

// String returns the name used by the JSON contract and by --query.
// It is called in so many places that to inline it takes 12 KB.
//
//go:noinline
func (p Proto) String() string {
	if p >= protoEnd {
		p = ProtoUnknown
	}
	return protoNames[p]
}

// ParseProto is the inverse of String; the comparison is case-sensitive.
func ParseProto(name string) (Proto, bool) {
	for p := TCP; p < protoEnd; p++ {
		if protoNames[p] == name {
			return p, true
		}
	}
	return ProtoUnknown, false
}

// Protos lists every protocol in display order.
func Protos() []Proto {
	all := make([]Proto, 0, protoEnd-1)
	for p := TCP; p < protoEnd; p++ {
		all = append(all, p)
	}
	return all
}

// ProtoSet is a set of protocols; its zero value is empty.
type ProtoSet uint32

// InetProtos are the protocols that carry an internet address. AllProtos is
// everything this program knows.
const (
	InetProtos ProtoSet = 1<<TCP | 1<<MPTCP | 1<<UDP | 1<<UDPLite | 1<<SCTP | 1<<Raw | 1<<Ping
	AllProtos  ProtoSet = 1<<protoEnd - 1<<TCP
)

// ProtoSetOf builds a set.
func ProtoSetOf(protos ...Proto) ProtoSet {
	var s ProtoSet
	for _, p := range protos {
		s |= 1 << p
	}
	return s
}

// Has reports whether p is in the set.
func (s ProtoSet) Has(p Proto) bool { return s&(1<<p) != 0 }

// Inet reports whether the protocol's endpoints are internet addresses.
func (p Proto) Inet() bool { return InetProtos.Has(p) }

// HasPorts reports whether the port of an endpoint is a transport port, the
// number people mean by "port". Raw endpoints carry an IP protocol number
// there, ping endpoints an ICMP identifier.
func (p Proto) HasPorts() bool {
	return ProtoSet(1<<TCP | 1<<MPTCP | 1<<UDP | 1<<UDPLite | 1<<SCTP).Has(p)
}

// Family is the address family.
type Family uint8

// The address families.
const (
	FamilyUnspec Family = iota
	IPv4
	IPv6
	FamilyUnix
	FamilyPacket
	FamilyNetlink
	FamilyVsock
	FamilyXDP
	FamilyTIPC
	familyEnd
)

var familyNames = [familyEnd]string{"unspec", "ipv4", "ipv6", "unix", "packet", "netlink", "vsock", "xdp", "tipc"}

// String returns the name used by the JSON contract.
func (f Family) String() string {
	if f >= familyEnd {
		f = FamilyUnspec
	}
	return familyNames[f]
}

// Type is the socket type given to socket(2). Values are the kernel's
// (enum sock_type, include/linux/net.h), so that backends need no table.
type Type uint8

// The socket types.
const (
	TypeUnknown Type = 0
	Stream      Type = 1
	Dgram       Type = 2
	RawType     Type = 3
	RDM         Type = 4
	Seqpacket   Type = 5
)

// String returns the name used by the JSON contract.
func (t Type) String() string {
	switch t {
	case Stream:
		return "stream"
	case Dgram:
		return "dgram"
	case RawType:
		return "raw"
	case RDM:
		return "rdm"
	case Seqpacket:
		return "seqpacket"
	}
	return "unknown"
}
