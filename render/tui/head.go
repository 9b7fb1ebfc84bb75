package tui

import (
	"strconv"
	"time"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/text"
)

// drawHead draws what stands above the names of the columns: where and how often
// is looked, what there is, and how much comes and goes.
func (m *model) drawHead(p *pen) {
	height := m.headHeight()
	if height >= 2 {
		m.drawTitle(p)
	}
	if height >= 3 {
		m.drawTotals(p)
	}
	if height >= 4 {
		m.drawSparks(p)
	}
	if height >= 5 {
		p.end()
	}
}

func (m *model) drawTitle(p *pen) {
	switch {
	case m.paused:
		p.sayLike("PAUSED", chosen)
		if m.missed > 0 {
			p.sayIn(" "+string(appendCount(nil, m.missed))+" events since", text.Warn)
		}
		p.say("  ")
	case m.err != nil:
		p.sayLike("FAILED", chosen)
		p.say("  ")
	}
	p.put(appendCount(nil, m.alive), text.Header, plain)
	if all := m.total(); all != m.alive {
		p.say(" of ")
		p.put(appendCount(nil, all), text.Plain, plain)
	}
	p.say(" sockets")
	for _, word := range m.words() {
		p.say("  ")
		p.sayIn(word, text.Listen)
	}
	if f := m.filter.text; f != "" {
		p.say("  ")
		p.sayIn("/", text.Dim)
		p.sayName(f, text.Established)
	}
	if m.store.lost > 0 {
		p.say("  ")
		p.sayIn("lost "+string(appendCount(nil, m.store.lost)), text.Warn)
	}
	if n := len(m.notices); n > 0 {
		p.say("  ")
		p.sayIn(string(appendCount(nil, n))+" notices (n)", text.Warn)
	}
	right := "every " + short(m.interval)
	if m.opts.Host != "" {
		right = string(text.AppendEscaped(nil, m.opts.Host)) + "  " + right
	}
	if p.fits("  " + right) {
		p.pad(p.room()-text.Width([]byte(right)), plain)
		p.sayIn(right, text.Dim)
	}
	p.end()
}

// total is how many sockets there are, wanted by the filter or not.
func (m *model) total() int {
	if m.paused {
		return m.there
	}
	return len(m.store.order) - len(m.store.gone)
}

// words are what is selected and how it is put in order.
func (m *model) words() []string {
	var words []string
	for _, w := range [...]struct {
		on   bool
		word string
	}{
		{m.selection.Listening, "listening"},
		{m.selection.All, "all"},
		{m.selection.TCP, "tcp"},
		{m.selection.UDP, "udp"},
		{m.selection.Unix, "unix"},
		{m.grouping != byNothing, "by " + m.grouping.String()},
	} {
		if w.on {
			words = append(words, w.word)
		}
	}
	if by := m.order.by.Name; by != "" {
		arrow := m.sign("↑", "^")
		if m.order.reverse {
			arrow = m.sign("↓", "v")
		}
		words = append(words, by+arrow)
	}
	return words
}

// drawTotals counts the rows by state, in the order of the kernel.
func (m *model) drawTotals(p *pen) {
	counts := m.counts
	first := true
	total := func(state socket.State, n int) {
		if n == 0 {
			return
		}
		word := state.String() + " " + string(appendCount(nil, n))
		if !first {
			word = "  " + word
		}
		// A number that is cut is another number.
		if p.fits(word) {
			p.say(word)
			first = false
		}
	}
	counts[socket.SynRecv] += counts[socket.NewSynRecv]
	total(socket.Listen, counts[socket.Listen])
	for _, s := range socket.States() {
		if s != socket.Listen {
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

// drawSparks draws how many were opened and closed at each look.
func (m *model) drawSparks(p *pen) {
	history := m.store.history
	half := p.width/2 - 1
	var last tally
	if len(history) > 0 {
		last = history[len(history)-1]
	}
	m.drawSpark(p, "opened", half, func(t tally) int { return t.opens }, last)
	p.pad(half+1-p.used, plain)
	m.drawSpark(p, "closed", p.room(), func(t tally) int { return t.closes }, last)
	p.end()
}

// drawSpark draws one of them into so many columns.
func (m *model) drawSpark(p *pen, name string, room int, get func(tally) int, last tally) {
	rate := 0.0
	if last.took > 0 {
		rate = float64(get(last)) / last.took.Seconds()
	}
	number := string(appendThree(nil, rate)) + "/s"
	head := name + " "
	p.say(head)
	n := max(0, min(len(m.store.history), room-len(head)-9))
	recent := m.store.history[len(m.store.history)-n:]
	most := 1
	for _, t := range recent {
		most = max(most, get(t))
	}
	ramp := []rune(m.sign(bars, asciiBars))
	line := make([]rune, n)
	for i, t := range recent {
		level := 0
		if v := get(t); v > 0 {
			level = 1 + v*(len(ramp)-2)/most
		}
		line[i] = ramp[level]
	}
	if n > 0 {
		p.sayIn(string(line), text.Established)
		p.say(" ")
	}
	p.say(number)
}

// appendCount appends a number.
func appendCount(dst []byte, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }

// short writes a duration without what is zero: "1m", not "1m0s".
func short(d time.Duration) string {
	switch {
	case d >= time.Minute && d%time.Minute == 0:
		return strconv.Itoa(int(d/time.Minute)) + "min"
	case d >= time.Second:
		return strconv.FormatFloat(d.Seconds(), 'g', 4, 64) + "s"
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}
