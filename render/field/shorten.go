package field

import (
	"bytes"

	"github.com/sockls/sockls/render/text"
)

// shortenList cuts a list made by this package to width columns. It cuts
// between the items, since half a number is another number: nginx[12,13,…],
// then systemd[1],…, and when not even the first process fits, its name gives
// way to its pid: systemd-net…[812].
func shortenList(dst, cell []byte, width int) []byte {
	if text.Width(cell) <= width {
		return append(dst, cell...)
	}
	best, tail := 0, ""
	quoted, bracket := false, false
	open := -1 // where the first pid list begins
	for i := 0; i < len(cell); i++ {
		switch c := cell[i]; {
		case quoted:
			if c == '\\' {
				i++
			} else {
				quoted = c != '"'
			}
		case c == '"':
			quoted = true
		case c == '[':
			if bracket = true; open < 0 {
				open = i
			}
		case c == ']':
			bracket = false
		case c == ',':
			ending := text.Ellipsis
			if bracket {
				ending = listEnding(cell[i:])
			}
			if text.Width(cell[:i+1])+text.Width([]byte(ending)) <= width {
				best, tail = i+1, ending
			}
		}
	}
	if best > 0 {
		return append(append(dst, cell[:best]...), tail...)
	}
	if open > 0 {
		end := open + bytes.IndexAny(cell[open:], ",]")
		tail = "]"
		if cell[end] == ',' {
			tail = "," + listEnding(cell[end:])
		} else if end+1 < len(cell) {
			tail = "]," + text.Ellipsis
		}
		if room := width - (end - open) - text.Width([]byte(tail)); room > 1 {
			dst = text.Truncate(dst, cell[:open], room)
			return append(append(dst, cell[open:end]...), tail...)
		}
		if text.Width(cell[:open]) < width {
			return append(append(dst, cell[:open]...), text.Ellipsis...)
		}
		cell = cell[:open+1]
	}
	return text.Truncate(dst, cell, width)
}

// listEnding is how a pid list ends that is cut at the comma where rest
// begins. It tells apart whether other processes follow.
func listEnding(rest []byte) string {
	if end := bytes.IndexByte(rest, ']'); end >= 0 && end+1 < len(rest) {
		return text.Ellipsis + "]," + text.Ellipsis
	}
	return text.Ellipsis + "]"
}
