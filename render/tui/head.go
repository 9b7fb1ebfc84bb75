package tui

import (
	"strconv"
	"time"

	"github.com/sockls/sockls/render/text"
)

// drawHead draws what stands above the names of the columns: where and how often
// is looked, what there is, and how much comes and goes.
func (m *model) drawHead(p *pen) {
	height := m.headHeight()
	if height >= 2 {
		m.drawTitle(p)
	}
	switch {
	case height >= 3 && m.mode == inFilter && m.filter.err != nil:
		p.sayName(m.filter.err.Error(), text.Warn)
		p.end()
	case height >= 3:
		m.drawTotals(p)
	}
	if height >= 4 {
		m.drawFlow(p)
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
	if m.alive == 1 && m.total() == 1 {
		p.say(" socket")
	} else {
		p.say(" sockets")
	}
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
		word := " notices (n)"
		if n == 1 {
			word = " notice (n)"
		}
		p.sayIn(string(appendCount(nil, n))+word, text.Warn)
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

// age writes how long something has lasted, in whole seconds from ten of them on.
func age(d time.Duration) string {
	if d >= 10*time.Second {
		return d.Round(time.Second).String()
	}
	return short(d)
}
