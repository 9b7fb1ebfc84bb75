package jsonout

import (
	"net/netip"
	"strconv"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
)

// AppendEndpoint appends one end of s under key, in the shape that fits the
// protocol.
func AppendEndpoint(dst []byte, key string, s *socket.Socket, e *socket.Endpoint) []byte {
	dst = appendKey(dst, key)
	remote := e == &s.Remote
	if e.IsZero() && (remote || s.Proto.Inet() || s.Proto == socket.XDP) {
		return append(dst, "null"...)
	}
	dst = append(dst, '{')
	switch s.Proto {
	case socket.Unix:
		dst = appendPath(dst, e.Name)
		if remote {
			dst = appendNumber(dst, "inode", uint64(e.Node))
		}
	case socket.Packet:
		dst = appendProtocol(dst, e.Port, field.EtherType(e.Port))
		if e.Name != "" {
			dst = appendText(dst, "device", e.Name)
		}
		if e.Node != 0 {
			dst = appendNumber(dst, "ifindex", uint64(e.Node))
		}
	case socket.Netlink:
		// Only the local end carries the protocol; both ends share it.
		name := field.NetlinkProtocol(s.Local.Node)
		dst = appendNumber(dst, "protocol", uint64(s.Local.Node))
		dst = appendTextOrNull(dst, "protocol_name", name)
		dst = appendNumber(dst, "portid", uint64(e.Port))
		if remote {
			dst = appendNumber(dst, "group", uint64(e.Node))
		}
	case socket.Vsock:
		dst = appendNumber(dst, "cid", uint64(e.Node))
		dst = appendNumber(dst, "port", uint64(e.Port))
	case socket.XDP:
		dst = appendTextOrNull(dst, "device", e.Name)
		dst = appendNumber(dst, "ifindex", uint64(e.Node))
		dst = appendNumber(dst, "queue", uint64(e.Port))
	case socket.TIPC:
		dst = appendNumber(dst, "node", uint64(e.Node))
		dst = appendNumber(dst, "ref", uint64(e.Port))
	case socket.Raw:
		dst = appendAddress(dst, e)
		dst = appendProtocol(dst, e.Port, field.IPProtocol(e.Port))
	default:
		dst = appendAddress(dst, e)
		dst = appendNumber(dst, "port", uint64(e.Port))
	}
	if host := s.Host(e); host != "" {
		dst = appendText(dst, "host", host)
	}
	return append(dst, '}')
}

func appendAddress(dst []byte, e *socket.Endpoint) []byte { return AppendAddress(dst, e.Addr) }

// AppendAddress appends the keys that tell an internet address to an object
// that is open.
func AppendAddress(dst []byte, addr netip.Addr) []byte {
	dst = appendKey(dst, "address")
	if !addr.IsValid() {
		return append(dst, "null"...)
	}
	zone := addr.Zone()
	if zone != "" {
		addr = addr.WithZone("")
	}
	dst = append(dst, '"')
	dst = addr.AppendTo(dst)
	dst = append(dst, '"')
	if zone != "" {
		dst = appendText(dst, "zone", zone)
	}
	return dst
}

// appendPath appends the name of a unix socket, "" for an unnamed one.
func appendPath(dst []byte, name string) []byte {
	if name == "" || name[0] != 0 {
		return appendText(dst, "path", name)
	}
	dst = appendPlain(dst, "path", "@"+name[1:])
	dst = appendTwin(dst, "path", name)
	return append(appendKey(dst, "abstract"), "true"...)
}

func appendProtocol(dst []byte, number uint32, name string) []byte {
	dst = appendNumber(dst, "protocol", uint64(number))
	if name != "" {
		dst = appendText(dst, "protocol_name", name)
	}
	return dst
}

func appendNumber(dst []byte, key string, n uint64) []byte {
	return strconv.AppendUint(appendKey(dst, key), n, 10)
}
