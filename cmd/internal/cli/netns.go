package cli

import (
	"errors"
	"net"

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
