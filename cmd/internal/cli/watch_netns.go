package cli

import (
	"os"
	"strconv"

	"github.com/sockls/sockls/collector/netns"
)

// holdNetNS keeps a network namespace until the function that it returns is called:
// the process that has led there may end before its last socket does.
func holdNetNS(ns *netns.Namespace) func() {
	if ns == nil {
		return func() {}
	}
	for _, path := range ns.Paths {
		f, err := os.Open(path)
		if err != nil {
			continue // the next, or each look for itself
		}
		ns.Paths = append(ns.Paths, "/proc/self/fd/"+strconv.Itoa(int(f.Fd())))
		return func() { _ = f.Close() } // a namespace has nothing to lose
	}
	return func() {}
}
