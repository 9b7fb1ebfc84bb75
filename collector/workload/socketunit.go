package workload

import (
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// SocketUnit is a systemd socket unit, as its files have it.
type SocketUnit struct {
	// Name is that of the unit, Service that of what it activates: a template
	// ("x@.service") where every connection gets an instance of its own.
	Name, Service string
	// User is set for one of a user's service manager (as opposed to the system's).
	User   bool
	Listen []Listen
}

// Listen is one address a socket unit listens on.
type Listen struct {
	Proto socket.Proto
	// Addr is invalid for a bare port: all addresses of both families, or of what
	// V6Only leaves.
	Addr netip.Addr
	Port uint16
	// V6Only is BindIPv6Only=, Unknown where the system decides.
	V6Only socket.Tri
}

// Listens reports whether the unit has a socket at that address. An invalid Addr
// stands for every address, as netip.Addr{} of a socket that has none.
func (u *SocketUnit) Listens(proto socket.Proto, addr netip.Addr, port uint16) bool {
	for _, l := range u.Listen {
		if l.Port == port && sameProto(l.Proto, proto) && l.at(addr) {
			return true
		}
	}
	return false
}

// sameProto knows that a listener of MPTCP is one of TCP as well.
func sameProto(unit, proto socket.Proto) bool {
	return unit == proto || unit == socket.MPTCP && proto == socket.TCP
}

// at compares addresses. The zone counts only where both are known: a unit may
// name an interface by its number.
func (l *Listen) at(addr netip.Addr) bool {
	switch {
	case !addr.IsValid():
		return true
	case !l.Addr.IsValid():
		return addr.IsUnspecified() && (addr.Is6() || l.V6Only != socket.Yes)
	case l.Addr.Zone() == "" || addr.Zone() == "":
		return l.Addr.WithZone("").Unmap() == addr.WithZone("").Unmap()
	}
	return l.Addr == addr
}

// Candidates are the units that have a socket at that address: several may, of
// which no more than one can be started.
func Candidates(units []SocketUnit, proto socket.Proto, addr netip.Addr, port uint16) []SocketUnit {
	var found []SocketUnit
	for i := range units {
		if units[i].Listens(proto, addr, port) {
			found = append(found, units[i])
		}
	}
	return found
}
