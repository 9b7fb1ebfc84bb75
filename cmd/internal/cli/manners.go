package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/table"
)

// manners are what the commands have in common that put an end to something: a
// filter has to say to what, they show it, and ask before they do it.
type manners struct {
	streams streams.Streams
	selection
	words                   []string
	filterFiles             []string
	netns                   string
	choosesNetNS            bool
	yes, dryRun, json, mute bool
	pinned                  *os.File // a network namespace
	// collector takes the place of this system's in tests.
	collector collector.Collector
}

func (m *manners) flags(f *pflag.FlagSet) {
	f.FuncP("netns", "N", "in another network namespace; `NS` is its name, a process in it, or a path", func(spec string) error {
		m.netns, m.choosesNetNS = spec, true
		return nil
	})
	f.StringArrayVarP(&m.filterFiles, "filter-file", "F", nil, "read a filter from `FILE` (- is standard input), to hold beside the one in the arguments")
	f.BoolVarP(&m.yes, "yes", "y", false, "do not ask")
	f.BoolVar(&m.dryRun, "dry-run", false, "show what would be done, and do nothing")
	f.BoolVarP(&m.json, "json", "j", false, "print what was done as JSON")
	f.BoolVar(&m.mute, "quiet", false, "say nothing about what could not be seen")
}

// question makes a query of what the filter chooses, and the listing that would
// show the same.
func (m *manners) question(ctx context.Context, command string) (*listOptions, collector.Query, error) {
	list := &listOptions{
		streams: m.streams, selection: m.selection, words: m.words, filterFiles: m.filterFiles,
		netns: m.netns, choosesNetNS: m.choosesNetNS, collector: m.collector,
	}
	if len(m.words)+len(m.filterFiles) == 0 {
		return nil, collector.Query{}, fmt.Errorf("%s needs a filter: a port such as :8080, a process, an address (sockls help filter)", command)
	}
	if m.json && !m.yes && !m.dryRun {
		return nil, collector.Query{}, errors.New("--json asks nothing: --yes or --dry-run has to go with it")
	}
	if err := list.findNetNS(); err != nil {
		return nil, collector.Query{}, err
	}
	m.pin(list.namespace)
	q, err := list.ask(ctx)
	if err != nil {
		return nil, q, err
	}
	if all, ok := q.Filter.(filter.And); ok && len(all) == 0 {
		return nil, q, fmt.Errorf("%s needs a filter, and this one is empty", command)
	}
	return list, q, list.openSystem()
}

// pin keeps a network namespace until the program ends: with its last process a
// namespace goes, and what was freed in it could not be looked at any more.
func (m *manners) pin(ns *netns.Namespace) {
	if ns == nil {
		return
	}
	for _, path := range ns.Paths {
		if file, err := os.Open(path); err == nil {
			m.pinned = file
			ns.Paths = append([]string{fmt.Sprintf("/proc/self/fd/%d", file.Fd())}, ns.Paths...)
			return // whether it is that namespace is looked at whenever it is entered
		}
	}
}

// tell prints notices.
func (m *manners) tell(notices []socket.Notice) {
	if m.mute {
		return
	}
	for _, n := range notices {
		complainOf(m.streams, n)
	}
}

// show prints sockets as a table of these columns.
func (m *manners) show(columns string, rows []*socket.Socket) error {
	fields, err := field.Parse(columns, nil)
	if err != nil {
		return err
	}
	colours, err := palette("auto", m.streams)
	if err != nil {
		return err
	}
	t := table.New(m.streams.Out, table.Options{
		Fields: fields, Width: m.streams.Width, Header: true, Palette: colours, IPv6: true,
	})
	for _, s := range rows {
		t.Measure(s)
	}
	if err := t.Rows(rows); err != nil {
		return err
	}
	return t.Close()
}

// agreed reports whether the question is answered with yes. It is an error where
// there is nobody to answer.
func (m *manners) agreed(question string) (bool, error) {
	if m.yes {
		return true, nil
	}
	in, ok := m.streams.In.(*os.File)
	if !ok || !m.streams.Terminal || !term.IsTerminal(int(in.Fd())) {
		return false, errors.New("there is no terminal to ask on: --yes does it without asking, --dry-run shows it")
	}
	if _, err := fmt.Fprintf(m.streams.Out, "%s [y/N] ", question); err != nil {
		return false, err
	}
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return true, nil
	}
	_, err = fmt.Fprintln(m.streams.Out, "Nothing was done.")
	return false, err
}

// counted is "1 process" or "2 processes".
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// column is what a column says of a socket.
func column(name string, s *socket.Socket) string {
	f, ok := field.Lookup(name)
	if !ok {
		return ""
	}
	return string(f.AppendPlain(nil, s))
}

// placeName is the protocol and the local end of a socket.
func placeName(s *socket.Socket) string { return s.Proto.String() + " " + column("local", s) }
