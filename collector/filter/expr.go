package filter

import (
	"net/netip"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/socket"
)

// Expr is an expression: And, Or, Not or one of the predicates below. Its
// String is the canonical spelling, which parses to an equal expression.
type Expr interface {
	String() string
	expr()
}

type (
	// And matches what all match; without members it matches everything.
	And []Expr
	// Or matches what any matches; without members it matches nothing.
	Or []Expr
	// Not matches what X does not.
	Not struct{ X Expr }
)

// End is the end of a socket that a predicate looks at.
type End uint8

// The ends. Either is one or the other.
const (
	Local End = iota
	Remote
	Either
)

// The predicates about states, protocols and addresses. All that compare a
// number do so by ranges: "!= 80" is Not of 80, "> 1024" is 1025-65535.
type (
	// States matches sockets in any state of the set.
	States struct{ Set socket.StateSet }
	// Protos matches sockets of any protocol of the set.
	Protos struct{ Set socket.ProtoSet }
	// Family matches an address family ("inet6:*").
	Family struct{ Family socket.Family }
	// Port matches when the port of End lies in a range. Family
	// socket.FamilyUnspec are the protocols that have ports
	// (socket.Proto.HasPorts), any other the number that this family keeps in
	// socket.Endpoint.Port (vsock, netlink).
	Port struct {
		End    End
		Family socket.Family
		Ranges Ranges
	}
	// Addr matches internet addresses below Prefix. As in the kernel, an IPv4
	// prefix also matches the IPv4-mapped addresses of IPv6 sockets. Zone, if
	// not "", must be the zone of the address.
	Addr struct {
		End    End
		Prefix netip.Prefix
		Zone   string
	}
	// Node matches socket.Endpoint.Node: a vsock context id, a netlink protocol.
	Node struct {
		End    End
		Family socket.Family
		Number uint32
	}
	// Name matches a unix address or the interface of a packet socket with a
	// glob, regardless of case, as ss does. An abstract name begins with "@".
	Name struct {
		End    End
		Family socket.Family
		Glob   string
	}
	// Scope matches addresses by what they are good for.
	Scope struct {
		End   End
		Scope AddressScope
	}
	// Device matches SO_BINDTODEVICE by the name of the interface.
	Device struct{ Name string }
	// Mark matches when the bits of Mask in SO_MARK are those of Value.
	Mark struct{ Value, Mask uint32 }
	// Cgroup matches the cgroup v2 that the socket was made in: exactly that
	// one, none below it. The ID is 0 until a collector has looked the path up;
	// sockets are then compared by it and not by path. String prints the path.
	Cgroup struct {
		Path string
		ID   uint64
	}
	// Autobound matches sockets whose local port the kernel chose.
	Autobound struct{}
)

// The predicates about facts and processes.
type (
	// Compare matches when the fact is a number in one of the ranges. Sockets
	// that have no such fact do not match.
	Compare struct {
		Fact   fact.Fact
		Ranges Ranges
	}
	// Text matches when the fact is text that Match accepts.
	Text struct {
		Fact  fact.Fact
		Match Match
	}
	// PID matches when any holder has a process id in the ranges.
	PID struct{ Ranges Ranges }
	// Process matches when a text of any holder is accepted.
	Process struct {
		Text  ProcessText
		Match Match
	}
)

// ProcessText is a text that a process has.
type ProcessText uint8

// The texts.
const (
	ProcessName ProcessText = iota
	ProcessCommand
	ProcessExe
	ProcessUser
	ProcessContext
	ProcessDir
	ProcessUnit
	ProcessContainer
)

// Range is First to Last, both included.
type Range struct{ First, Last int64 }

// Ranges is a list in ascending order, without overlaps.
type Ranges []Range

// Has reports whether n lies in one of the ranges.
func (r Ranges) Has(n int64) bool {
	for _, x := range r {
		if x.First <= n && n <= x.Last {
			return true
		}
	}
	return false
}

// AddressScope is what an address is good for.
type AddressScope uint8

// The scopes. Every address is in at most one.
const (
	ScopeWildcard AddressScope = iota // 0.0.0.0 and ::, and no address at all
	ScopeLoopback
	ScopePrivate // RFC 1918, RFC 4193, link-local, shared (RFC 6598)
	ScopePublic
)
