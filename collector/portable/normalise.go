package portable

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// normalise makes a Row of what the library has handed over for a table: "*" and
// "" are every address, a mapped IPv4 address of an IPv6 socket stays one, states
// have many spellings, and pid 0 is nobody.
func normalise(kind Kind, raw *Raw) (Row, error) {
	row := Row{Proto: kind.Proto(), Family: kind.Family(), FD: -1, UID: raw.UID, HasUID: raw.HasUID}
	var err error
	if row.Local, err = rawEndpoint(raw.Local, row.Family); err != nil {
		return row, fmt.Errorf("local address: %w", err)
	}
	if !raw.Local.given() {
		row.Local.Addr = anywhere(row.Family)
	}
	if row.Remote, err = rawEndpoint(raw.Remote, row.Family); err != nil {
		return row, fmt.Errorf("remote address: %w", err)
	}
	if noPeer(row.Remote) {
		row.Remote = socket.Endpoint{}
	}
	if row.State, err = stateOf(raw.Status, row.Proto, !row.Remote.IsZero()); err != nil {
		return row, err
	}
	if raw.PID > 0 {
		row.PID, row.FD = raw.PID, raw.FD
	}
	return row, nil
}

// given reports whether there is an address.
func (a RawAddr) given() bool { return a.IP != "" && a.IP != "*" }

// rawEndpoint reads one end. Where there is no address it has only the port.
func rawEndpoint(a RawAddr, family socket.Family) (e socket.Endpoint, err error) {
	if a.Port > maxPort {
		return e, fmt.Errorf("port %d", a.Port)
	}
	e.Port = a.Port
	if !a.given() {
		return e, nil
	}
	e.Addr, err = parseAddr(a.IP, family)
	return e, err
}

const maxPort = 1<<16 - 1

// parseAddr reads an address of a family. Some tables print the IPv4 address of
// an IPv6 socket as such: it is mapped again, as the socket has it.
func parseAddr(text string, family socket.Family) (netip.Addr, error) {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("address %.60q", text)
	}
	switch {
	case family == socket.IPv6 && addr.Is4():
		addr = netip.AddrFrom16(addr.As16())
	case family == socket.IPv4 && !addr.Is4():
		return netip.Addr{}, fmt.Errorf("address %.60q of IPv4", text)
	}
	return unscoped(addr), nil
}

// unscoped takes the scope out of an address where a BSD kernel keeps it: the
// second word of a link-local address is the number of its interface.
func unscoped(addr netip.Addr) netip.Addr {
	if !addr.Is6() || !addr.IsLinkLocalUnicast() && !addr.IsLinkLocalMulticast() && !addr.IsInterfaceLocalMulticast() {
		return addr
	}
	b := addr.As16()
	index := uint16(b[2])<<8 | uint16(b[3])
	if index == 0 {
		return addr
	}
	b[2], b[3] = 0, 0
	clean := netip.AddrFrom16(b)
	if zone := addr.Zone(); zone != "" {
		return clean.WithZone(zone)
	}
	return clean.WithZone(fmt.Sprint(index))
}

// anywhere is the address of a socket that has none.
func anywhere(family socket.Family) netip.Addr {
	if family == socket.IPv6 {
		return netip.IPv6Unspecified()
	}
	return netip.IPv4Unspecified()
}

// noPeer reports whether an end is none: many tables print zeros for that.
func noPeer(e socket.Endpoint) bool {
	return e.Port == 0 && (!e.Addr.IsValid() || e.Addr.Unmap().IsUnspecified())
}
