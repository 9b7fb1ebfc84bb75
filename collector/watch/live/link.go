package live

import (
	"net"
	"strconv"

	"github.com/sockls/sockls/collector/netns"
)

// linkName names the interfaces of a network namespace, nil for this one, as the
// tables do that show only a number.
func linkName(ns *netns.Namespace) func(uint32) string {
	return func(index uint32) string {
		name := "if" + strconv.FormatUint(uint64(index), 10)
		look := func() error {
			link, err := net.InterfaceByIndex(int(index))
			if err == nil {
				name = link.Name
			}
			return err
		}
		if ns == nil {
			_ = look() // then the number has to do
		} else {
			_ = netns.Do(*ns, look)
		}
		return name
	}
}
