package collector

import (
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// Explain tells what a Linux kernel is asked for q over sock_diag, by somebody
// who may ask everything, and what of the filter it leaves. It asks nothing.
func Explain(q Query) sockdiag.Explanation {
	var requests []sockdiag.Request
	for _, p := range socket.Protos() {
		switch {
		case !q.Protos.Has(p), p == socket.Raw, p == socket.Ping:
			continue
		case p == socket.SCTP && !q.Named.Has(p): // few kernels have it
			continue
		}
		requests = append(requests, sockdiag.Request{
			Proto: p, IPv4: q.IPv4, IPv6: q.IPv6, States: q.States, Filter: q.Filter,
			IfIndex:    func(string) (uint32, bool) { return 1, true },
			Interfaces: func() []uint32 { return nil },
		})
	}
	return sockdiag.Explain(requests...)
}
