package filter

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// hostError is why something that looks like an address is none.
type hostError string

func (e hostError) Error() string { return string(e) }

// errNoAddress says that a text does not even look like an address.
const errNoAddress = hostError("no address")

// parsePrefix reads an address with or without a prefix length. With a length,
// the end of an IPv4 address may be left out.
func parsePrefix(text string) (prefix netip.Prefix, zone string, err error) {
	address, length, hasLength := strings.Cut(text, "/")
	addr, err := netip.ParseAddr(address)
	if err != nil {
		parts, ok := dottedParts(address)
		switch {
		case !ok && strings.Contains(address, ":"):
			return prefix, "", hostError("expected an IPv6 address, not " + shorten(address))
		case !ok && hasLength:
			return prefix, "", hostError("expected an address before the \"/\", not " + shorten(address))
		case !ok:
			return prefix, "", errNoAddress
		case len(parts) >= 4:
			return prefix, "", hostError("expected an IPv4 address, not " + shorten(address))
		case !hasLength:
			return prefix, "", hostError("expected an address, not " + shorten(address) + "; write :" + parts[0] +
				" for a port, or " + address + "/" + strconv.Itoa(8*len(parts)) + " for a network")
		}
		addr, err = netip.ParseAddr(address + strings.Repeat(".0", 4-len(parts)))
		if err != nil {
			return prefix, "", hostError("expected an IPv4 address, not " + shorten(address))
		}
	}
	zone, addr = addr.Zone(), addr.WithZone("")
	bits := addr.BitLen()
	if hasLength {
		n, err := strconv.ParseUint(length, 10, 8)
		if err != nil || int(n) > bits {
			return prefix, "", hostError("expected a prefix length of 0 to " + strconv.Itoa(bits) + " after the \"/\", not " + shorten(length))
		}
		bits = int(n)
	}
	return netip.PrefixFrom(addr, bits).Masked(), zone, nil
}

// dottedParts are the numbers of what could be an IPv4 address.
func dottedParts(text string) ([]string, bool) {
	parts := strings.Split(text, ".")
	for _, part := range parts {
		if part == "" || strings.Trim(part, "0123456789") != "" {
			return nil, false
		}
	}
	return parts, true
}

// addresses adds the prefixes that an address or the name of a host stands for.
func (p *parser) addresses(h *host, t token, text string, family socket.Family) error {
	prefix, zone, err := parsePrefix(text)
	switch {
	case err == errNoAddress:
		return p.lookup(h, t, text, family)
	case err != nil:
		return p.errorAt(t, "%s", oneLine(err))
	case family == socket.IPv4 && !prefix.Addr().Is4():
		return p.errorAt(t, "expected an IPv4 address after inet, not %s", shorten(text))
	case family == socket.IPv6 && !prefix.Addr().Is6():
		return p.errorAt(t, "expected an IPv6 address after inet6, not %s", shorten(text))
	}
	h.alternatives, h.zone = []netip.Prefix{prefix}, zone
	return nil
}

// lookup adds the addresses of a host.
func (p *parser) lookup(h *host, t token, name string, family socket.Family) error {
	if !isHostName(name) {
		return p.expected(t, "an address", nil)
	}
	if p.o.Names == nil {
		return p.errorAt(t, "expected an address, not %s: host names are not looked up here", shorten(name))
	}
	found, err := p.o.Names.Addresses(name)
	if err != nil {
		return p.errorAt(t, "cannot look up the host %s: %s", shorten(name), oneLine(err))
	}
	for _, addr := range found {
		addr = addr.Unmap().WithZone("") // as resolvers give IPv4 addresses
		if family == socket.IPv4 && !addr.Is4() || family == socket.IPv6 && !addr.Is6() {
			continue
		}
		h.alternatives = append(h.alternatives, netip.PrefixFrom(addr, addr.BitLen()))
	}
	if len(h.alternatives) == 0 {
		return p.errorAt(t, "the host %s has no such address", shorten(name))
	}
	return nil
}

// isHostName reports whether a resolver should be asked at all.
func isHostName(text string) bool {
	for i := range len(text) {
		c := text[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c >= 0x80
		if !letter && (i == 0 || c != '-' && c != '.' && c != '_') {
			return false
		}
	}
	return text != ""
}
