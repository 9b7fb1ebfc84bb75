package netfilter

import (
	"bufio"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// parseIPVS reads /proc/net/ip_vs (net/netfilter/ipvs/ip_vs_ctl.c): a line for
// each virtual server, and one that begins with an arrow for each machine behind
// it. Servers that are chosen by a mark of the firewall catch what that marks.
func parseIPVS(r io.Reader) ([]machine.Forward, error) {
	var out []machine.Forward
	in := bufio.NewScanner(r)
	for in.Scan() {
		f := strings.Fields(in.Text())
		if len(f) < 2 || len(out) >= foundLimit {
			continue
		}
		if f[0] == "->" {
			if n := len(out); n > 0 {
				addServer(&out[n-1], f[1])
			}
			continue
		}
		if v, ok := virtualServer(f[0], f[1]); ok {
			out = append(out, v)
		}
	}
	for i := range out {
		if v := &out[i]; len(v.Targets) == 1 {
			v.Targets = nil
		}
	}
	return out, in.Err()
}

func virtualServer(proto, local string) (machine.Forward, bool) {
	v := machine.Forward{Source: "ipvs", Incoming: true, Outgoing: true}
	switch proto {
	case "TCP":
		v.Proto = socket.TCP
	case "UDP":
		v.Proto = socket.UDP
	case "SCTP":
		v.Proto = socket.SCTP
	case "FWM":
		v.Partial = true
		v.Where = "fwmark " + local
		return v, true
	default:
		return v, false
	}
	at, ok := hexAddrPort(local)
	if !ok {
		return v, false
	}
	v.Family = socket.IPv6
	if at.Addr().Is4() {
		v.Family = socket.IPv4
	}
	v.Where = strings.ToLower(proto) + " " + at.String()
	v.To = []netip.Prefix{netip.PrefixFrom(at.Addr(), at.Addr().BitLen())}
	if at.Port() != 0 { // a persistent server may have all ports
		v.Ports = []machine.Ports{{First: at.Port(), Last: at.Port()}}
	}
	return v, true
}

func addServer(v *machine.Forward, text string) {
	to, ok := hexAddrPort(text)
	switch {
	case !ok || v.Elsewhere:
		v.Elsewhere, v.Target, v.Targets = true, netip.AddrPort{}, nil
	case len(v.Targets) == 0:
		v.Target = to
		v.Targets = []netip.AddrPort{to}
	case len(v.Targets) < choiceLimit:
		v.Targets = append(v.Targets, to)
	}
}

// hexAddrPort reads C0A80001:0050 and [2001:0db8:…]:0050, whose port is
// hexadecimal too.
func hexAddrPort(text string) (netip.AddrPort, bool) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return netip.AddrPort{}, false
	}
	port, err := strconv.ParseUint(text[i+1:], 16, 16)
	if err != nil {
		return netip.AddrPort{}, false
	}
	if host, ok := strings.CutPrefix(text[:i], "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(host, "]"))
		return netip.AddrPortFrom(addr, uint16(port)), err == nil && addr.Is6() && addr.Zone() == ""
	}
	v4, err := strconv.ParseUint(text[:i], 16, 32)
	if err != nil || i != 8 {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(big.AppendUint32(nil, uint32(v4)))), uint16(port)), true
}
