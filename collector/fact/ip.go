package fact

import "github.com/sockls/sockls/collector/socket"

// ipFacts are the IP-level options (ss --tos and --inet-sockopt).
func ipFacts() []Fact {
	all := []Fact{
		known("tos", Hex, IP, socket.DetailTOS, "type of service byte of IPv4 packets",
			ipOptions, func(o *socket.IPOptions) (*uint8, *bool) { return &o.TOS, &o.HasTOS }),
		known("tclass", Hex, IP, socket.DetailTOS, "traffic class byte of IPv6 packets",
			ipOptions, func(o *socket.IPOptions) (*uint8, *bool) { return &o.TrafficClass, &o.HasTrafficClass }),
		known("class-id", Hex, IP, socket.DetailTOS, "class of the net_cls cgroup, or the priority (SO_PRIORITY) where there is none",
			ipOptions, func(o *socket.IPOptions) (*uint32, *bool) { return &o.ClassID, &o.HasClassID }),
	}
	for _, f := range []struct {
		name, help string
		bit        socket.IPFlags
	}{
		{"recverr", "IP_RECVERR: errors are queued for the program", socket.IPRecvErr},
		{"is-icsk", "the kernel keeps connection state for the socket", socket.IPIsICSK},
		{"freebind", "IP_FREEBIND: may bind addresses that are not there", socket.IPFreebind},
		{"hdrincl", "IP_HDRINCL: the program writes the IP header", socket.IPHdrIncl},
		{"mc-loop", "IP_MULTICAST_LOOP: gets its own multicast packets", socket.IPMulticastLoop},
		{"transparent", "IP_TRANSPARENT: may use foreign addresses", socket.IPTransparent},
		{"mc-all", "IP_MULTICAST_ALL: gets multicast packets of groups that others joined", socket.IPMulticastAll},
		{"nodefrag", "IP_NODEFRAG: fragments are not put together", socket.IPNoDefrag},
		{"bind-address-no-port", "IP_BIND_ADDRESS_NO_PORT: bind leaves the port open until connect", socket.IPBindAddressNoPort},
		{"recverr-rfc4884", "IP_RECVERR_RFC4884: errors come with their extensions", socket.IPRecvErrRFC4884},
		{"defer-connect", "TCP_FASTOPEN_CONNECT waits for the first data before it connects", socket.IPDeferConnect},
	} {
		all = append(all, flag(IP, f.name, socket.DetailIPFlags, f.help, f.bit,
			func(s *socket.Socket, create bool) *socket.IPFlags {
				o := ipOptions(s, create)
				switch {
				case create:
					o.HasFlags = true
				case o == nil || !o.HasFlags:
					return nil
				}
				return &o.Flags
			}))
	}
	return all
}

func ipOptions(s *socket.Socket, create bool) *socket.IPOptions {
	d := details(s, create)
	if d == nil {
		return nil
	}
	if d.IP == nil && create {
		d.IP = &socket.IPOptions{}
	}
	return d.IP
}
