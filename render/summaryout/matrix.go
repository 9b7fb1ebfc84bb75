package summaryout

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/summary"
	"github.com/sockls/sockls/render/text"
)

// matrix adds the sockets by state, downwards, and by protocol. Protocols that
// do not fit beside each other come below.
func (p *pen) matrix(r *summary.Result) {
	all := summary.ProtoCount{Total: r.Total, States: r.States}
	columns := [][]cell{names(r), nil}
	for i := range r.Protos {
		n := &r.Protos[i]
		all.IPv4 += n.IPv4
		all.IPv6 += n.IPv6
		columns = append(columns, column(strings.ToUpper(n.Proto.String()), n, n.Proto.Inet(), r))
	}
	columns[1] = column("ALL", &all, true, r)
	for first := 1; first < len(columns); {
		band := [][]cell{columns[0]}
		for taken := wide(columns[0]); first < len(columns); first++ {
			taken += 2 + wide(columns[first])
			if taken > width && len(band) > 1 {
				break
			}
			band = append(band, columns[first])
		}
		p.table(slices.DeleteFunc(transpose(band), isEmpty))
		if first < len(columns) {
			p.add("\n")
		}
	}
}

// names are the cells at the left.
func names(r *summary.Result) []cell {
	column := []cell{{text: "Sockets", role: text.Header}, {text: "total"}, {text: "IPv4"}, {text: "IPv6"}}
	state := lookup("state")
	for _, s := range r.States {
		column = append(column, cell{text: s.State.String(), role: state.Role(&socket.Socket{State: s.State})})
	}
	return column
}

// column are the numbers of one protocol.
func column(name string, p *summary.ProtoCount, inet bool, r *summary.Result) []cell {
	cells := []cell{{text: name, role: text.Header, right: true}, right(strconv.Itoa(p.Total)), none(), none()}
	if inet {
		cells[2], cells[3] = right(strconv.Itoa(p.IPv4)), right(strconv.Itoa(p.IPv6))
	}
	for _, s := range r.States {
		c := none()
		if n := p.Count(s.State); n > 0 {
			c = right(strconv.Itoa(n))
		}
		cells = append(cells, c)
	}
	return cells
}

// none is the cell of a number that is 0 or does not exist.
func none() cell { return cell{text: "-", role: text.Dim, right: true} }

// isEmpty reports whether a row has no number.
func isEmpty(row []cell) bool {
	return !slices.ContainsFunc(row[1:], func(c cell) bool { return c != none() })
}

func wide(column []cell) int {
	n := 0
	for _, c := range column {
		n = max(n, text.Width([]byte(c.text)))
	}
	return n
}

func transpose(columns [][]cell) [][]cell {
	rows := make([][]cell, len(columns[0]))
	for i := range rows {
		for _, c := range columns {
			rows[i] = append(rows[i], c[i])
		}
	}
	return rows
}
