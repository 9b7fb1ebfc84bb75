package cli

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/socket"
)

// selection is which sockets to show, by the letters that hands know from ss
// and netstat.
type selection struct {
	listen, all                   bool
	tcp, udp, unix, raw, packet   bool
	mptcp, sctp, vsock, xdp, tipc bool
	ipv4, ipv6                    bool
	query, family                 string
}

func (s *selection) flags(f *pflag.FlagSet) {
	f.BoolVarP(&s.listen, "listening", "l", false, "sockets that wait for strangers: listeners, and datagram sockets open to anyone")
	f.BoolVarP(&s.all, "all", "a", false, "sockets in every state, bound and unbound ones included")
	f.BoolVarP(&s.tcp, "tcp", "t", false, "TCP sockets")
	f.BoolVarP(&s.udp, "udp", "u", false, "UDP sockets")
	f.BoolVarP(&s.unix, "unix", "x", false, "unix sockets")
	f.BoolVarP(&s.raw, "raw", "w", false, "raw sockets")
	f.BoolVarP(&s.packet, "packet", "0", false, "packet sockets")
	f.BoolVarP(&s.mptcp, "mptcp", "M", false, "MPTCP sockets")
	f.BoolVarP(&s.sctp, "sctp", "S", false, "SCTP sockets")
	f.BoolVar(&s.vsock, "vsock", false, "vsock sockets")
	f.BoolVar(&s.xdp, "xdp", false, "XDP sockets")
	f.BoolVar(&s.tipc, "tipc", false, "TIPC sockets")
	f.BoolVarP(&s.ipv4, "ipv4", "4", false, "of the internet sockets those of IPv4")
	f.BoolVarP(&s.ipv6, "ipv6", "6", false, "of the internet sockets those of IPv6")
	f.StringVarP(&s.query, "query", "A", "", "`LIST` of all, inet, "+strings.Join(protoNames(), ", ")+"; !x removes x")
	f.StringVarP(&s.family, "family", "f", "", "`FAMILY` inet, inet6, unix, link, netlink, vsock, xdp or tipc")
}

// apply writes the selection into the query.
func (s *selection) apply(q *collector.Query) error {
	q.IPv4, q.IPv6 = s.ipv4 || !s.ipv6, s.ipv6 || !s.ipv4
	for _, named := range []struct {
		on    bool
		proto socket.Proto
	}{
		{s.tcp, socket.TCP},
		{s.udp, socket.UDP},
		{s.unix, socket.Unix},
		{s.raw, socket.Raw},
		{s.packet, socket.Packet},
		{s.mptcp, socket.MPTCP},
		{s.sctp, socket.SCTP},
		{s.vsock, socket.Vsock},
		{s.xdp, socket.XDP},
		{s.tipc, socket.TIPC},
	} {
		if named.on {
			q.Named |= socket.ProtoSetOf(named.proto)
		}
	}
	q.Protos = q.Named
	if err := s.applyFamily(q); err != nil {
		return err
	}
	if err := s.applyQuery(q); err != nil {
		return err
	}
	if q.Protos == 0 && s.query == "" {
		q.Protos = socket.InetProtos
	}
	switch {
	case s.all:
		q.States = socket.AllStates
	case s.listen:
		q.States = socket.ListeningStates
	default:
		q.States = socket.ConnectedStates
	}
	return nil
}

// namesTables reports whether flags say which tables to look into.
func (s *selection) namesTables() bool {
	return s.tcp || s.udp || s.unix || s.raw || s.packet || s.mptcp || s.sctp || s.vsock || s.xdp || s.tipc ||
		s.query != "" || s.family != ""
}

// addressFamily is the family that addresses in a filter are of where they do
// not say it themselves: the one that is shown, if it is only one.
func addressFamily(shown socket.ProtoSet) socket.Family {
	for family, protos := range map[socket.Family]socket.ProtoSet{
		socket.FamilyUnix:    socket.ProtoSetOf(socket.Unix),
		socket.FamilyPacket:  socket.ProtoSetOf(socket.Packet),
		socket.FamilyNetlink: socket.ProtoSetOf(socket.Netlink),
		socket.FamilyVsock:   socket.ProtoSetOf(socket.Vsock),
	} {
		if shown == protos {
			return family
		}
	}
	return socket.FamilyUnspec
}

// applyFamily understands ss's --family.
func (s *selection) applyFamily(q *collector.Query) error {
	if s.family == "" {
		return nil
	}
	families := []string{"inet", "inet6", "unix", "link", "netlink", "vsock", "xdp", "tipc"}
	if !slices.Contains(families, s.family) {
		return unknownWord("family", "", s.family, families)
	}
	switch s.family {
	case "inet", "inet6":
		q.IPv4, q.IPv6 = s.family == "inet", s.family == "inet6"
		if q.Protos == 0 {
			q.Protos = socket.InetProtos
		}
		return nil
	case "link":
		s.family = "packet"
	}
	p, _ := socket.ParseProto(s.family)
	q.Named |= socket.ProtoSetOf(p)
	q.Protos |= q.Named
	return nil
}

// applyQuery understands --query. A list that begins by removing something
// removes it from what would be shown without the list.
func (s *selection) applyQuery(q *collector.Query) error {
	if s.query == "" {
		return nil
	}
	if strings.HasPrefix(s.query, "!") && q.Protos == 0 {
		q.Protos = socket.InetProtos
	}
	for word := range strings.SplitSeq(s.query, ",") {
		name, remove := strings.CutPrefix(strings.TrimSpace(word), "!")
		set, named := socket.ProtoSet(0), false
		switch name {
		case "all":
			set = socket.AllProtos
		case "inet":
			set = socket.InetProtos
		default:
			p, ok := socket.ParseProto(name)
			if !ok {
				return unknownWord("socket table", "", name, append(protoNames(), "all", "inet"))
			}
			set, named = socket.ProtoSetOf(p), true
		}
		switch {
		case remove:
			q.Protos &^= set
			q.Named &^= set
		case named:
			q.Protos |= set
			q.Named |= set
		default:
			q.Protos |= set
		}
	}
	return nil
}

func protoNames() []string {
	var names []string
	for _, p := range socket.Protos() {
		names = append(names, p.String())
	}
	return names
}
