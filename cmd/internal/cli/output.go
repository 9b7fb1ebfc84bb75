package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/csvout"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/jsonout"
	"github.com/sockls/sockls/render/table"
	"github.com/sockls/sockls/render/text"
)

// output is how rows are shown.
type output struct {
	json, jsonl, csv bool
	noHeader         bool
	columns          string
	colour           string
	oneline          bool
	// asked tells which of field.Sets are asked for, in their order.
	asked []bool
}

func (o *output) flags(f *pflag.FlagSet) {
	f.BoolVarP(&o.json, "json", "j", false, "one JSON document")
	f.BoolVar(&o.jsonl, "jsonl", false, "one JSON object a line")
	f.BoolVar(&o.csv, "csv", false, "comma-separated values")
	o.setFlags(f)
	f.BoolVarP(&o.oneline, "oneline", "O", false, "what would stand beneath a row stands at its end")
	f.StringVar(&o.columns, "columns", "", "show these columns; +`LIST` adds to the default ones")
	f.BoolVarP(&o.noHeader, "no-header", "H", false, "no header line")
	f.StringVar(&o.colour, "color", "auto", "colour `WHEN`: auto, always or never")
}

// setFlags are the flags of field.Sets.
func (o *output) setFlags(f *pflag.FlagSet) {
	sets := field.Sets()
	o.asked = make([]bool, len(sets))
	for i := range sets {
		f.BoolVarP(&o.asked[i], sets[i].Flag, sets[i].Letter, false, sets[i].Help)
	}
}

// ownerDetails are those that need the processes, holderDetails those of them
// that JSON has unasked.
const (
	holderDetails = socket.DetailOwners | socket.DetailCommand | socket.DetailExe |
		socket.DetailStarted | socket.DetailProcessUser
	ownerDetails = holderDetails | socket.DetailContext | socket.DetailReuse
)

// sets are the columns that a flag of their own asks for.
func (o *output) sets() []field.Set {
	var sets []field.Set
	for i, set := range field.Sets() {
		if o.asked[i] {
			sets = append(sets, set)
		}
	}
	return sets
}

// fields are the columns: a listener has no remote end worth a column, and
// processes that are not looked for need none either.
func (o *output) fields(listeners, noProcesses bool) ([]field.Field, error) {
	formats := 0
	for _, on := range []bool{o.json, o.jsonl, o.csv} {
		if on {
			formats++
		}
	}
	if formats > 1 {
		return nil, errors.New("--json, --jsonl and --csv exclude each other")
	}
	for _, set := range o.sets() {
		if noProcesses && set.Details()&ownerDetails != 0 {
			return nil, fmt.Errorf("--no-processes leaves nothing to show for --%s", set.Flag)
		}
	}
	if o.columns == "" && (o.json || o.jsonl) {
		return nil, nil
	}
	names := "proto,state,recv-q,send-q,local,remote,user,process"
	switch {
	case listeners && noProcesses:
		names = "proto,state,recv-q,send-q,local,user"
	case listeners:
		names = "proto,state,recv-q,send-q,local,user,process"
	case noProcesses:
		names = "proto,state,recv-q,send-q,local,remote,user"
	}
	fields, err := field.Parse(names, nil)
	if err == nil && o.columns != "" {
		fields, err = field.Parse(o.columns, fields)
	}
	if err != nil {
		return nil, err
	}
	for _, f := range fields {
		if noProcesses && f.Details&ownerDetails != 0 {
			return nil, fmt.Errorf("--no-processes leaves nothing to show in column %q", f.Name)
		}
	}
	return o.withSets(fields), nil
}

// withSets adds the columns of the sets. In CSV, which has nothing beneath a
// line, every fact is a column.
func (o *output) withSets(fields []field.Field) []field.Field {
	for _, set := range o.sets() {
		columns := set.Columns()
		if o.csv {
			columns = set.All()
		}
		fields = field.Add(fields, columns...)
	}
	return fields
}

// beneath is what stands beneath the rows of a table.
func (o *output) beneath() []field.Pairs {
	var beneath []field.Pairs
	for _, set := range o.sets() {
		beneath = append(beneath, set.Beneath()...)
	}
	return beneath
}

// details are what the chosen format needs to be fetched. JSON has one form,
// which holds everything, and of the details those that were asked for.
func (o *output) details(fields []field.Field) socket.Detail {
	d := field.Details(fields)
	for _, set := range o.sets() {
		d |= set.Details()
	}
	if o.json || o.jsonl {
		d |= holderDetails | socket.DetailUser | socket.DetailQueues | socket.DetailPeer | socket.DetailNetNS
	}
	return d
}

// renderer is one output format at work.
type renderer struct {
	// row takes the rows one by one as they come; a format that must have all
	// of them first has none.
	row func(*socket.Socket) error
	// measure sees all rows before rows takes them.
	measure func(*socket.Socket)
	// rows takes all rows at once.
	rows  func([]*socket.Socket) error
	close func(socket.Report) error
}

// renderer starts the chosen format.
func (o *output) renderer(s streams.Streams, fields []field.Field, q collector.Query, origin socket.Origin) (renderer, error) {
	switch {
	case o.json:
		snapshot := socket.Snapshot{Host: origin.Host, Time: origin.Time}
		return renderer{
			measure: func(*socket.Socket) {},
			rows: func(rows []*socket.Socket) error {
				snapshot.Sockets = rows
				return nil
			},
			close: func(report socket.Report) error {
				snapshot.Report = report
				return jsonout.Document(s.Out, &snapshot)
			},
		}, nil
	case o.jsonl:
		lines := jsonout.NewLines(s.Out, origin.Host, origin.Time, q.Details.Has(socket.DetailOwners))
		return each(lines.Row, lines.Close), nil
	case o.csv:
		w := csvout.New(s.Out, fields, !o.noHeader)
		return each(w.Row, w.Close), nil
	}
	palette, err := palette(o.colour, s)
	if err != nil {
		return renderer{}, err
	}
	t := table.New(s.Out, table.Options{
		Fields: fields, Beneath: o.beneath(), Oneline: o.oneline,
		Width: s.Width, Header: !o.noHeader, Palette: palette, IPv6: q.IPv6,
	})
	r := each(t.Row, t.Close)
	r.rows, r.measure = t.Rows, t.Measure
	return r, nil
}

// each makes a renderer of a writer that takes rows one by one.
func each(row func(*socket.Socket) error, end func() error) renderer {
	return renderer{
		row:     row,
		measure: func(*socket.Socket) {},
		rows: func(rows []*socket.Socket) error {
			for _, s := range rows {
				if err := row(s); err != nil {
					return err
				}
			}
			return nil
		},
		close: func(socket.Report) error { return end() },
	}
}

// palette understands --color.
func palette(when string, s streams.Streams) (text.Palette, error) {
	switch {
	case when == "always", when == "auto" && s.Colour():
		return text.Basic(), nil
	case when == "auto", when == "never":
		return text.Palette{}, nil
	}
	return text.Palette{}, fmt.Errorf("--color is auto, always or never, not %q", when)
}
