package jsonout

import (
	"strconv"
	"sync"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
)

// group is one object of details with all that can be known beforehand.
type group struct {
	open  string // ,"tcp":{
	group fact.Group
	facts []entry
}

type entry struct {
	key    string
	open   string // "rtt_us":
	kind   fact.Kind
	number func(*socket.Socket) (int64, bool)
	text   func(*socket.Socket) (string, bool)
}

// objects are made when the first details are printed; most runs print none.
var objects struct {
	once   sync.Once
	groups []group
}

func groups() []group {
	objects.once.Do(func() {
		for _, g := range fact.Groups() {
			made := group{open: `,"` + g.String() + `":{`, group: g}
			for _, f := range fact.Of(g) {
				made.facts = append(made.facts, entry{
					key: f.Key, open: `"` + f.Key + `":`, kind: f.Kind, number: f.Number, text: f.Text,
				})
			}
			objects.groups = append(objects.groups, made)
		}
	})
	return objects.groups
}

// appendDetails appends an object for each group of which s has anything.
func appendDetails(dst []byte, s *socket.Socket) []byte {
	if s.Details == nil {
		return dst // without making the groups
	}
	all := groups()
	for i := range all {
		if field.Known(s, all[i].group) {
			dst = all[i].append(dst, s)
		}
	}
	return dst
}

// append appends the object with the facts that s has.
func (g *group) append(dst []byte, s *socket.Socket) []byte {
	dst = append(dst, g.open...)
	start := len(dst)
	for i := range g.facts {
		e := &g.facts[i]
		if e.kind == fact.Text {
			if value, ok := e.text(s); ok {
				dst = appendText(dst, e.key, value)
			}
			continue
		}
		n, ok := e.number(s)
		if !ok {
			continue
		}
		dst = e.begin(dst, start)
		if e.kind == fact.Flag {
			dst = strconv.AppendBool(dst, n != 0)
		} else {
			dst = strconv.AppendInt(dst, n, 10)
		}
	}
	return append(dst, '}')
}

// begin appends the key, behind a comma unless the object begins at the end of dst.
func (e *entry) begin(dst []byte, start int) []byte {
	if len(dst) > start {
		dst = append(dst, ',')
	}
	return append(dst, e.open...)
}
