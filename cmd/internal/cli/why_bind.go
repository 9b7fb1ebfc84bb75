package cli

import (
	"errors"
	"fmt"
	"net/netip"
	"os/user"
	"slices"
	"strconv"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// kinds are the binds that are asked about, but for their ports.
func (o *whyOptions) kinds(t target) ([]why.Bind, error) {
	protos := t.protos
	for _, said := range []struct {
		on    bool
		proto socket.Proto
	}{{o.tcp, socket.TCP}, {o.udp, socket.UDP}} {
		if said.on && !slices.Contains(protos, said.proto) {
			protos = append(protos, said.proto)
		}
	}
	if len(protos) == 0 {
		protos = []socket.Proto{socket.TCP, socket.UDP}
	}
	b := o.bind(o.surveyor)
	b.ReusePort, b.Device = o.reusePort, o.device
	if o.v6onlySaid {
		b.V6Only = socket.TriOf(o.v6only)
	}
	addrs, err := o.addresses(t.addrs)
	if err != nil {
		return nil, err
	}
	var kinds []why.Bind
	for _, b.Proto = range protos {
		for _, b.Addr = range addrs {
			kinds = append(kinds, b)
		}
	}
	return kinds, nil
}

// addresses are those of the target, or what the flags say in their place. The
// zero address is the wildcard of both families.
func (o *whyOptions) addresses(named []netip.Addr) ([]netip.Addr, error) {
	of4 := func(a netip.Addr) bool { return a.Is4() }
	switch {
	case len(named) > 0 && o.ipv4 != o.ipv6:
		kept := slices.DeleteFunc(slices.Clone(named), func(a netip.Addr) bool { return a.Is4() != o.ipv4 })
		if len(kept) == 0 {
			return nil, fmt.Errorf("%s is not an address of the family that is asked for", named[0])
		}
		named = kept
	case len(named) == 0 && o.ipv4 && o.ipv6:
		named = []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	case len(named) == 0 && o.ipv4:
		named = []netip.Addr{netip.IPv4Unspecified()}
	case len(named) == 0 && (o.ipv6 || o.v6onlySaid):
		named = []netip.Addr{netip.IPv6Unspecified()}
	case len(named) == 0:
		return []netip.Addr{{}}, nil
	}
	if o.v6onlySaid && !slices.ContainsFunc(named, func(a netip.Addr) bool { return !of4(a) }) {
		return nil, fmt.Errorf("--v6only is about IPv6 sockets, and %s is an IPv4 address", named[0])
	}
	return named, nil
}

// userName is the name of a user, "" where there is none.
func userName(uid uint32) string {
	found, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
	if err != nil {
		return ""
	}
	return found.Username
}

// userID is that of a user by name or number.
func userID(name string) (uint32, error) {
	if name == "" {
		return 0, errors.New("the name is empty")
	}
	number := name
	if _, err := strconv.ParseUint(name, 10, 32); err != nil {
		found, err := user.Lookup(name)
		if err != nil {
			return 0, err
		}
		number = found.Uid
	}
	id, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no user id", number)
	}
	return uint32(id), nil
}
