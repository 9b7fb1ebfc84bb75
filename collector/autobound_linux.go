package collector

import (
	"context"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// chosen asks who chose the ports of connections whose port no listener has: a
// program that bound them, or the kernel. No answer tells it, it can only be
// asked for, at the price of a walk for each side; so it is done only where
// there are such connections.
func (l *linux) chosen(ctx context.Context, s *Survey) error {
	ports, protos := portsWithoutListener(s.Sockets)
	if len(ports) == 0 {
		return nil
	}
	q := Query{
		Protos: protos, IPv4: true, IPv6: true, Details: socket.DetailAutobound,
		States: socket.ConnectedStates | socket.StateSetOf(socket.Unconn),
		Filter: filter.And{onPorts(ports), filter.Or{filter.Autobound{}, filter.Not{X: filter.Autobound{}}}},
	}
	word := map[uint64]socket.Tri{}
	_, err := l.Collect(ctx, q, func(row *socket.Socket) error {
		if row.Details != nil && row.Details.Extended != nil {
			word[row.Cookie] = row.Details.Extended.Autobound
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, row := range s.Sockets {
		side, ok := word[row.Cookie]
		if !ok || row.Cookie == 0 {
			continue
		}
		if row.Details == nil {
			row.Details = &socket.Details{}
		}
		if row.Details.Extended == nil {
			row.Details.Extended = &socket.Extended{}
		}
		row.Details.Extended.Autobound = side
	}
	return nil
}

// portsWithoutListener are those of sockets that may have been given their port,
// and the protocols of these.
func portsWithoutListener(sockets []*socket.Socket) ([]machine.Ports, socket.ProtoSet) {
	type place struct {
		proto socket.Proto
		port  uint32
	}
	listening := map[place]bool{}
	for _, s := range sockets {
		if s.State == socket.Listen {
			listening[place{s.Proto, s.Local.Port}] = true
		}
	}
	var (
		ports  []machine.Ports
		protos socket.ProtoSet
	)
	for _, s := range sockets {
		switch at := (place{s.Proto, s.Local.Port}); {
		case s.State == socket.TimeWait, s.State == socket.SynRecv, s.State == socket.Bound, listening[at]:
		default:
			listening[at] = true // once is enough
			protos |= socket.ProtoSetOf(s.Proto)
			ports = append(ports, machine.Ports{First: uint16(s.Local.Port), Last: uint16(s.Local.Port)})
		}
	}
	return ports, protos
}
