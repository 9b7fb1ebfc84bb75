package netfilter

import (
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// Flags of struct nf_nat_range (include/uapi/linux/netfilter/nf_nat.h).
const (
	rangeAddresses = 1 << 0
	rangePorts     = 1 << 1
	rangeOffset    = 1 << 5 // ports are moved, and not replaced
)

// addTarget decodes a target of the old tables.
func (r *rule) addTarget(name string, revision uint32, info []byte) {
	r.addTargetIn(native, name, revision, info)
}

func (r *rule) addTargetIn(o order, name string, revision uint32, info []byte) {
	switch name {
	case "DNAT", "REDIRECT", "NETMAP":
		r.addDNAT(o, name, revision, info)
	case "TPROXY":
		if t, ok := tproxyTarget(o, revision, info); ok {
			r.op(&tproxyOp{fixed: &t, ends: true})
		} else {
			r.op(&stopOp{perhaps: true})
		}
	case "MARK", "CONNMARK", "LOG", "NFLOG", "CT", "NOTRACK", "TRACE", "TCPMSS", "TCPOPTSTRIP", "CLASSIFY",
		"DSCP", "TOS", "TTL", "HL", "SET", "CHECKSUM", "AUDIT", "IDLETIMER", "RATEEST", "SECMARK",
		"CONNSECMARK", "TEE", "HMARK", "LED", "ECN", "":
	case "REJECT", "MASQUERADE", "SNAT":
		r.op(&stopOp{})
	default:
		r.op(&stopOp{perhaps: true})
	}
}

func (r *rule) addDNAT(o order, name string, revision uint32, info []byte) {
	t, family, ok := natRange(o, revision, name, info)
	switch {
	case !ok:
		t = target{elsewhere: true}
	case name == "REDIRECT":
		t.from, t.to = netip.Addr{}, netip.Addr{}
	case name == "NETMAP":
		t = target{elsewhere: true}
	}
	r.op(&dnatOp{family: family, fixed: &t})
}

// natRange decodes what is to become of the destination, which has structures of
// three kinds: struct nf_nat_ipv4_multi_range_compat for IPv4, of which there can
// only be one, struct nf_nat_range for IPv6, and struct nf_nat_range2 for both
// where there is a second revision.
func natRange(o order, revision uint32, name string, b []byte) (t target, family uint8, ok bool) {
	const (
		sizeV4  = 20
		size    = 40
		size2   = 44 // padded
		portsAt = 36
	)
	switch {
	case name == "DNAT" && revision >= 2 && len(b) >= size2:
	case revision == 0 && len(b) >= sizeV4 && len(b) < size && o.Uint32(b) == 1:
		return newTarget(o.Uint32(b[4:]), b[8:12], b[12:16], b[16:20]), familyIPv4, true
	case revision < 2 && len(b) >= size:
		family = familyIPv6
	default:
		return t, 0, false
	}
	return newTarget(o.Uint32(b), b[4:20], b[20:36], b[portsAt:portsAt+4]), family, true
}

// newTarget has addresses of 4 bytes, or of 16 of which an IPv4 one has the
// first: which it is, the rule knows when it is reached.
func newTarget(flags uint32, from, to, ports []byte) (t target) {
	if flags&rangeAddresses != 0 {
		t.from, _ = netip.AddrFromSlice(from)
		t.to, _ = netip.AddrFromSlice(to)
	}
	if flags&rangePorts != 0 {
		t.fromPort, t.toPort = big.Uint16(ports), big.Uint16(ports[2:])
	}
	t.unsure = flags&rangeOffset != 0
	return t
}

// in reads the addresses of a union as those of a family.
func (t target) in(w way) target {
	if w.family == socket.IPv4 {
		t.from, t.to = first4(t.from), first4(t.to)
	}
	return t
}

func first4(a netip.Addr) netip.Addr {
	if !a.Is6() {
		return a
	}
	b := a.As16()
	return netip.AddrFrom4([4]byte(b[:4]))
}

// tproxyTarget decodes struct xt_tproxy_target_info and its version 1.
func tproxyTarget(o order, revision uint32, b []byte) (t target, ok bool) {
	switch {
	case revision == 0 && len(b) >= 14:
		t.from, _ = netip.AddrFromSlice(b[8:12])
		t.fromPort = big.Uint16(b[12:])
	case revision == 1 && len(b) >= 26:
		t.from, _ = netip.AddrFromSlice(b[8:24])
		t.fromPort = big.Uint16(b[24:])
	default:
		return t, false
	}
	return t, true
}
