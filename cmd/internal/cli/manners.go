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
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/table"
	"github.com/sockls/sockls/render/text"
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
	letGo                   func() // of the network namespace, nil before question
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
	m.letGo = holdNetNS(list.namespace)
	q, err := list.ask(ctx)
	if err != nil {
		return nil, q, err
	}
	if choosesNothing(q.Filter, command != "kill") {
		if strings.TrimSpace(strings.Join(m.words, "")) == "" && len(m.filterFiles) == 0 {
			return nil, q, fmt.Errorf("%s needs a filter, and this one is empty", command)
		}
		return nil, q, fmt.Errorf("%s needs a filter that chooses, by a port, a process, an address; this one matches everything of its kind, and is refused", command)
	}
	return list, q, list.openSystem()
}

// choosesNothing reports whether a filter is true of all sockets of some protocols
// and families, and of some states unless these count: nobody means to end all that
// listens.
func choosesNothing(e filter.Expr, statesCount bool) bool {
	kind := filter.Simplify(e, func(leaf filter.Expr) socket.Tri {
		generic := false
		switch l := leaf.(type) {
		case filter.Protos, filter.Family:
			generic = true
		case filter.States:
			generic = !statesCount || l.Set == socket.AllStates
		case filter.Addr:
			generic = l.Prefix.Bits() == 0 && l.Zone == ""
		case filter.Port:
			generic = len(l.Ranges) == 1 && l.Ranges[0].First <= 1 && l.Ranges[0].Last >= 65535
		}
		if generic {
			return socket.Yes
		}
		return socket.Unknown
	})
	return filter.Constant(kind) == socket.Yes
}

// leave ends what question has begun. With its last process a network namespace goes,
// and what was freed in it could not be looked at any more.
func (m *manners) leave() {
	if m.letGo != nil {
		m.letGo()
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

// write prints a line that is escaped already, broken between words where the
// terminal is too narrow.
func (m *manners) write(line string) error {
	if m.json {
		return nil
	}
	const hanging = 4
	_, err := m.streams.Out.Write(append(text.AppendWrapped(nil, []byte(line), m.streams.Width, hanging), '\n'))
	return err
}

// show prints sockets as a table of these columns, or one after the other where
// the terminal is too narrow for it. Of none nothing is printed.
func (m *manners) show(columns string, rows []*socket.Socket) error {
	fields, err := field.Parse(columns, nil)
	if err != nil || len(rows) == 0 {
		return err
	}
	if w := m.streams.Width; w > 0 && leastWidth(fields, rows) > w {
		return m.list(fields, rows)
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

// leastWidth is how wide a table is whose columns are as narrow as they can be.
func leastWidth(fields []field.Field, rows []*socket.Socket) int {
	const gap = 2
	total := -gap
	var cell []byte
	for i := range fields {
		f := &fields[i]
		header := len(f.Header)
		width := header
		for _, s := range rows {
			cell = f.Append(cell[:0], s)
			width = max(width, text.Width(cell))
		}
		if f.Shrink > 0 {
			width = min(width, max(f.Min, header))
		}
		total += width + gap
	}
	return total
}

// list prints what a table would, without columns.
func (m *manners) list(fields []field.Field, rows []*socket.Socket) error {
	for _, s := range rows {
		var line []byte
		for i := range fields {
			if i > 0 {
				line = append(line, ' ')
			}
			line = fields[i].Append(line, s)
		}
		if err := m.write(string(line)); err != nil {
			return err
		}
	}
	return nil
}

// plan says what would be done in place of asking.
func (m *manners) plan(deed string) error {
	return m.write("It would " + strings.ToLower(deed[:1]) + deed[1:] + ". Nothing was done.")
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
	// The answer is typed behind it, for which there is to be a column.
	question += " [y/N]"
	if _, err := m.streams.Out.Write(append(text.AppendWrapped(nil, []byte(question), m.streams.Width-2, 0), ' ')); err != nil {
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
