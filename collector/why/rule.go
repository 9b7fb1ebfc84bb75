package why

// Rule names a kind of reason. The names are stable and made for scripts.
type Rule string

// Sockets of the same namespace and protocol.
const (
	RuleListener    Rule = "listener"     // a TCP listener
	RuleGroup       Rule = "reuseport"    // one or more listeners or UDP sockets with SO_REUSEPORT
	RuleBound       Rule = "bound"        // bound and not listening
	RuleOutgoing    Rule = "outgoing"     // a connection or UDP socket that was given the port by the kernel
	RuleConnected   Rule = "connected"    // another connection with a program: accepted, or bound before connect
	RuleChild       Rule = "child"        // an accepted connection whose listener is gone
	RuleNotAccepted Rule = "not-accepted" // in the queue of a listener
	RuleTimeWait    Rule = "time-wait"
	RuleClosing     Rule = "closing"  // closed by its program, the kernel still finishing it
	RuleDatagram    Rule = "datagram" // a UDP socket without SO_REUSEPORT
	RuleKernel      Rule = "kernel"   // a socket of the kernel's own, or one it will make
)

// Everything else.
const (
	RulePrivileged  Rule = "privileged-port"
	RuleNoAddress   Rule = "address-not-here"
	RuleNoDevice    Rule = "device-not-here"
	RuleNoScope     Rule = "scope-missing" // a link-local address without an interface
	RuleBadAddress  Rule = "address-impossible"
	RuleNoIPv6      Rule = "no-ipv6"
	RuleNoOption    Rule = "option-not-here" // the system has no such socket option
	RuleExcluded    Rule = "excluded-port"   // Windows keeps the port from programs
	RuleUnseen      Rule = "unseen"          // sockets that the tables do not show
	RuleReserved    Rule = "reserved-port"
	RuleEphemeral   Rule = "ephemeral-port"
	RuleForward     Rule = "forwarded"
	RuleOtherProto  Rule = "other-protocol"
	RuleOtherNetNS  Rule = "other-namespace"
	RuleAccidental  Rule = "shared-by-accident" // different programs in one reuseport group
	RuleNoCollision Rule = "no-collision"       // on this port, and no obstacle: another address, another device
)

// Overlap tells how the address of a socket collides with the wanted one, or
// why it does not.
type Overlap string

// The overlaps.
const (
	OverlapNone     Overlap = ""
	OverlapSame     Overlap = "same-address"
	OverlapWildcard Overlap = "wildcard"       // the socket's is the wildcard, which includes it
	OverlapIncludes Overlap = "includes"       // the wanted one is the wildcard, which includes the socket's
	OverlapDual     Overlap = "dual-stack"     // an IPv6 wildcard that holds IPv4
	OverlapDualOwn  Overlap = "own-dual-stack" // the wanted one is such a wildcard
	OverlapMapped   Overlap = "v4-mapped"      // one of the two is an IPv4-mapped address

	ApartAddress Overlap = "other-address"
	ApartDevice  Overlap = "other-device"
	ApartV6Only  Overlap = "v6only" // they would collide, were it not for IPV6_V6ONLY
	ApartVRF     Overlap = "other-vrf"
)
