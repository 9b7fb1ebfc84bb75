package summaryout

import (
	"io"
	"strings"

	"github.com/sockls/sockls/collector/summary"
	"github.com/sockls/sockls/render/text"
)

// Text prints a summary for people. It is made by NewText. Each part is handed
// to the writer at once, in one piece.
type Text struct {
	w     io.Writer
	p     pen
	begun bool
}

// NewText makes a Text.
func NewText(w io.Writer, palette text.Palette) *Text {
	return &Text{w: w, p: pen{palette: palette}}
}

func (t *Text) flush() error {
	_, err := t.w.Write(t.p.out)
	t.begun = true
	t.p.out = t.p.out[:0]
	return err
}

// Counters prints the first part.
func (t *Text) Counters(c *summary.Counters) error {
	p := &t.p
	p.add("Total: ")
	p.count(c.Sockets)
	p.add("\nTCP:   ")
	p.count(c.Total())
	p.add(" (estab ")
	p.count(c.Established)
	p.add(", closed ")
	p.count(c.Closed())
	p.add(", orphaned ")
	p.count(c.Orphaned)
	p.add(", timewait ")
	p.count(c.TimeWait)
	p.add(")\n")
	p.paint(text.Dim, "(closed counts timewait, too; TCP, closed and orphaned are of the whole machine)")
	p.add("\n\n")

	header := cell{role: text.Header, right: true}
	row := []cell{{text: "Transport", role: text.Header}, header, header, header}
	row[1].text, row[2].text, row[3].text = "Total", "IP", "IPv6"
	rows := [][]cell{row}
	for _, transport := range []struct {
		name       string
		ipv4, ipv6 summary.Count
	}{
		{"RAW", c.IPv4.Raw, c.IPv6.Raw},
		{"UDP", c.IPv4.UDP, c.IPv6.UDP},
		{"TCP", c.IPv4.TCP, c.IPv6.TCP},
		{"INET", c.IPv4.Inet(), c.IPv6.Inet()},
		{"FRAG", c.IPv4.Fragments, c.IPv6.Fragments},
	} {
		rows = append(rows, transportRow(transport.name, summary.Sum(transport.ipv4, transport.ipv6), transport.ipv4, transport.ipv6))
	}
	for i := range c.Protos {
		n := &c.Protos[i]
		name := strings.ToUpper(n.Proto.String())
		if !n.Proto.Inet() {
			rows = append(rows, transportRow(name, count(n.Total), summary.Count{}, summary.Count{}))
			continue
		}
		rows = append(rows, transportRow(name, count(n.Total), count(n.IPv4), count(n.IPv6)))
	}
	p.table(rows)
	p.add("\n")
	p.drops(&c.Drops)
	return t.flush()
}

func count(n int) summary.Count { return summary.CountOf(int64(n)) }

func transportRow(name string, counts ...summary.Count) []cell {
	row := []cell{{text: name}}
	for _, n := range counts {
		row = append(row, cell{text: known(n, "-"), right: true})
	}
	return row
}

// drops adds what was turned away, in colour where there is any.
func (p *pen) drops(d *summary.Drops) {
	p.add("Turned away: ")
	for _, drop := range []struct {
		what  string
		n     summary.Count
		after string
	}{
		{"accept queue full", d.ListenOverflows, ", "},
		{"by listeners in all", d.ListenDrops, ",\n             "},
		{"too many half open", d.RequestQueueFull, ", "},
		{"without TIME_WAIT", d.TimeWaitOverflows, "\n"},
	} {
		role := text.Plain
		if drop.n.N > 0 {
			role = text.Warn
		}
		p.paint(role, drop.what+" "+known(drop.n, "?"))
		p.add(drop.after)
	}
}
