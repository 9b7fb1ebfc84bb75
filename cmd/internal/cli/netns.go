package cli

import (
	"errors"
	"net"
	"os"
	"strconv"

	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/procfs"
)

// findNetNS finds the network namespace that --netns means.
func (o *listOptions) findNetNS() error {
	if !o.choosesNetNS {
		return nil
	}
	if o.from != "" {
		return errors.New("--netns is about the running kernel, and --from about what was saved")
	}
	ns, err := findNetNS(o.netns)
	o.namespace = ns
	return err
}

// findNetNS finds a network namespace by what somebody calls it.
func findNetNS(spec string) (*netns.Namespace, error) {
	ns, err := netns.Resolve(spec, netns.Options{})
	if err != nil {
		return nil, err
	}
	return &ns, nil
}

// holdNetNS keeps a network namespace until the function that it returns is called:
// the process that has led there may end before what is of interest has. Whether
// the path still leads to that namespace is looked at whenever it is entered.
func holdNetNS(ns *netns.Namespace) func() {
	if ns == nil {
		return func() {}
	}
	for _, path := range ns.Paths {
		if f, err := os.Open(path); err == nil {
			ns.Paths = append([]string{"/proc/self/fd/" + strconv.Itoa(int(f.Fd()))}, ns.Paths...)
			return func() { _ = f.Close() } // a namespace has nothing to lose
		}
	}
	return func() {} // each look finds its way, or says why not
}

// proc is the proc file system of the network namespace that is looked into, and
// the function that lets go of that.
func (o *listOptions) proc() (procfs.FS, func(), error) {
	if o.namespace == nil {
		return procfs.FS{}, func() {}, nil
	}
	h, err := netns.Open(*o.namespace)
	if err != nil {
		return procfs.FS{}, nil, err
	}
	return procfs.FS{Enter: h.Do}, h.Close, nil
}

// interfaceName names an interface by its number in the network namespace that
// is looked into; in a file that nobody can.
func (o *listOptions) interfaceName() func(uint32) (string, error) {
	if o.from != "" {
		return nil
	}
	return func(index uint32) (name string, err error) {
		look := func() error {
			link, err := net.InterfaceByIndex(int(index))
			if err == nil {
				name = link.Name
			}
			return err
		}
		if o.namespace == nil {
			err = look()
		} else {
			err = netns.Do(*o.namespace, look)
		}
		return name, err
	}
}
