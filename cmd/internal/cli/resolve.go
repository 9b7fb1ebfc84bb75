package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/sockls/sockls/collector/socket"
)

const (
	// resolveLimit is how long all look-ups together may take: a table that
	// comes late is worse than one with numbers in it.
	resolveLimit = 2 * time.Second
	// resolveAtOnce is how many questions are open at a time.
	resolveAtOnce = 32
)

// lookup names an address; it is net.Resolver's LookupAddr outside of tests.
type lookup func(ctx context.Context, addr string) ([]string, error)

// resolve gives the rows' addresses their host names. It asks once for each
// address, many at a time. The notice counts the addresses that nobody
// answered for; that one has no name is an answer.
func resolve(ctx context.Context, ask lookup, limit time.Duration, rows []*socket.Socket) []socket.Notice {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	names := map[netip.Addr]string{}
	for _, s := range rows {
		for _, e := range []*socket.Endpoint{&s.Local, &s.Remote} {
			if e.Addr.IsValid() && !e.Addr.IsUnspecified() {
				names[e.Addr.WithZone("").Unmap()] = ""
			}
		}
	}
	asked := make(chan netip.Addr)
	var (
		workers    sync.WaitGroup
		mu         sync.Mutex
		unanswered int
	)
	addresses := make([]netip.Addr, 0, len(names))
	for a := range names {
		addresses = append(addresses, a)
	}
	for range min(resolveAtOnce, len(addresses)) {
		workers.Go(func() {
			for a := range asked {
				found, err := ask(ctx, a.String())
				mu.Lock()
				var dns *net.DNSError
				switch {
				case err == nil && len(found) > 0:
					names[a] = strings.TrimSuffix(found[0], ".")
				case err != nil && !(errors.As(err, &dns) && dns.IsNotFound):
					unanswered++
				}
				mu.Unlock()
			}
		})
	}
	for _, a := range addresses {
		asked <- a
	}
	close(asked)
	workers.Wait()

	for _, s := range rows {
		hosts := socket.Hosts{Local: nameOf(names, &s.Local), Remote: nameOf(names, &s.Remote)}
		if hosts != (socket.Hosts{}) {
			s.Hosts = &hosts
		}
	}
	if unanswered == 0 {
		return nil
	}
	return []socket.Notice{{
		Code: "hosts-unresolved", Count: unanswered,
		Message: fmt.Sprintf("%d of %d addresses could not be resolved and stay numbers", unanswered, len(names)),
	}}
}

func nameOf(names map[netip.Addr]string, e *socket.Endpoint) string {
	if !e.Addr.IsValid() {
		return ""
	}
	return names[e.Addr.WithZone("").Unmap()]
}
