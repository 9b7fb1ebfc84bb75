package rtnetlink

import "net/netip"

// Messages and attributes of addresses (include/uapi/linux/if_addr.h).
const (
	rtmGetAddr = 22

	ifaddrmsgLen = 8

	ifaAddress = 1
	ifaLocal   = 2
	ifaFlags   = 8

	ifaOptimistic = 0x04
	ifaTentative  = 0x40
)

// address is one of an interface.
type address struct {
	prefix netip.Prefix
	index  int
	// tentative tells that it is being checked for duplicates, or is one. An
	// optimistic address is in use during the check.
	tentative bool
}

// address reads an RTM_NEWADDR; ok is false for what is no IP address.
func (w wire) address(b []byte) (a address, ok bool) {
	if len(b) < ifaddrmsgLen {
		return a, false
	}
	family, bits, flags := b[0], int(b[1]), uint32(b[2])
	a.index = int(int32(w.order.Uint32(b[4:])))
	var own, other netip.Addr
	w.attributes(b[ifaddrmsgLen:], func(kind uint16, value []byte) {
		switch kind {
		case ifaLocal:
			own = addressOf(family, value)
		case ifaAddress:
			other = addressOf(family, value)
		case ifaFlags:
			if wide, ok := w.u32(value); ok {
				flags = wide
			}
		}
	})
	// Of a point-to-point interface IFA_ADDRESS is the other end, and of IPv6
	// without one it is all there is.
	if !own.IsValid() {
		own = other
	}
	a.prefix = netip.PrefixFrom(own, bits)
	a.tentative = flags&ifaTentative != 0 && flags&ifaOptimistic == 0
	return a, a.prefix.IsValid() && a.index > 0
}

// addressOf is the zero Addr for another family or length.
func addressOf(family uint8, value []byte) netip.Addr {
	addr, _ := netip.AddrFromSlice(value)
	switch {
	case family == afInet && addr.Is4():
		return addr
	case family == afInet6 && addr.Is6():
		return addr
	}
	return netip.Addr{}
}

// readAddresses lists those of both families.
func (c *client) readAddresses() ([]address, error) {
	var all []address
	err := c.dump(rtmGetAddr, make([]byte, ifaddrmsgLen),
		func() { all = all[:0] },
		func(b []byte) error {
			if a, ok := c.address(b); ok {
				all = append(all, a)
			}
			return nil
		})
	return all, err
}
