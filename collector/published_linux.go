package collector

import (
	"net/netip"
	"slices"

	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/owner"
	"github.com/sockls/sockls/collector/socket"
)

// published finds the containers that proxies among the holders send their
// connections to: a proxy knows only an address, and a container has a network
// namespace with that address in it.
func (l *linux) published(s *Survey) {
	proxies := map[netip.Addr][]*socket.Proxy{}
	seen := map[*socket.Proxy]bool{}
	for _, row := range slices.Concat(s.Sockets, s.Elsewhere) {
		for _, h := range row.Processes {
			if w := h.Process.Workload; w != nil && w.Proxy != nil && !seen[w.Proxy] {
				seen[w.Proxy] = true
				inside := w.Proxy.Inside.Addr()
				proxies[inside] = append(proxies[inside], w.Proxy)
			}
		}
	}
	if len(proxies) == 0 {
		return
	}
	namespaces, _, err := netns.List(netns.Options{Proc: l.proc.Dir()})
	if err != nil {
		s.Notices = append(s.Notices, socket.Notice{
			Code: "containers-unknown", Message: "the containers behind proxies were not looked for: " + err.Error(),
		})
		return
	}
	for _, ns := range namespaces {
		if ns.PID == 0 {
			continue
		}
		addrs, err := netns.Addresses(ns)
		if err != nil {
			continue // a proxy without a container is told as one
		}
		for _, a := range addrs {
			for _, p := range proxies[a] {
				if w := (owner.Proc{FS: l.proc}).Workload(ns.PID); w != nil && p.Container == nil {
					p.Container = w.Container
				}
			}
		}
	}
}
