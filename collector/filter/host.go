package filter

import (
	"net/netip"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// hostPredicate reads "src = 10.0.0.0/8:80", "dst unix:/run/*".
func (p *parser) hostPredicate(end End) (Expr, error) {
	negated, err := p.equality(addrWords[end])
	if err != nil {
		return nil, err
	}
	t, err := p.operandWord("an address", nil)
	if err != nil {
		return nil, err
	}
	h, err := p.host(t)
	return negateIf(h.at(end), negated), err
}

// host is what an address says of one end: all of the predicates, the one about
// the address being any of the alternatives.
type host struct {
	all          []func(End) Expr
	alternatives []netip.Prefix
	zone         string
}

// at makes the expression for an end. That either end is such a one means that
// all predicates match the same end.
func (h host) at(end End) Expr {
	if end == Either && len(h.all) > 0 && len(h.all)+len(h.alternatives) > 1 {
		return Or{h.at(Local), h.at(Remote)}
	}
	var members And
	var addresses Or
	for _, prefix := range h.alternatives {
		addresses = append(addresses, Addr{End: end, Prefix: prefix, Zone: h.zone})
	}
	switch len(addresses) {
	case 0:
	case 1:
		members = append(members, addresses[0])
	default:
		members = append(members, addresses)
	}
	for _, predicate := range h.all {
		members = append(members, predicate(end))
	}
	if members == nil {
		return And{}
	}
	return unlist(members)
}

func (h *host) add(predicate func(End) Expr) { h.all = append(h.all, predicate) }

func (h *host) port(f socket.Family, r Ranges) {
	h.add(func(end End) Expr { return Port{end, f, r} })
}

func (h *host) node(f socket.Family, n uint32) {
	h.add(func(end End) Expr { return Node{end, f, n} })
}

func (h *host) name(f socket.Family, glob string) {
	h.add(func(end End) Expr { return Name{end, f, glob} })
}

// host reads an address of any family.
func (p *parser) host(t token) (host, error) {
	family, rest := p.o.Family, t.text
	explicit := false
	if name, after, ok := strings.Cut(rest, ":"); ok {
		if f, known := lookupFamily(name); known {
			family, rest, explicit = f, after, true
		}
	}
	if !explicit && isUnixName(rest) {
		family = socket.FamilyUnix
	}
	t = t.tail(rest)
	switch family {
	case socket.FamilyUnspec, socket.IPv4, socket.IPv6:
		if !explicit {
			// -4 and -6 choose what is listed, and are no part of an address.
			family = socket.FamilyUnspec
		}
		return p.inetHost(t, family)
	case socket.FamilyUnix:
		var h host
		h.name(family, rest)
		return h, nil
	}
	return p.otherHost(t, family)
}

// isUnixName reports whether an address can be but a unix one.
func isUnixName(text string) bool {
	return strings.HasPrefix(text, "/") || strings.HasPrefix(text, "@")
}

// otherHost reads the addresses of the families that have numbers.
func (p *parser) otherHost(t token, family socket.Family) (host, error) {
	var h host
	address, port, _ := strings.Cut(t.text, ":")
	begin := t
	begin.text = address
	if begin.kind == tokenWord {
		begin.end = begin.begin + len(address)
	}
	if (address == "" || address == "*") && (port == "" || port == "*") {
		h.add(func(End) Expr { return Family{family} })
		return h, nil
	}
	if port == "" {
		port = "*"
	}
	rest := t.tail(port)
	switch family {
	case socket.FamilyPacket:
		if err := p.ports(&h, begin, family); err != nil {
			return h, err
		}
		p.link(&h, family, rest.text)
		return h, nil
	case socket.FamilyXDP:
		p.link(&h, family, address)
		return h, p.ports(&h, rest, family)
	}
	if address != "" && address != "*" {
		words, what := familyNumbers(family)
		n, ok := number(words, address)
		if !ok {
			return h, p.expected(begin, what, names(words))
		}
		h.node(family, n)
	}
	return h, p.ports(&h, rest, family)
}

func familyNumbers(family socket.Family) (words []word[uint32], what string) {
	switch family {
	case socket.FamilyNetlink:
		return netlinkWords[:], "a netlink protocol"
	case socket.FamilyVsock:
		return vsockWords[:], "a context id"
	}
	return nil, "the number of a node"
}

// ports adds the numbers that t lists unless they are any.
func (p *parser) ports(h *host, t token, family socket.Family) error {
	if t.text == "" || t.text == "*" {
		return nil
	}
	p.ssKnows = p.ssKnows && isPlainPort(t.text)
	r, err := p.numberList(portDomain(family), t)
	if err == nil {
		h.port(family, r)
	}
	return err
}

// link adds an interface, by name or index.
func (p *parser) link(h *host, family socket.Family, device string) {
	switch index, ok := number(nil, device); {
	case device == "" || device == "*":
	case ok:
		h.node(family, index)
	default:
		h.name(family, device)
	}
}

// inetHost reads ADDRESS[/LENGTH][:PORT]. FamilyUnspec takes either family.
func (p *parser) inetHost(t token, family socket.Family) (host, error) {
	var h host
	address, port, hasPort, err := p.splitPort(t)
	if err != nil {
		return h, err
	}
	switch lower(address) {
	case "", "*", "any", "all", "default":
		if address == "" && !hasPort {
			return h, p.expected(t, "an address", nil)
		}
		if family != socket.FamilyUnspec {
			h.add(func(End) Expr { return Family{family} })
		}
	default:
		if err := p.addresses(&h, t, address, family); err != nil {
			return h, err
		}
	}
	if hasPort && port.text == "" {
		return h, p.expected(port, "a port", nil)
	}
	return h, p.ports(&h, port, socket.FamilyUnspec)
}

// splitPort takes the port off an address. Of what has two colons and no
// brackets all is address.
func (p *parser) splitPort(t token) (address string, port token, hasPort bool, err error) {
	if strings.HasPrefix(t.text, "[") {
		inside, after, ok := strings.Cut(t.text[1:], "]")
		if !ok {
			return "", token{}, false, p.errorAt(t, `expected a "]" after the IPv6 address`)
		}
		length, number, hasPort := strings.Cut(after, ":")
		if length != "" && length[0] != '/' {
			return "", token{}, false, p.errorAt(t, `expected "/" or ":" after the "]"`)
		}
		if !strings.Contains(inside, ":") {
			return "", token{}, false, p.errorAt(t, "expected an IPv6 address in the brackets")
		}
		return inside + length, t.tail(number), hasPort, nil
	}
	if strings.Count(t.text, ":") >= 2 {
		return t.text, t.tail(""), false, nil
	}
	address, number, hasPort := strings.Cut(t.text, ":")
	return address, t.tail(number), hasPort, nil
}
