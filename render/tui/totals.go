package tui

import (
	"math"
	"strings"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/text"
)

// drawTotals counts the rows by state, in the order of the kernel and the colours
// of the table.
func (m *model) drawTotals(p *pen) {
	counts := m.counts
	first := true
	column, _ := field.Lookup("state")
	total := func(state socket.State, n int) {
		if n == 0 {
			return
		}
		name, number := state.String(), appendCount([]byte(" "), n)
		before := 2
		if first {
			before = 0
		}
		// A number that is cut is another number.
		if before+len(name)+len(number) > p.room() {
			return
		}
		first = false
		p.pad(before, plain)
		role := text.Plain
		if column.Role != nil {
			role = column.Role(&socket.Socket{Proto: socket.TCP, State: state})
		}
		p.sayIn(name, role)
		p.put(number, text.Header, plain)
	}
	counts[socket.SynRecv] += counts[socket.NewSynRecv]
	total(socket.Listen, counts[socket.Listen])
	for _, s := range socket.States() {
		if s != socket.Listen && s != socket.NewSynRecv {
			total(s, counts[s])
		}
	}
	total(socket.StateUnknown, counts[socket.StateUnknown])
	p.end()
}

// bars are the heights of a sparkline.
const (
	bars      = "▁▂▃▄▅▆▇█"
	asciiBars = "_.-:=+*#"
)

// drawFlow draws how many were opened and closed at each look, and on the right
// what goes through all connections together. Each number has its place, or one
// could not read them while they change.
func (m *model) drawFlow(p *pen) {
	sums := m.sums()
	room := p.width
	if wide := room - sums.width() - 2; sums != nil && wide >= 2*leastSpark {
		room = wide
	} else {
		sums = nil
	}
	half := room / 2
	m.drawSpark(p, "opened", half-2, func(t tally) int { return t.opens })
	p.pad(half-p.used, plain)
	m.drawSpark(p, "closed", room-half, func(t tally) int { return t.closes })
	p.pad(p.room()-sums.width(), plain)
	for _, part := range sums {
		p.sayIn(part.text, part.role)
	}
	p.end()
}

// leastSpark is the width below which a sparkline is not worth its place.
const leastSpark = 17

// parts are pieces of text with colours.
type parts []struct {
	text string
	role text.Role
}

func (s parts) width() int {
	n := 0
	for _, part := range s {
		n += text.Width([]byte(part.text))
	}
	return n
}

// sums are the rates of all connections together, nil where none is known.
func (m *model) sums() parts {
	if !m.sum.known {
		return nil
	}
	again := text.Dim
	if m.sum.retransmits > 0 {
		again = text.Warn
	}
	return parts{
		{"in " + leftPad(appendBytes(nil, m.sum.in), 6) + "/s", text.Dim},
		{"  out " + leftPad(appendBytes(nil, m.sum.out), 6) + "/s", text.Dim},
		{"  retr " + leftPad(appendThree(nil, m.sum.retransmits), 4) + "/s", again},
	}
}

// appendRounded appends how many there were a second. Looks are never exactly a
// second apart, and what is not worth a digit is not to flicker.
func appendRounded(dst []byte, n float64) []byte {
	if n >= 9.95 {
		return appendThree(dst, math.Round(n))
	}
	return appendThree(dst, math.Round(n*10)/10)
}

// leftPad puts blanks before a number.
func leftPad(b []byte, width int) string {
	return strings.Repeat(" ", max(0, width-len(b))) + string(b)
}

// drawSpark draws what happened at the last looks into so many columns.
func (m *model) drawSpark(p *pen, name string, room int, get func(tally) int) {
	history := m.store.history
	now := 0.0
	if n := len(history); n > 0 && history[n-1].took > 0 {
		now = float64(get(history[n-1])) / history[n-1].took.Seconds()
	}
	head := name + " " + leftPad(appendRounded(nil, now), 4) + "/s "
	p.say(head)
	recent := history[len(history)-max(0, min(len(history), room-len(head))):]
	most := 1
	for _, t := range recent {
		most = max(most, get(t))
	}
	ramp := []rune(m.sign(bars, asciiBars))
	line := make([]rune, len(recent))
	for i, t := range recent {
		level := 0
		if v := get(t); v > 0 {
			level = 1 + v*(len(ramp)-2)/most
		}
		line[i] = ramp[level]
	}
	p.sayIn(string(line), text.Established)
}
