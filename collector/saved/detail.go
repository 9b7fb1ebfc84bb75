package saved

import (
	"bytes"
	"math"
	"slices"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/socket"
)

// group is one object of details.
type group struct {
	name  string
	group fact.Group
	facts []fact.Fact // nil until there is such an object
	// each are the details that all facts of the group have in common: those
	// that an object tells by being there, whatever is in it. That some are read
	// from the processes says nothing of these.
	each socket.Detail
}

// detail reads the value of a key that is the name of a group. It reports
// false, and reads nothing, where it is none.
func (d *decoder) detail(key []byte) bool {
	for i := range d.groups {
		if g := &d.groups[i]; g.name == string(key) {
			d.facts(g)
			return true
		}
	}
	return false
}

func (g *group) load() {
	if g.facts != nil {
		return
	}
	g.facts = fact.Of(g.group)
	g.each = ^socket.Detail(0)
	for i := range g.facts {
		g.each &= g.facts[i].Details
	}
	g.each &^= processDetails
}

// facts reads one object of details into the row.
func (d *decoder) facts(g *group) {
	if d.null() {
		return
	}
	g.load()
	d.row.has |= g.each
	// Which facts a socket can have depends on its state, which may come behind
	// them. What is in the file is kept in any case.
	state := d.row.State
	d.row.State = socket.StateUnknown
	defer func() { d.row.State = state }()
	var exact []string // the texts of which the twin was read
	next := 0
	for key := range d.object {
		plain, twin := bytes.CutSuffix(key, []byte("_base64"))
		f := g.find(key, &next)
		if f == nil && twin {
			f = g.find(plain, &next)
		}
		if f == nil || d.null() {
			if f == nil {
				d.skip()
			}
			continue
		}
		d.row.has |= f.Details &^ processDetails
		switch f.Kind {
		case fact.Text:
			var t text
			if twin {
				d.twin(&t)
				exact = append(exact, f.Key)
			} else {
				d.text(&t)
				if slices.Contains(exact, f.Key) {
					continue
				}
			}
			d.setText(f, t.value)
		case fact.Flag:
			n := int64(0)
			if d.bool() {
				n = 1
			}
			d.setNumber(f, n)
		default:
			d.setNumber(f, d.int(math.MinInt64, math.MaxInt64))
		}
	}
}

// find looks a fact up by its key, from the one after the last on: they stand
// in the order of the list.
func (g *group) find(key []byte, next *int) *fact.Fact {
	for i := range g.facts {
		at := *next + i
		if at >= len(g.facts) {
			at -= len(g.facts)
		}
		if g.facts[at].Key == string(key) {
			*next = at + 1
			return &g.facts[at]
		}
	}
	return nil
}

// setText writes a fact, and makes sure that it is what was written: a word
// that this program does not know would be lost in silence.
func (d *decoder) setText(f *fact.Fact, value string) {
	if d.err != nil || value == "" {
		return
	}
	f.SetText(&d.row.Socket, value)
	if got, _ := f.Text(&d.row.Socket); got != value {
		d.failf("unknown word %s", shown(value))
	}
}

func (d *decoder) setNumber(f *fact.Fact, n int64) {
	if d.err != nil {
		return
	}
	f.SetNumber(&d.row.Socket, n)
	if got, ok := f.Number(&d.row.Socket); ok && got != n {
		d.failf("a number out of range")
	}
}
