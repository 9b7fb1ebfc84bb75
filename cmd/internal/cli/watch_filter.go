package cli

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/filter"
)

// screenFilter reads the filters that the screen begins with and those that are
// typed there.
type screenFilter struct {
	o     *watchOptions
	hosts map[string][]netip.Addr // that were looked up in the beginning
}

// first is the text of the filter in flags and words, once it has been read with
// whatever names it has.
func (r *screenFilter) first(ctx context.Context) (string, error) {
	texts, err := r.o.filterTexts()
	if err != nil || len(texts) == 0 {
		return "", err
	}
	text := strings.TrimSpace(strings.ReplaceAll(texts[0], "\n", " "))
	if len(texts) > 1 {
		for i := range texts {
			texts[i] = "(" + strings.TrimSpace(strings.ReplaceAll(texts[i], "\n", " ")) + ")"
		}
		text = strings.Join(texts, " and ")
	}
	ctx, cancel := context.WithTimeout(ctx, nameLimit)
	defer cancel()
	_, err = r.read(text, names{ctx})
	return text, err
}

// typed reads what is being typed. It asks no name server: that would take longer
// than the next key.
func (r *screenFilter) typed(text string) (*filter.Filter, error) { return r.read(text, nil) }

func (r *screenFilter) read(text string, resolver filter.Names) (*filter.Filter, error) {
	o := &r.o.listOptions
	var q collector.Query
	if err := o.selection.apply(&q); err != nil {
		return nil, err
	}
	f, err := filter.Parse(text, filter.Options{
		Names:  rememberedNames{resolver: resolver, hosts: r.hosts},
		Family: addressFamily(q.Protos), Interface: o.interfaceName(),
	})
	if err != nil {
		return nil, err
	}
	return f, o.narrow(&q, f)
}

// rememberedNames are those that were looked up before; resolver, if there is one,
// is asked for others.
type rememberedNames struct {
	resolver filter.Names
	hosts    map[string][]netip.Addr
}

// Addresses implements filter.Names.
func (n rememberedNames) Addresses(host string) ([]netip.Addr, error) {
	if known, ok := n.hosts[host]; ok {
		return known, nil
	}
	if n.resolver == nil {
		return nil, errors.New("names of hosts are not looked up while the screen is open; give its address")
	}
	found, err := n.resolver.Addresses(host)
	if err == nil {
		n.hosts[host] = found
	}
	return found, err
}

// Ports implements filter.Names. Services are in a file.
func (n rememberedNames) Ports(service string) ([]uint16, error) {
	return names{context.Background()}.Ports(service)
}
