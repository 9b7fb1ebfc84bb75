package rtnetlink

import (
	"encoding/binary"
	"net/netip"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// Messages and attributes of generic netlink and of the families that are asked
// (include/uapi/linux/genetlink.h, fou.h, l2tp.h, wireguard.h, nfsd_netlink.h).
const (
	genlControl = 16 // GENL_ID_CTRL
	genlmsgLen  = 4  // struct genlmsghdr

	ctrlGetFamily    = 3
	ctrlAttrFamilyID = 1
	ctrlAttrName     = 2

	fouGet      = 3
	fouAttrPort = 1
	fouAttrType = 4
	fouTypeGUE  = 2

	l2tpTunnelGet     = 4
	l2tpAttrEncapType = 2
	l2tpAttrUDPSport  = 26
	l2tpEncapUDP      = 0

	wgGetDevice      = 0
	wgAttrIfindex    = 1
	wgAttrListenPort = 6

	nfsdListenerGet      = 7
	nfsdAttrSockAddr     = 1
	nfsdAttrAddr         = 1
	nfsdAttrTransport    = 2
	sockaddrInetLen      = 4 // as much of a struct sockaddr_in or _in6 as is read
	sockaddrPortPosition = 2
)

// command is a request of generic netlink with its attributes.
func command(cmd uint8, attributes []byte) []byte {
	return append([]byte{cmd, 1, 0, 0}, attributes...)
}

// family reads the name and the number of a family from a CTRL_CMD_NEWFAMILY.
func (w wire) family(b []byte) (name string, id uint16) {
	if len(b) < genlmsgLen {
		return "", 0
	}
	w.attributes(b[genlmsgLen:], func(kind uint16, value []byte) {
		switch kind {
		case ctrlAttrName:
			name = text(value)
		case ctrlAttrFamilyID:
			id, _ = w.u16(value)
		}
	})
	return name, id
}

// families are the numbers of those that are asked further, 0 for those that
// this kernel has not (loaded). All are listed, because asking for one by name
// loads its module.
type families struct{ fou, l2tp, wireguard, nfsd uint16 }

func (c *client) readFamilies() (families, error) {
	var f families
	err := c.dump(genlControl, command(ctrlGetFamily, nil),
		func() { f = families{} },
		func(b []byte) error {
			switch name, id := c.family(b); name {
			case "fou":
				f.fou = id
			case "l2tp":
				f.l2tp = id
			case "wireguard":
				f.wireguard = id
			case "nfsd":
				f.nfsd = id
			}
			return nil
		})
	return f, err
}

// readPorts asks a family for a list and gathers the ports of its messages.
func (c *client) readPorts(family uint16, body []byte, decode func([]byte) (machine.KernelPort, bool)) ([]machine.KernelPort, error) {
	var ports []machine.KernelPort
	err := c.dump(family, body,
		func() { ports = ports[:0] },
		func(b []byte) error {
			if p, ok := decode(b); ok {
				ports = append(ports, p)
			}
			return nil
		})
	return ports, err
}

// fou reads a FOU_CMD_GET answer: a port that receives foo-over-UDP or generic
// UDP encapsulation.
func (w wire) fou(b []byte) (p machine.KernelPort, ok bool) {
	if len(b) < genlmsgLen {
		return p, false
	}
	p = machine.KernelPort{Proto: socket.UDP, Kind: "fou"}
	w.attributes(b[genlmsgLen:], func(kind uint16, value []byte) {
		switch kind {
		case fouAttrPort:
			p.Port = port(value)
		case fouAttrType:
			if len(value) > 0 && value[0] == fouTypeGUE {
				p.Kind = "gue"
			}
		}
	})
	return p, p.Port != 0
}

// l2tp reads an L2TP_CMD_TUNNEL_GET answer. The port is in native byte order.
func (w wire) l2tp(b []byte) (p machine.KernelPort, ok bool) {
	if len(b) < genlmsgLen {
		return p, false
	}
	p = machine.KernelPort{Proto: socket.UDP, Kind: "l2tp"}
	udp := false
	w.attributes(b[genlmsgLen:], func(kind uint16, value []byte) {
		switch kind {
		case l2tpAttrEncapType:
			encap, ok := w.u16(value)
			udp = ok && encap == l2tpEncapUDP
		case l2tpAttrUDPSport:
			p.Port, _ = w.u16(value)
		}
	})
	return p, udp && p.Port != 0
}

func (w wire) wireguardRequest(index int) []byte {
	return command(wgGetDevice, w.number(nil, wgAttrIfindex, uint32(index)))
}

// wireguard reads the port, in native byte order, from a WG_CMD_GET_DEVICE
// answer, 0 where it has none. Nothing else of the message is looked at.
func (w wire) wireguard(b []byte) (found uint16) {
	if len(b) < genlmsgLen {
		return 0
	}
	w.attributes(b[genlmsgLen:], func(kind uint16, value []byte) {
		if kind == wgAttrListenPort {
			found, _ = w.u16(value)
		}
	})
	return found
}

// readWireguard asks for the port of one interface. The kernel sends the keys,
// too, to whoever may ask at all; they are wiped from the buffer.
func (c *client) readWireguard(family uint16, l link) (p machine.KernelPort, err error) {
	p = machine.KernelPort{Proto: socket.UDP, Kind: l.Kind, Link: l.Name}
	defer clear(c.buf)
	err = c.ask(family, flagDump, c.wireguardRequest(l.Index), func(b []byte) error {
		if n := c.wireguard(b); n != 0 {
			p.Port = n
		}
		return nil
	})
	return p, err
}

// nfsd reads an NFSD_CMD_LISTENER_GET answer: one nested attribute for each
// listener.
func (w wire) nfsd(b []byte) []machine.KernelPort {
	if len(b) < genlmsgLen {
		return nil
	}
	var ports []machine.KernelPort
	w.attributes(b[genlmsgLen:], func(kind uint16, value []byte) {
		if kind != nfsdAttrSockAddr {
			return
		}
		var transport string
		var number uint16
		w.attributes(value, func(kind uint16, value []byte) {
			switch kind {
			case nfsdAttrTransport:
				transport = text(value)
			case nfsdAttrAddr:
				number = w.sockaddrPort(value)
			}
		})
		if p, ok := servicePort("nfsd", transport, number); ok {
			ports = append(ports, p)
		}
	})
	return ports
}

// sockaddrPort is the port of a struct sockaddr_in or sockaddr_in6.
func (w wire) sockaddrPort(b []byte) uint16 {
	if family, ok := w.u16(b); !ok || len(b) < sockaddrInetLen || family != afInet && family != afInet6 {
		return 0
	}
	return binary.BigEndian.Uint16(b[sockaddrPortPosition:])
}

func (c *client) readNFSD(family uint16) ([]machine.KernelPort, error) {
	var ports []machine.KernelPort
	err := c.ask(family, flagAck, command(nfsdListenerGet, nil), func(b []byte) error {
		ports = c.nfsd(b)
		return nil
	})
	return ports, err
}

// servicePort makes the port of a service out of the name of its transport; ok
// is false for one that has no such ports, such as RDMA.
func servicePort(kind, transport string, number uint16) (p machine.KernelPort, ok bool) {
	p = machine.KernelPort{Port: number, Kind: kind}
	switch transport {
	case "tcp":
		p.Proto = socket.TCP
	case "udp":
		p.Proto = socket.UDP
	}
	return p, p.Proto != socket.ProtoUnknown && number != 0
}

// addrPortOf reads "ADDRESS:PORT" or "[ADDRESS]:PORT", 0 for what is neither.
func addrPortOf(text string) uint16 {
	addr, err := netip.ParseAddrPort(text)
	if err != nil {
		return 0
	}
	return addr.Port()
}
