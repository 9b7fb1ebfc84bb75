package rtnetlink

import (
	"cmp"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/sorting"
)

// Messages and attributes of links (include/uapi/linux/rtnetlink.h and
// if_link.h).
const (
	rtmGetLink = 18

	ifinfomsgLen = 16

	iflaIfname      = 3
	iflaMaster      = 10
	iflaLinkinfo    = 18
	iflaExtMask     = 29
	iflaLinkNetnsid = 37

	iflaInfoKind      = 1
	iflaInfoData      = 2
	iflaInfoSlaveKind = 4

	iflaVRFTable = 1

	iffUp = 1

	// extSkipStats leaves the counters out, which are most of a message.
	extSkipStats = 1 << 3
)

// link is a machine.Link and what is needed to complete it.
type link struct {
	machine.Link
	master     int
	slaveOfVRF bool
	table      uint32 // of a VRF, 0 for none
	port       uint16 // of a tunnel, 0 for none
	// elsewhere tells that it works in another network namespace than the one it
	// is in, and its sockets are there.
	elsewhere bool
}

func (w wire) linkRequest() []byte {
	return w.number(make([]byte, ifinfomsgLen), iflaExtMask, extSkipStats)
}

// link reads an RTM_NEWLINK; ok is false for what is none.
func (w wire) link(b []byte) (l link, ok bool) {
	if len(b) < ifinfomsgLen {
		return l, false
	}
	l.Index = int(int32(w.order.Uint32(b[4:])))
	l.Up = w.order.Uint32(b[8:])&iffUp != 0
	var data []byte
	w.attributes(b[ifinfomsgLen:], func(kind uint16, value []byte) {
		switch kind {
		case iflaIfname:
			l.Name = text(value)
		case iflaMaster:
			n, _ := w.u32(value)
			l.master = int(int32(n))
		case iflaLinkNetnsid:
			l.elsewhere = true
		case iflaLinkinfo:
			w.attributes(value, func(kind uint16, value []byte) {
				switch kind {
				case iflaInfoKind:
					l.Kind = text(value)
				case iflaInfoSlaveKind:
					l.slaveOfVRF = text(value) == "vrf"
				case iflaInfoData:
					data = value
				}
			})
		}
	})
	if l.Kind == "vrf" {
		w.attributes(data, func(kind uint16, value []byte) {
			if kind == iflaVRFTable {
				l.table, _ = w.u32(value)
			}
		})
	}
	l.port = w.tunnelPort(l.Kind, data)
	return l, l.Index > 0 && l.Name != ""
}

// readLinks lists the links, ordered by index.
func (c *client) readLinks() ([]link, error) {
	var links []link
	err := c.dump(rtmGetLink, c.linkRequest(),
		func() { links = links[:0] },
		func(b []byte) error {
			if l, ok := c.link(b); ok {
				links = append(links, l)
			}
			return nil
		})
	sorting.Stable(links, func(a, b link) int { return cmp.Compare(a.Index, b.Index) })
	for i := range links {
		// A VRF is the master of its links and not of theirs: the ports of a bridge
		// in a VRF are in none (l3mdev_master_ifindex_rcu in net/l3mdev/l3mdev.c).
		switch l := &links[i]; {
		case l.Kind == "vrf":
			l.VRF = l.Index
		case l.slaveOfVRF:
			l.VRF = l.master
		}
	}
	return links, err
}
