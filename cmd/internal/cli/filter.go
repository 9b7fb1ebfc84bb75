package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// nameLimit is how long all names of a filter together may take to be looked up.
const nameLimit = 5 * time.Second

// applyFilter reads the filter, and lets it choose the tables and the states
// where no flag has.
func (o *listOptions) applyFilter(ctx context.Context, q *collector.Query) error {
	text, err := o.filterText()
	if err != nil || strings.TrimSpace(text) == "" {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, nameLimit)
	defer cancel()
	parsed, err := filter.Parse(text, filter.Options{
		Names: names{ctx}, Family: addressFamily(q.Protos), Interface: o.interfaceName(),
	})
	if err != nil {
		return err
	}
	q.Filter = parsed.Expr
	if parsed.SSReading != "" {
		o.advice = append(o.advice, socket.Notice{
			Code:    "filter-precedence",
			Message: "and binds stronger than or here, as the manual of ss says; ss itself reads this filter as " + parsed.SSReading,
			Hint:    "parentheses make it mean the same in both",
		})
	}
	switch {
	case parsed.NamesStates:
		q.States = socket.AllStates // of which the filter takes its own
	case parsed.Shorthand && !o.listen:
		q.States = socket.AllStates
	}
	q.States = possibleStates(q.Filter, q.States)
	if !o.selection.namesTables() {
		q.Protos |= filter.Mentioned(q.Filter)
		q.Named |= filter.Mentioned(q.Filter)
	}
	q.Protos = possibleProtos(q.Filter, q.Protos)
	q.Details |= filter.Details(q.Filter)
	if o.noProcesses && q.Details&ownerDetails != 0 {
		return errors.New("--no-processes leaves nothing to match processes with")
	}
	return nil
}

// filterText joins what the file says with what the words say: both must hold.
func (o *listOptions) filterText() (string, error) {
	words := strings.Join(o.words, " ")
	if o.filterFile == "" {
		return words, nil
	}
	in := o.streams.In
	if o.filterFile != "-" {
		f, err := os.Open(o.filterFile)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	const limit = 1 << 20
	b, err := io.ReadAll(io.LimitReader(in, limit))
	if err != nil {
		return "", fmt.Errorf("read filter %s: %w", o.filterFile, err)
	}
	if strings.TrimSpace(words) == "" {
		return string(b), nil
	}
	return "(" + string(b) + ") and (" + words + ")", nil
}

// possibleStates are those of set in which a socket can match.
func possibleStates(e filter.Expr, set socket.StateSet) socket.StateSet {
	possible := set &^ socket.StateSetOf(socket.States()...)
	for _, s := range socket.States() {
		if set.Has(s) && !filter.Impossible(e, func(leaf filter.Expr) socket.Tri {
			if l, ok := leaf.(filter.States); ok {
				return socket.TriOf(l.Set.Has(s))
			}
			return socket.Unknown
		}) {
			possible |= socket.StateSetOf(s)
		}
	}
	return possible
}

// possibleProtos are those of set of which a socket can match.
func possibleProtos(e filter.Expr, set socket.ProtoSet) socket.ProtoSet {
	for _, p := range socket.Protos() {
		if set.Has(p) && filter.Impossible(e, func(leaf filter.Expr) socket.Tri { return filter.DecideProto(leaf, p) }) {
			set &^= socket.ProtoSetOf(p)
		}
	}
	return set
}

// interfaceName names an interface by its number; in a file that nobody can.
func (o *listOptions) interfaceName() func(uint32) (string, error) {
	if o.from != "" {
		return nil
	}
	return func(index uint32) (string, error) {
		link, err := net.InterfaceByIndex(int(index))
		if err != nil {
			return "", err
		}
		return link.Name, nil
	}
}

// names looks names up the way this system does.
type names struct{ ctx context.Context }

// Addresses implements filter.Names.
func (n names) Addresses(host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(n.ctx, "ip", host)
}

// Ports implements filter.Names: a service may have another port over UDP.
func (n names) Ports(service string) ([]uint16, error) {
	var (
		ports []uint16
		first error
	)
	for _, network := range []string{"tcp", "udp"} {
		port, err := net.DefaultResolver.LookupPort(n.ctx, network, service)
		if err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		if p := uint16(port); len(ports) == 0 || ports[0] != p {
			ports = append(ports, p)
		}
	}
	if len(ports) == 0 {
		return nil, first
	}
	return ports, nil
}
