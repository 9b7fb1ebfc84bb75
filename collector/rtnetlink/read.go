package rtnetlink

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
)

// Netlink protocols (include/uapi/linux/netlink.h).
const (
	netlinkRoute   = 0
	netlinkGeneric = 16
)

// maxTrie bounds how much of /proc/net/fib_trie is read; it holds maxMain
// routes several times over.
const maxTrie = 8 << 20

// reading is one look at a namespace.
type reading struct {
	settings settings
	wire     wire
	dial     func(protocol int) (Conn, error)
	// first tells that this is the network namespace that the machine started with.
	first bool

	machine machine.Machine
	links   []link
	ports   []machine.KernelPort // of services, as generic netlink lists them
	notices []socket.Notice
}

func (r *reading) read() (*machine.Machine, []socket.Notice) {
	r.settings.read(&r.machine)
	r.notices = r.settings.notices()
	buf := make([]byte, receiveSize)
	r.with(netlinkRoute, buf, r.route)
	for _, l := range r.links {
		r.machine.Links = append(r.machine.Links, l.Link)
	}
	r.machine.KernelPorts = tunnelPorts(r.links)
	r.with(netlinkGeneric, buf, r.generic)
	if r.first {
		r.ports = append(r.ports, services(r.settings.proc.Dir(), r.settings.sys)...)
	}
	r.machine.KernelPorts = append(r.machine.KernelPorts, r.ports...)
	sorting.Stable(r.machine.KernelPorts, comparePorts)
	r.machine.KernelPorts = slices.Compact(r.machine.KernelPorts)
	return &r.machine, r.notices
}

// with opens a connection for one function.
func (r *reading) with(protocol int, buf []byte, do func(*client)) {
	conn, err := r.dial(protocol)
	if err != nil {
		conn = refused{err}
	}
	defer conn.Close()
	do(&client{wire: r.wire, conn: conn, buf: buf})
}

// refused is a connection that could not be made.
type refused struct{ err error }

func (r refused) Send([]byte) error           { return r.err }
func (r refused) Receive([]byte) (int, error) { return 0, r.err }
func (r refused) Close() error                { return nil }

// route asks rtnetlink.
func (r *reading) route(c *client) {
	links, err := c.readLinks()
	r.missed("links-unreadable", "network interfaces", err)
	r.links, r.machine.HasLinks = links, usable(err)

	addresses, addrErr := c.readAddresses()
	r.missed("addresses-unreadable", "addresses of interfaces", addrErr)
	r.addresses(addresses)

	local, routeErr := c.readRoutes(tableLocal, 0)
	r.missed("routes-unreadable", "local addresses", routeErr)
	for i := range r.links {
		l := &r.links[i]
		if l.table == 0 {
			continue
		}
		routes, err := c.readRoutes(l.table, 0)
		r.missed("routes-unreadable", "addresses of a VRF", err)
		l.Local4 = bindable(routes)
	}
	if usable(routeErr) {
		// The last question, for its answer may be left before its end.
		r.machine.Local4 = bindable(append(local, r.merged(c, local)...))
	}
	r.machine.HasLocal = usable(err) && usable(addrErr) && usable(routeErr)
}

// merged returns the routes of the table main where they decide together with
// those of the table local.
func (r *reading) merged(c *client, local []route) []route {
	main, err := c.readRoutes(tableMain, maxMain)
	if !usable(err) {
		if wide(local) {
			r.missed("routes-unreadable", "routes inside of local prefixes", err)
		}
		return nil
	}
	if !matters(local, main) {
		return nil
	}
	printed, err := readTrie(r.settings.proc.Dir())
	if err != nil {
		r.missed("routes-unreadable", "routing rules", err)
		return nil
	}
	if !oneTrie(printed) {
		return nil
	}
	return main
}

// addresses sorts the addresses to the links and by what may be bound.
func (r *reading) addresses(all []address) {
	byIndex := make(map[int]*link, len(r.links))
	for i := range r.links {
		byIndex[r.links[i].Index] = &r.links[i]
	}
	for _, a := range all {
		l := byIndex[a.index]
		if l == nil {
			continue // it came after the links were read
		}
		l.Addr = append(l.Addr, a.prefix)
		addr := a.prefix.Addr()
		if !addr.Is6() {
			continue
		}
		if addr.IsLinkLocalUnicast() {
			addr = addr.WithZone(l.Name)
		}
		switch {
		case a.tentative:
			r.machine.Tentative6 = append(r.machine.Tentative6, addr)
		case l.VRF == 0:
			r.machine.Local6 = append(r.machine.Local6, addr)
		}
	}
}

// generic asks generic netlink.
func (r *reading) generic(c *client) {
	f, err := c.readFamilies()
	r.missed("kernel-ports-unreadable", "ports of tunnels", err)
	if f.fou != 0 {
		r.add(c.readPorts(f.fou, command(fouGet, nil), c.fou))
	}
	if f.l2tp != 0 {
		r.add(c.readPorts(f.l2tp, command(l2tpTunnelGet, nil), c.l2tp))
	}
	if f.nfsd != 0 {
		ports, err := c.readNFSD(f.nfsd)
		if !errors.Is(err, syscall.EOPNOTSUPP) { // before Linux 6.10
			r.add(ports, err)
		}
	}
	hidden := 0
	for _, l := range r.links {
		if l.Kind != "wireguard" || !l.Up || l.elsewhere || f.wireguard == 0 {
			continue
		}
		p, err := c.readWireguard(f.wireguard, l)
		switch {
		case err == nil && p.Port != 0:
			r.ports = append(r.ports, p)
		case errors.Is(err, syscall.EPERM):
			hidden++
		case !errors.Is(err, syscall.ENODEV): // it went away meanwhile
			r.missed("kernel-ports-unreadable", "ports of tunnels", err)
		}
	}
	if hidden > 0 {
		r.notices = append(r.notices, socket.Notice{
			Code: "wireguard-ports-hidden", Count: hidden,
			Message: fmt.Sprintf("the ports of %d wireguard interfaces are told to administrators only", hidden),
			Hint:    "run as root to see which sockets are theirs",
		})
	}
}

// add takes the ports that a family lists.
func (r *reading) add(ports []machine.KernelPort, err error) {
	r.ports = append(r.ports, ports...)
	r.missed("kernel-ports-unreadable", "ports of tunnels", err)
}

// missed notes that something was not read, or not whole, once.
func (r *reading) missed(code, what string, err error) {
	if err == nil || slices.ContainsFunc(r.notices, func(n socket.Notice) bool { return n.Code == code }) {
		return
	}
	r.notices = append(r.notices, socket.Notice{
		Code:    code,
		Message: fmt.Sprintf("the %s could not be read whole: %v", what, err),
	})
}

// usable reports whether a list was read to its end. One that changed at every
// attempt is as good as one that changes right after it was read.
func usable(err error) bool { return err == nil || errors.Is(err, errInterrupted) }

// readTrie reads the tries of the calling thread's namespace.
func readTrie(proc string) ([]byte, error) {
	file, err := os.Open(filepath.Join(proc, "thread-self/net/fib_trie"))
	if errors.Is(err, fs.ErrNotExist) {
		file, err = os.Open(filepath.Join(proc, "net/fib_trie"))
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readLimited(file, maxTrie)
}
