package cli

import (
	"slices"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/waiting"
)

// targets are the ports of a target one by one, as the flags have them.
func (o *waitOptions) targets(t target, condition waiting.Condition) ([]waiting.Target, error) {
	protos := slices.Clone(t.protos)
	for p, said := range [...]bool{socket.TCP: o.tcp, socket.UDP: o.udp} {
		if said && !slices.Contains(protos, socket.Proto(p)) {
			protos = append(protos, socket.Proto(p))
		}
	}
	if len(protos) == 0 {
		protos = []socket.Proto{socket.TCP}
	}
	places, err := o.places(t, condition)
	if err != nil {
		return nil, err
	}
	var all []waiting.Target
	for _, p := range protos {
		seen := map[uint16]bool{}
		for _, r := range t.ports {
			for port := uint32(r.First); port <= uint32(r.Last); port++ {
				if seen[uint16(port)] {
					continue
				}
				seen[uint16(port)] = true
				for _, one := range places {
					one.Proto, one.Port = p, uint16(port)
					all = append(all, one)
				}
			}
		}
	}
	return all, nil
}

// places are the addresses of a target, for a port yet to be told. They are what
// they are for why, but that anybody who listens does where no address is named.
func (o *waitOptions) places(t target, condition waiting.Condition) ([]waiting.Target, error) {
	if condition == waiting.Listening && len(t.addrs) == 0 {
		var families []waiting.Target
		if o.ipv4 {
			families = append(families, waiting.Target{Family: socket.IPv4})
		}
		if o.ipv6 {
			families = append(families, waiting.Target{Family: socket.IPv6})
		}
		if len(families) == 0 {
			families = []waiting.Target{{}}
		}
		return families, nil
	}
	addrs, err := (&whyOptions{ipv4: o.ipv4, ipv6: o.ipv6}).addresses(t.addrs)
	switch {
	case err != nil:
		return nil, err
	case len(addrs) == 1 && !addrs[0].IsValid():
		return []waiting.Target{{}}, nil
	case len(t.addrs) > 0: // one host's
		return []waiting.Target{{Addrs: addrs}}, nil
	}
	all := make([]waiting.Target, len(addrs))
	for i := range addrs {
		all[i].Addrs = addrs[i : i+1]
	}
	return all, nil
}
