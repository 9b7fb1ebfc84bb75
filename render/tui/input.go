package tui

import (
	"strings"
	"unicode"

	"github.com/sockls/sockls/render/text"
)

// input is a line that is being written.
type input struct {
	label string
	text  []rune
	at    int
	// The history is walked through from its end; draft is what was being
	// written before.
	back  int
	draft string
}

func newInput(label, s string) input {
	r := []rune(s)
	return input{label: label, text: r, at: len(r)}
}

func (in *input) String() string { return string(in.text) }

func (in *input) set(s string) {
	in.text = []rune(s)
	in.at = len(in.text)
}

// insert takes in what was typed or pasted; line breaks and controls become
// blanks.
func (in *input) insert(s string) {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.TrimRight(s, "\r\n"))
	more := []rune(s)
	in.text = append(in.text[:in.at:in.at], append(more, in.text[in.at:]...)...)
	in.at += len(more)
}

// edit is for keys that change the line or move in it.
func (in *input) edit(k string) bool {
	switch k {
	case "left", "ctrl+b":
		in.at = max(0, in.at-1)
	case "right", "ctrl+f":
		in.at = min(len(in.text), in.at+1)
	case "home", "ctrl+a":
		in.at = 0
	case "end", "ctrl+e":
		in.at = len(in.text)
	case "backspace", "ctrl+h":
		in.cut(in.at-1, in.at)
	case "delete", "ctrl+d":
		in.cut(in.at, in.at+1)
	case "ctrl+u":
		in.cut(0, in.at)
	case "ctrl+k":
		in.cut(in.at, len(in.text))
	case "ctrl+w", "alt+backspace":
		from := in.at
		for from > 0 && in.text[from-1] == ' ' {
			from--
		}
		for from > 0 && in.text[from-1] != ' ' {
			from--
		}
		in.cut(from, in.at)
	default:
		return false
	}
	return true
}

// cut removes what is between from and to.
func (in *input) cut(from, to int) {
	from, to = max(0, from), min(len(in.text), to)
	if from >= to {
		return
	}
	in.text = append(in.text[:from:from], in.text[to:]...)
	in.at = from
}

// walk goes back and forth in a history whose latest is the last.
func (in *input) walk(history []string, back int) {
	to := in.back + back
	if to < 0 || to > len(history) {
		return
	}
	if in.back == 0 {
		in.draft = in.String()
	}
	if in.back = to; to == 0 {
		in.set(in.draft)
	} else {
		in.set(history[len(history)-to])
	}
}

// window is the part of the line that fits beside the label, and where in it the
// cursor stands. A line that is too long shows what is around the cursor.
func (in *input) window(width int) (shown []byte, at int) {
	room := max(1, width-text.Width([]byte(in.label))-1)
	from := in.at
	for used := 0; from > 0; from-- {
		if used += text.Width(text.AppendEscaped(nil, string(in.text[from-1]))); used > room {
			break
		}
	}
	at = text.Width(text.AppendEscaped(nil, string(in.text[from:in.at])))
	to := min(len(in.text), in.at+room)
	shown = text.AppendEscaped(nil, string(in.text[from:to]))
	return text.Truncate(nil, shown, room+1), at
}

// column is where the cursor stands on a screen of that width.
func (in *input) column(width int) int {
	_, at := in.window(width)
	return max(0, min(text.Width([]byte(in.label))+at, width-1))
}

// draw draws the line.
func (in *input) draw(p *pen) {
	shown, _ := in.window(p.width)
	p.sayLike(in.label, strong)
	p.put(shown, text.Plain, plain)
}
