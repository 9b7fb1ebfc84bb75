package rtnetlink

import (
	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// The attributes of IFLA_INFO_DATA that name the UDP port a tunnel receives on
// (include/uapi/linux/if_link.h and amt.h), all in network byte order.
const (
	iflaVXLANPort    = 15
	iflaGenevePort   = 5
	iflaBareudpPort  = 1
	iflaAMTRelayPort = 2
)

// tunnelPort is the port of a tunnel that tells it as a link, 0 for all others.
func (w wire) tunnelPort(kind string, data []byte) (found uint16) {
	var attribute uint16
	switch kind {
	case "vxlan":
		attribute = iflaVXLANPort
	case "geneve":
		attribute = iflaGenevePort
	case "bareudp":
		attribute = iflaBareudpPort
	case "amt":
		attribute = iflaAMTRelayPort
	default:
		return 0
	}
	w.attributes(data, func(kind uint16, value []byte) {
		if kind == attribute {
			found = port(value)
		}
	})
	return found
}

// tunnelPorts are those of the links that are up: all these drivers make their
// socket when the link goes up and release it when it goes down.
func tunnelPorts(links []link) []machine.KernelPort {
	var ports []machine.KernelPort
	for _, l := range links {
		if l.port != 0 && l.Up && !l.elsewhere {
			ports = append(ports, machine.KernelPort{Proto: socket.UDP, Port: l.port, Kind: l.Kind, Link: l.Name})
		}
	}
	return ports
}
