package field

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/text"
)

// anyNumber is VMADDR_CID_ANY and VMADDR_PORT_ANY (include/uapi/linux/vm_sockets.h).
const anyNumber = 1<<32 - 1

// appendLocal appends the whole local end. Unlike ss it puts IPv6 addresses in
// brackets always, and like ss it shows the device that the socket is bound to
// behind the address, unless the address names it as its zone already.
func appendLocal(dst []byte, s *socket.Socket) []byte {
	return appendEndpoint(dst, s, &s.Local, s.Device)
}

func appendRemote(dst []byte, s *socket.Socket) []byte {
	return appendEndpoint(dst, s, &s.Remote, "")
}

// absent reports whether s has no such end. On the local side zero is a real
// address of two families: NETLINK_ROUTE is netlink protocol 0, and a packet
// socket may be bound to protocol 0 and no interface.
func absent(s *socket.Socket, e *socket.Endpoint) bool {
	return e.IsZero() && (e == &s.Remote || s.Proto != socket.Netlink && s.Proto != socket.Packet)
}

func appendEndpoint(dst []byte, s *socket.Socket, e *socket.Endpoint, device string) []byte {
	if absent(s, e) {
		return dst
	}
	switch s.Proto {
	case socket.Unix:
		dst = appendPath(dst, e)
		if e.Node != 0 {
			dst = append(dst, '[')
			dst = strconv.AppendUint(dst, uint64(e.Node), 10)
			dst = append(dst, ']')
		}
		return dst
	case socket.Packet:
		// The protocol leads, as in ss: it is what the socket listens for.
		dst = appendPort(dst, s, e)
		dst = append(dst, ':')
		return appendInterface(dst, e)
	case socket.Netlink, socket.Vsock, socket.TIPC:
		dst = appendAddress(dst, s, e)
		dst = append(dst, ':')
		return appendPort(dst, s, e)
	case socket.XDP:
		dst = appendInterface(dst, e)
		return strconv.AppendUint(append(dst, ':', 'q'), uint64(e.Port), 10)
	}
	switch host := s.Host(e); {
	case host != "":
		dst = appendHost(dst, host)
	case e.Addr.Is4():
		dst = appendIP(dst, e.Addr)
	case e.Addr.IsValid():
		dst = append(dst, '[')
		dst = appendIP(dst, e.Addr)
		dst = append(dst, ']')
	default:
		dst = append(dst, '*')
	}
	if device != "" && e.Addr.Zone() == "" {
		dst = append(dst, '%')
		dst = text.AppendQuoted(dst, device)
	}
	dst = append(dst, ':')
	if e.Port == 0 {
		return append(dst, '*')
	}
	return appendPort(dst, s, e)
}

// appendHost appends a host name. Whoever owns an address chooses its name, so
// one that reads like an address is quoted.
func appendHost(dst []byte, host string) []byte {
	if _, err := netip.ParseAddr(host); err == nil {
		return text.AppendInQuotes(dst, host)
	}
	return text.AppendQuoted(dst, host)
}

// appendIP appends an address without brackets. The zone is an interface name
// and as hostile as one.
func appendIP(dst []byte, addr netip.Addr) []byte {
	if addr.Is4() {
		for i, octet := range addr.As4() {
			if i > 0 {
				dst = append(dst, '.')
			}
			switch {
			case octet >= 100:
				dst = append(dst, '0'+octet/100, '0'+octet/10%10)
			case octet >= 10:
				dst = append(dst, '0'+octet/10)
			}
			dst = append(dst, '0'+octet%10)
		}
		return dst
	}
	zone := addr.Zone()
	if zone == "" {
		return addr.AppendTo(dst)
	}
	dst = addr.WithZone("").AppendTo(dst)
	return text.AppendQuoted(append(dst, '%'), zone)
}

// appendAddress appends the address part alone.
func appendAddress(dst []byte, s *socket.Socket, e *socket.Endpoint) []byte {
	if absent(s, e) {
		return dst
	}
	switch s.Proto {
	case socket.Unix:
		if e.Name == "" {
			return dst
		}
		return appendPath(dst, e)
	case socket.Packet, socket.XDP:
		return appendInterface(dst, e)
	case socket.Netlink:
		// Only the local end carries the netlink protocol.
		return appendNumber(dst, NetlinkProtocol(s.Local.Node), s.Local.Node)
	case socket.Vsock:
		return appendOrAny(dst, e.Node)
	case socket.TIPC:
		return strconv.AppendUint(dst, uint64(e.Node), 10)
	}
	if !e.Addr.IsValid() {
		return dst
	}
	return appendIP(dst, e.Addr)
}

// appendPort appends the port part alone, or nothing where there is none.
func appendPort(dst []byte, s *socket.Socket, e *socket.Endpoint) []byte {
	if absent(s, e) {
		return dst
	}
	switch s.Proto {
	case socket.Unix:
		return dst
	case socket.Raw:
		if e.Port == 0 {
			return dst
		}
		return appendNumber(dst, IPProtocol(e.Port), e.Port)
	case socket.Packet:
		if name := EtherType(e.Port); name != "" {
			return append(dst, name...)
		}
		const hex = "0123456789abcdef"
		return append(dst, '0', 'x', hex[e.Port>>12&15], hex[e.Port>>8&15], hex[e.Port>>4&15], hex[e.Port&15])
	case socket.Netlink:
		if e.Port == 0 {
			return append(dst, "kernel"...)
		}
	case socket.Vsock:
		return appendOrAny(dst, e.Port)
	case socket.XDP, socket.TIPC:
		return strconv.AppendUint(dst, uint64(e.Port), 10)
	}
	if e.Port == 0 {
		return dst
	}
	return strconv.AppendUint(dst, uint64(e.Port), 10)
}

// appendPath appends the name of a unix socket: "@name" in the abstract
// namespace, "*" for an unnamed one. A path in the file system that begins
// with "@" is put in quotes so that it cannot be taken for an abstract name.
func appendPath(dst []byte, e *socket.Endpoint) []byte {
	name := e.Name
	switch {
	case name == "":
		return append(dst, '*')
	case name[0] == 0:
		return text.AppendQuoted(append(dst, '@'), name[1:])
	case name[0] == '@':
		return text.AppendInQuotes(dst, name)
	}
	return text.AppendQuoted(dst, name)
}

// appendInterface appends an interface name, "#5" for one of which only the
// index is known, and "*" for any.
func appendInterface(dst []byte, e *socket.Endpoint) []byte {
	switch {
	case e.Name != "":
		return text.AppendQuoted(dst, e.Name)
	case e.Node != 0:
		return strconv.AppendUint(append(dst, '#'), uint64(e.Node), 10)
	}
	return append(dst, '*')
}

func appendNumber(dst []byte, name string, number uint32) []byte {
	if name != "" {
		return append(dst, name...)
	}
	return strconv.AppendUint(dst, uint64(number), 10)
}

func appendOrAny(dst []byte, number uint32) []byte {
	if number == anyNumber {
		return append(dst, '*')
	}
	return strconv.AppendUint(dst, uint64(number), 10)
}

// compareAddress orders by the address part alone.
func compareAddress(a, b *socket.Endpoint) int {
	if c := a.Addr.Compare(b.Addr); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Node, b.Node); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}
