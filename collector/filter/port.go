package filter

import (
	"fmt"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// portDomain is the numbers of a family, and their names.
func portDomain(f socket.Family) domain {
	d := domain{what: "a port", high: maxUint32}
	switch f {
	case socket.FamilyUnspec, socket.IPv4, socket.IPv6:
		d.high = maxPort
		d.names = (*parser).service
	case socket.FamilyNetlink:
		d.what = "a port id"
		d.names = func(p *parser, t token) (Ranges, error) {
			if lower(t.text) == "kernel" {
				return Ranges{{0, 0}}, nil
			}
			return nil, p.expected(t, "a port id or kernel", []string{"kernel"})
		}
	case socket.FamilyPacket:
		d.what, d.high = "an Ethernet protocol", maxEthertype
		d.names = func(p *parser, t token) (Ranges, error) {
			if n, ok := number(linkWords[:], t.text); ok {
				return Ranges{{int64(n), int64(n)}}, nil
			}
			return nil, p.expected(t, "an Ethernet protocol", names(linkWords[:]))
		}
	}
	d.read = wholeNumber(d.what)
	return d
}

// service looks the name of a port up.
func (p *parser) service(t token) (Ranges, error) {
	switch {
	case t.text == "":
		return nil, p.expected(t, "a port", nil)
	case p.o.Names == nil:
		return nil, p.errorAt(t, "expected a port, not %s: service names are not looked up here", shorten(t.text))
	}
	ports, err := p.o.Names.Ports(t.text)
	if err == nil && len(ports) == 0 {
		err = fmt.Errorf("there is no such service")
	}
	if err != nil {
		return nil, p.errorAt(t, "expected a port or the name of a service, not %s: %s", shorten(t.text), oneLine(err))
	}
	list := make([]Range, len(ports))
	for i, port := range ports {
		list[i] = Range{int64(port), int64(port)}
	}
	return NewRanges(list), nil
}

// portPredicate reads "sport = :80", "dport vsock::1234", "port 80,8000-8100".
func (p *parser) portPredicate(end End) (Expr, error) {
	operatorAt := p.tok
	operator, err := p.comparison()
	if err != nil {
		return nil, err
	}
	t, err := p.operandWord("a port", nil)
	if err != nil {
		return nil, err
	}
	text, family := t.text, p.portFamily()
	var of Expr = Port{}
	if name, rest, ok := strings.Cut(text, ":"); ok && name != "" {
		var known bool
		if family, known = lookupFamily(name); !known {
			return nil, p.errorAt(t, "expected a port, not %s; an address goes with src, dst or addr", shorten(text))
		}
		if rest, ok = strings.CutPrefix(rest, ":"); !ok {
			return nil, p.errorAt(t, "expected two colons between the family and the port: %s", shorten(name+"::"+rest))
		}
		if family == socket.FamilyPacket {
			return p.linkPort(end, operator, operatorAt, rest, t)
		}
		text = rest
		of = Family{family}
	} else {
		text = strings.TrimPrefix(text, ":")
	}
	p.ssKnows = p.ssKnows && isPlainPort(text)
	r, negated, err := p.compare(portDomain(family), operator, operatorAt, t.tail(text))
	if err != nil {
		return nil, err
	}
	switch family {
	case socket.FamilyUnspec:
		of = Port{End: end, Ranges: r}
	case socket.IPv4, socket.IPv6:
		of = And{of, Port{End: end, Ranges: r}}
	default:
		of = Port{End: end, Family: family, Ranges: r}
	}
	return negateIf(of, negated), nil
}

// linkPort reads "sport link::eth0": for ss, the port of a packet socket is its
// interface.
func (p *parser) linkPort(end End, operator string, operatorAt token, device string, t token) (Expr, error) {
	var h host
	p.link(&h, socket.FamilyPacket, device)
	switch {
	case len(h.all) == 0:
		return nil, p.expected(t.tail(device), "an interface", nil)
	case operator != "=" && operator != "!=":
		return nil, p.errorAt(operatorAt, "an interface is compared by = and != only")
	}
	return negateIf(h.at(end), operator == "!="), nil
}

// isPlainPort reports whether ss reads this too: it has neither lists nor ranges.
func isPlainPort(text string) bool {
	return !strings.Contains(text, ",") && (!startsNumber(text) || !strings.Contains(text, "-"))
}

// portFamily is the family of a port that does not name one.
func (p *parser) portFamily() socket.Family {
	switch p.o.Family {
	case socket.FamilyVsock, socket.FamilyNetlink, socket.FamilyXDP, socket.FamilyTIPC:
		return p.o.Family
	}
	return socket.FamilyUnspec
}

// The ranges that ports come from (RFC 6335).
var portRanges = [...]word[Range]{
	{"well-known", Range{0, 1023}},
	{"registered", Range{1024, 49151}},
	{"dynamic", Range{49152, maxPort}},
}

func (p *parser) rangePredicate() (Expr, error) {
	negated, err := p.equality("range")
	if err != nil {
		return nil, err
	}
	t, err := p.operandWord("well-known, registered or dynamic", names(portRanges[:]))
	if err != nil {
		return nil, err
	}
	for _, w := range portRanges {
		if lower(t.text) == w.name {
			return negateIf(Port{End: Local, Ranges: Ranges{w.value}}, negated), nil
		}
	}
	return nil, p.expected(t, "well-known, registered or dynamic", names(portRanges[:]))
}
