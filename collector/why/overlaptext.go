package why

import "github.com/sockls/sockls/collector/socket"

// overlapText tells how a socket's address collides with the wanted one, or
// why it does not.
func (x *explainer) overlapText(o Overlap, s *socket.Socket) string {
	here, wanted := address(s.Local.Addr), address(x.Bind.Addr)
	switch o {
	case OverlapSame:
		return "It has the very address that is wanted."
	case OverlapWildcard:
		return "It has the wildcard address " + here + ", which includes " + wanted + "."
	case OverlapIncludes:
		if !x.Bind.Addr.IsValid() {
			return "It has " + here + ", which a program that asks for every address would get too."
		}
		return "The wildcard address " + wanted + " includes " + here + ", which it has."
	case OverlapDual:
		return "It is an IPv6 socket without IPV6_V6ONLY, and such a one has its port of IPv4 too."
	case OverlapDualOwn:
		if !x.Bind.Addr.IsValid() {
			return "A program that asks for every address, of IPv6 and IPv4, would get " + here + " too, which this has."
		}
		return "The wanted " + wanted + " without IPV6_V6ONLY takes the port of IPv4 too, where this one is."
	case OverlapMapped:
		return "An IPv4-mapped IPv6 address is that IPv4 address by another name: " + here + " and " + wanted + " are the same."
	case OverlapNotOnly:
		return "It is an IPv6 socket without IPV6_V6ONLY that no program has bound, and by an oddity of the kernel such a one is in the way of 0.0.0.0."
	case ApartAddress:
		return "It has another address, " + here + "; the two can be bound at the same time."
	case ApartDevice:
		return "It is bound to another interface, and each interface has the port of its own."
	case ApartV6Only:
		return "One of the two is for IPv6 only (IPV6_V6ONLY), so that one has the port of IPv6 and the other that of IPv4."
	case ApartVRF:
		return "It is in another VRF, and each VRF has ports of its own."
	}
	return ""
}
