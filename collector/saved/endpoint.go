package saved

import (
	"math"
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// end is one end of a socket as it stands in a file. What its numbers mean
// depends on the protocol, which may come after it.
type end struct {
	addr                                       netip.Addr
	path, zone, device, host                   text
	port, inode, protocol, index, portid, node uint32
	group, cid, queue, ref                     uint32
	abstract                                   bool
}

func (e *end) read(d *decoder) {
	*e = end{}
	if d.null() {
		return
	}
	for key := range d.object {
		switch string(key) {
		case "address":
			e.addr = d.address()
		case "zone":
			d.text(&e.zone)
		case "zone_base64":
			d.twin(&e.zone)
		case "port":
			e.port = d.uint32()
		case "path":
			d.text(&e.path)
		case "path_base64":
			d.twin(&e.path)
		case "abstract":
			e.abstract = d.bool()
		case "inode":
			e.inode = d.uint32()
		case "protocol":
			e.protocol = d.uint32()
		case "device":
			d.text(&e.device)
		case "device_base64":
			d.twin(&e.device)
		case "ifindex":
			e.index = d.uint32()
		case "portid":
			e.portid = d.uint32()
		case "group":
			e.group = d.uint32()
		case "cid":
			e.cid = d.uint32()
		case "queue":
			e.queue = d.uint32()
		case "node":
			e.node = d.uint32()
		case "ref":
			e.ref = d.uint32()
		case "host":
			d.text(&e.host)
		case "host_base64":
			d.twin(&e.host)
		default:
			d.skip()
		}
	}
}

// address reads an internet address, whose zone has a key of its own.
func (d *decoder) address() netip.Addr {
	if d.null() {
		return netip.Addr{}
	}
	b := d.bytes()
	if d.err != nil {
		return netip.Addr{}
	}
	var addr netip.Addr
	if err := addr.UnmarshalText(b); err != nil || addr.Zone() != "" || !addr.IsValid() {
		d.failf("%s is not an address", shown(string(b)))
	}
	return addr
}

// endpoint is the end of a socket of that protocol.
func (e *end) endpoint(d *decoder, p socket.Proto, remote bool) socket.Endpoint {
	switch p {
	case socket.Unix:
		return socket.Endpoint{Name: e.name(), Node: e.inode}
	case socket.Packet:
		return socket.Endpoint{Name: e.device.value, Node: e.index, Port: e.protocol}
	case socket.Netlink:
		if remote {
			return socket.Endpoint{Node: e.group, Port: e.portid}
		}
		return socket.Endpoint{Node: e.protocol, Port: e.portid}
	case socket.Vsock:
		return socket.Endpoint{Node: e.cid, Port: e.port}
	case socket.XDP:
		return socket.Endpoint{Name: e.device.value, Node: e.index, Port: e.queue}
	case socket.TIPC:
		return socket.Endpoint{Node: e.node, Port: e.ref}
	case socket.Raw:
		return socket.Endpoint{Addr: e.address(), Port: e.protocol}
	}
	if e.port > math.MaxUint16 {
		d.failf("port %d is above %d", e.port, math.MaxUint16)
	}
	return socket.Endpoint{Addr: e.address(), Port: e.port}
}

func (e *end) address() netip.Addr {
	if e.zone.value == "" {
		return e.addr
	}
	return e.addr.WithZone(e.zone.value)
}

// name is the address of a unix socket. That of an abstract one reads "@name"
// and has its leading NUL in the twin.
func (e *end) name() string {
	if e.abstract && !e.path.exact && e.path.value != "" {
		return "\x00" + e.path.value[1:]
	}
	return e.path.value
}
