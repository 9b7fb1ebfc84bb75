package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// target is the ports that a command is about, and where they are.
type target struct {
	// protos are in the order in which they were said; none where nobody did.
	protos []socket.Proto
	// addrs are those that one address or the name of a host stand for; none where
	// there was none, or the asterisk.
	addrs []netip.Addr
	// ports are in the order in which they were said, none of them twice.
	ports []machine.Ports
}

// parseTarget reads [tcp|udp] [ADDR:]PORT, with the protocol before or after, or
// behind the port as in 53/udp. A PORT is a number, a range, the name of a
// service, or a list of these; an ADDR is an address, in brackets if it is one of
// IPv6, or the name of a host.
func parseTarget(ctx context.Context, words []string) (target, error) {
	ctx, cancel := context.WithTimeout(ctx, nameLimit)
	defer cancel()
	t, places, err := splitProtos(words)
	if err != nil {
		return target{}, err
	}
	if len(places) == 0 {
		return target{}, errors.New("which port? it is missing, as in :8080, 127.0.0.1:80 or [::1]:80")
	}
	r := targetReader{ctx: ctx, target: &t}
	first, _, err := splitPlace(places[0])
	if err != nil {
		return target{}, err
	}
	for _, word := range places {
		host, ports, err := splitPlace(word)
		if err != nil {
			return target{}, err
		}
		if host != first {
			return target{}, fmt.Errorf("%q and %q are two addresses; ask for one after the other", places[0], word)
		}
		if err := r.ports(ports); err != nil {
			return target{}, fmt.Errorf("port %q: %w", ports, err)
		}
	}
	if t.addrs, err = r.addresses(first); err != nil {
		return target{}, err
	}
	return t, nil
}

// splitProtos takes the protocols from among the words, and from behind ports.
func splitProtos(words []string) (t target, places []string, err error) {
	var attached []string // words with a protocol of their own
	for _, word := range words {
		p, ok := targetProto(word)
		if !ok {
			if err := otherProto(word); err != nil {
				return target{}, nil, err
			}
			place, name, slash := cutLast(word, "/")
			if slash {
				if p, err = attachedProto(place, name); err != nil {
					return target{}, nil, fmt.Errorf("%q: %w", word, err)
				}
				attached, word = append(attached, word), place
			}
			places = append(places, word)
			if !slash {
				continue
			}
		}
		if !slices.Contains(t.protos, p) {
			t.protos = append(t.protos, p)
		}
	}
	if len(attached) > 0 && len(t.protos) > 1 {
		return target{}, nil, fmt.Errorf("%q is not about all the protocols that are named; ask for one after the other", attached[0])
	}
	return t, places, nil
}

// attachedProto reads what stands behind the slash of a port.
func attachedProto(place, name string) (socket.Proto, error) {
	if p, ok := targetProto(place); ok {
		return p, fmt.Errorf("the protocol is a word of its own, or stands behind the port: %s %s, or %s/%s", p, name, name, p)
	}
	switch {
	case place == "":
		return 0, errors.New("the port is missing")
	case strings.Contains(place, "/"):
		return 0, errors.New("one protocol is enough, behind all ports, as in 80,443/tcp")
	}
	p, ok := targetProto(name)
	if ok {
		return p, nil
	}
	if err := otherProto(name); err != nil {
		return p, err
	}
	return p, errors.New("behind the slash goes a protocol, as in 53/udp")
}

