package workload

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// ProxyOf reads where docker-proxy sends its connections from its arguments,
// nil where they are not those of one. Command is the argument vector joined by
// single spaces; none of the arguments that matter can have any in it.
//
// dockerd starts one for each published port
// (cmd/docker-proxy/main_linux.go of moby): -proto, -host-ip, -host-port,
// -container-ip, -container-port, each followed by its value, and since 28.0
// -use-listen-fd. As with all programs that use Go's package flag, a value may
// stand behind "=", and there may be two dashes.
func ProxyOf(name, command string) *socket.Proxy {
	if name != "docker-proxy" {
		return nil
	}
	words := strings.Fields(command)
	values := map[string]string{}
	for i := 1; i < len(words); i++ {
		word, dashed := strings.CutPrefix(words[i], "-")
		if !dashed {
			return nil
		}
		key, value, joined := strings.Cut(strings.TrimPrefix(word, "-"), "=")
		switch {
		case key == "use-listen-fd": // a flag without a value
			continue
		case !joined && i+1 < len(words):
			i++
			value = words[i]
		}
		values[key] = value
	}
	p := socket.Proxy{}
	var ok [2]bool
	p.Host, ok[0] = addrPort(values["host-ip"], values["host-port"])
	p.Inside, ok[1] = addrPort(values["container-ip"], values["container-port"])
	switch values["proto"] {
	case "tcp", "": // the default
		p.Proto = socket.TCP
	case "udp":
		p.Proto = socket.UDP
	case "sctp":
		p.Proto = socket.SCTP
	default:
		return nil
	}
	if !ok[0] || !ok[1] {
		return nil
	}
	return &p
}

func addrPort(ip, port string) (netip.AddrPort, bool) {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return netip.AddrPort{}, false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return netip.AddrPortFrom(addr, uint16(n)), err == nil && n > 0
}
