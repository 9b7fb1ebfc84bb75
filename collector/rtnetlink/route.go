package rtnetlink

import (
	"errors"
	"net/netip"
	"syscall"
)

// Messages and attributes of routes (include/uapi/linux/rtnetlink.h).
const (
	rtmGetRoute = 26

	rtmsgLen = 12

	rtaDst   = 1
	rtaTable = 15

	tableMain  = 254
	tableLocal = 255

	rtnLocal     = 2
	rtnBroadcast = 3
	rtnMulticast = 5

	rtnhDead = 1
)

// maxMain bounds how many routes of the table main are looked at: a router can
// have a million of them.
const maxMain = 10_000

// route is what an IPv4 route says about binding.
type route struct {
	prefix netip.Prefix
	table  uint32
	// bindable tells that addresses it matches may be bound.
	bindable bool
}

func (w wire) routeRequest(table uint32) []byte {
	b := make([]byte, rtmsgLen)
	b[0] = afInet
	return w.number(b, rtaTable, table)
}

// route reads an RTM_NEWROUTE; ok is false for what an address without anything
// else does not match.
func (w wire) route(b []byte) (r route, ok bool) {
	if len(b) < rtmsgLen {
		return r, false
	}
	family, bits, tos, verdict := b[0], int(b[1]), b[3], b[7]
	flags := w.order.Uint32(b[8:])
	r.table = uint32(b[4])
	addr := netip.IPv4Unspecified()
	w.attributes(b[rtmsgLen:], func(kind uint16, value []byte) {
		switch kind {
		case rtaDst:
			addr = addressOf(afInet, value)
		case rtaTable:
			if n, ok := w.u32(value); ok {
				r.table = n
			}
		}
	})
	r.prefix = netip.PrefixFrom(addr, bits).Masked()
	r.bindable = verdict == rtnLocal || verdict == rtnBroadcast || verdict == rtnMulticast
	return r, family == afInet && tos == 0 && flags&rtnhDead == 0 && r.prefix.IsValid()
}

// readRoutes lists the routes of one table in the order in which they are tried,
// no more than limit, which is 0 for all. A table that does not exist is empty.
func (c *client) readRoutes(table uint32, limit int) ([]route, error) {
	var all []route
	err := c.dump(rtmGetRoute, c.routeRequest(table),
		func() { all = all[:0] },
		func(b []byte) error {
			// A kernel before 4.20 does not filter.
			if r, ok := c.route(b); ok && r.table == table {
				all = append(all, r)
			}
			if limit > 0 && len(all) > limit {
				return errEnough
			}
			return nil
		})
	if errors.Is(err, syscall.ENOENT) {
		err = nil
	}
	return all, err
}