// otherProto is the error about a word that is a protocol which has no such ports.
func otherProto(word string) error {
	_, bindable := targetProto(word)
	if _, ok := socket.ParseProto(strings.ToLower(word)); !ok || bindable {
		return nil
	}
	return fmt.Errorf("%s is not asked about: %s, %s, %s", strings.ToLower(word), socket.TCP, socket.UDP, socket.UDPLite)
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// targetProto knows the protocols whose ports are bound.
func targetProto(word string) (socket.Proto, bool) {
	switch p, ok := socket.ParseProto(strings.ToLower(word)); p {
	case socket.TCP, socket.UDP, socket.UDPLite:
		return p, ok
	}
	return socket.ProtoUnknown, false
}

// splitPlace cuts the ports from what stands before their colon. The host is ""
// where there is none.
func splitPlace(word string) (host, ports string, err error) {
	rest, bracketed := strings.CutPrefix(word, "[")
	if bracketed {
		host, ports, closed := strings.Cut(rest, "]")
		switch port, colon := strings.CutPrefix(ports, ":"); {
		case !closed:
			return "", "", fmt.Errorf("%q has a bracket that does not close", word)
		case host == "":
			return "", "", fmt.Errorf("%q has no address in its brackets", word)
		case !colon || port == "":
			return "", "", fmt.Errorf("%q is an address without a port: %s:PORT", word, "["+host+"]")
		default:
			return "[" + host, port, nil
		}
	}
	colon := strings.LastIndexByte(word, ':')
	if colon < 0 {
		if _, err := netip.ParseAddr(word); err == nil {
			return "", "", fmt.Errorf("%q is an address without a port: %s:PORT", word, word)
		}
		return "", word, nil
	}
	host, ports = word[:colon], word[colon+1:]
	switch _, proto := targetProto(host); {
	case strings.Contains(host, ":"):
		return "", "", bracketsError(word, host, ports)
	case ports == "":
		return "", "", fmt.Errorf("%q has no port behind its colon", word)
	case proto:
		return "", "", fmt.Errorf("the protocol is a word of its own: %s :%s", strings.ToLower(host), ports)
	case host == "*":
		host = ""
	}
	return host, ports, nil
}

// bracketsError is about an IPv6 address without brackets. Its end may be a port.
func bracketsError(word, host, ports string) error {
	isAddress := func(s string) bool {
		a, err := netip.ParseAddr(s)
		return err == nil && !strings.Contains(a.Zone(), ":")
	}
	withPort := isAddress(host) && ports != ""
	switch whole := isAddress(word); {
	case withPort && whole:
		return fmt.Errorf("%q is ambiguous: an IPv6 address goes into brackets, as in [%s]:%s, or [%s]:PORT", word, host, ports, word)
	case withPort:
		return fmt.Errorf("%q: an IPv6 address goes into brackets, as in [%s]:%s", word, host, ports)
	case whole:
		return fmt.Errorf("%q is an address without a port, and goes into brackets: [%s]:PORT", word, word)
	}
	return fmt.Errorf("%q is no place: an address and a port are as in 127.0.0.1:80 or [::1]:80", word)
}

// targetReader looks up what a target calls by name.
type targetReader struct {
	ctx context.Context
	*target
}

// addresses are those of a host as splitPlace returns it.
func (r *targetReader) addresses(host string) ([]netip.Addr, error) {
	if host == "" {
		return nil, nil
	}
	literal, bracketed := strings.CutPrefix(host, "[")
	addr, err := netip.ParseAddr(literal)
	switch {
	case err == nil:
		addr, err = withZoneName(addr)
		return []netip.Addr{addr}, err
	case bracketed:
		return nil, fmt.Errorf("%q is no address", literal)
	case literal[0] >= '0' && literal[0] <= '9' && strings.Trim(literal, "0123456789.") == "":
		return nil, fmt.Errorf("%q is no IPv4 address", literal) // nor the name of a host
	}
	addrs, err := names{r.ctx}.Addresses(literal)
	if err != nil {
		return nil, fmt.Errorf("host %q: %w", literal, err)
	}
	var all []netip.Addr
	for _, a := range addrs {
		if a = a.Unmap(); !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all, nil
}

// withZoneName names the interface of an address that has its number: sockets
// come with names.
func withZoneName(a netip.Addr) (netip.Addr, error) {
	index, err := strconv.Atoi(a.Zone())
	if err != nil {
		return a, nil // a name, or none
	}
	if _, err := net.InterfaceByName(a.Zone()); err == nil {
		return a, nil // a name made of digits
	}
	link, err := net.InterfaceByIndex(index)
	if err != nil {
		return a, fmt.Errorf("address %s: there is no interface %d", a, index)
	}
	return a.WithZone(link.Name), nil
}

// ports adds a list.
func (r *targetReader) ports(list string) error {
	for word := range strings.SplitSeq(list, ",") {
		p, err := r.port(word)
		if err != nil {
			return err
		}
		if !slices.Contains(r.target.ports, p) {
			r.target.ports = append(r.target.ports, p)
		}
	}
	return nil
}

// port reads one number, range or name. Names may have a dash, ranges are made
// of numbers.
func (r *targetReader) port(word string) (machine.Ports, error) {
	first, last, dash := strings.Cut(word, "-")
	switch {
	case word == "":
		return machine.Ports{}, errors.New("there is an empty one in the list")
	case !isNumber(first) || dash && !isNumber(last):
		return r.service(word)
	case !dash:
		last = first
	}
	var p machine.Ports
	var err error
	if p.First, err = portNumber(first); err == nil {
		p.Last, err = portNumber(last)
	}
	if err == nil && p.First > p.Last {
		err = fmt.Errorf("the range %s ends before it begins", word)
	}
	return p, err
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func portNumber(word string) (uint16, error) {
	n, err := strconv.ParseUint(word, 10, 16)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s is beyond 65535, the last port", word)
	case n == 0:
		return 0, errors.New("0 is no port: it asks the kernel to choose one")
	}
	return uint16(n), nil
}

// service looks a name up for the protocols that were said, or for TCP and, if
// it has none there, for UDP.
func (r *targetReader) service(word string) (machine.Ports, error) {
	networks := []string{"tcp", "udp"}
	if len(r.protos) > 0 {
		networks = nil
		for _, p := range r.protos {
			network := "udp"
			if p == socket.TCP {
				network = "tcp"
			}
			networks = append(networks, network)
		}
	}
	for _, network := range networks {
		port, err := net.DefaultResolver.LookupPort(r.ctx, network, word)
		if err == nil && port > 0 {
			return machine.Ports{First: uint16(port), Last: uint16(port)}, nil
		}
	}
	return machine.Ports{}, fmt.Errorf("%q is neither a number nor the name of a %s service", word, strings.Join(networks, " or "))
}
