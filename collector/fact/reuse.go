package fact

import "github.com/sockls/sockls/collector/socket"

// reuseFacts are what a socket allows others to do with its port.
func reuseFacts() []Fact {
	reuse := func(s *socket.Socket, create bool) *socket.Reuse {
		d := details(s, create)
		if d == nil {
			return nil
		}
		if d.Reuse == nil && create {
			d.Reuse = &socket.Reuse{}
		}
		return d.Reuse
	}
	// A holder's descriptor is the way to ask the socket.
	const need = socket.DetailReuse | socket.DetailOwners
	return []Fact{
		tri(Reuse, "reuseaddr", need, "SO_REUSEADDR: whether the address may be bound again",
			func(s *socket.Socket, create bool) *socket.Tri {
				if r := reuse(s, create); r != nil {
					return &r.Address
				}
				return nil
			}),
		tri(Reuse, "reuseport", need, "SO_REUSEPORT: whether others with the option may share the port",
			func(s *socket.Socket, create bool) *socket.Tri {
				if r := reuse(s, create); r != nil {
					return &r.Port
				}
				return nil
			}),
	}
}
