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
	texts, err := o.filterTexts()
	if err != nil || len(texts) == 0 {
		return err
	}
	parsed, err := o.parseFilters(ctx, texts, addressFamily(q.Protos))
	if err != nil {
		return err
	}
	return o.narrow(q, parsed)
}

// narrow lets a filter choose.
func (o *listOptions) narrow(q *collector.Query, parsed *filter.Filter) error {
	q.Filter = parsed.Expr
	switch {
	case parsed.NamesStates:
		q.States = socket.AllStates // of which the filter takes its own
	case parsed.BeyondSS && !o.listen:
		q.States = socket.AllStates
	}
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

// parseFilters joins filters that must all hold.
func (o *listOptions) parseFilters(ctx context.Context, texts []string, family socket.Family) (*filter.Filter, error) {
	ctx, cancel := context.WithTimeout(ctx, nameLimit)
	defer cancel()
	options := filter.Options{Names: names{ctx}, Family: family, Interface: o.interfaceName()}
	all := filter.And{}
	joined := &filter.Filter{}
	for _, text := range texts {
		f, err := filter.Parse(text, options)
		if err != nil {
			return nil, err
		}
		all = append(all, f.Expr)
		joined.NamesStates = joined.NamesStates || f.NamesStates
		joined.BeyondSS = joined.BeyondSS || f.BeyondSS
		if f.SSReading != "" {
			o.advice = append(o.advice, socket.Notice{
				Code:    "filter-precedence",
				Message: "and binds stronger than or here, as the manual of ss says; ss itself reads this filter as " + f.SSReading,
				Hint:    "parentheses make it mean the same in both",
			})
		}
	}
	joined.Expr = filter.Rewrite(all, func(leaf filter.Expr) filter.Expr { return leaf })
	return joined, nil
}

// filterTexts are the filters of the files and of the words.
func (o *listOptions) filterTexts() ([]string, error) {
	var texts []string
	for _, file := range o.filterFiles {
		text, err := readFilter(o.streams.In, file)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	if len(o.words) > 0 {
		texts = append(texts, strings.Join(o.words, " "))
	}
	return texts, nil
}

// readFilter reads a file of which lines that begin with # are comments.
func readFilter(in io.Reader, path string) (string, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	const limit = 1 << 20 // more than a filter may have
	b, err := io.ReadAll(io.LimitReader(in, limit))
	if err != nil {
		return "", fmt.Errorf("read filter %s: %w", path, err)
	}
	var text strings.Builder
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			line = "\n"
		}
		text.WriteString(line)
	}
	return text.String(), nil
}

// possibleStates are the states of q in which a socket can match.
func possibleStates(q collector.Query) socket.StateSet {
	e, set := q.Filter, q.States
	if e == nil {
		return set
	}
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
