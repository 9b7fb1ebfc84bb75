package main

import (
	"bytes"
	"fmt"
	"strings"
)

// man writes a page in the man macros.
func (p *page) man(e edition, pages []page) []byte {
	w := &manWriter{}
	w.macro("TH", strings.ToUpper(p.name), fmt.Sprint(p.section), e.date, "sockls "+e.version, "User Commands")
	w.heading("NAME")
	w.line(escaped(p.name) + ` \- ` + escaped(p.short))
	if p.use != "" {
		w.heading("SYNOPSIS")
		w.line(bold(p.use))
	}
	w.heading("DESCRIPTION")
	for i := range p.body {
		w.block(&p.body[i], i > 0)
	}
	if len(p.flags) > 0 {
		w.heading("OPTIONS")
	}
	for i := range p.flags {
		w.option(&p.flags[i])
	}
	if p.exit != "" {
		w.heading("EXIT STATUS")
		w.line(escaped(p.exit))
	}
	if p.example != "" {
		w.heading("EXAMPLES")
		w.verbatim(strings.Split(p.example, "\n"))
	}
	w.heading("SEE ALSO")
	var others []string
	for _, o := range pages {
		if o.name != p.name {
			others = append(others, fmt.Sprintf("%s(%d)", bold(o.name), o.section))
		}
	}
	w.line(strings.Join(others, ",\n"))
	return w.b.Bytes()
}

type manWriter struct{ b bytes.Buffer }

// macro writes a request with its arguments.
func (w *manWriter) macro(name string, args ...string) {
	w.b.WriteString("." + name)
	for _, a := range args {
		w.b.WriteString(` "` + strings.ReplaceAll(escaped(a), `"`, `\(dq`) + `"`)
	}
	w.b.WriteByte('\n')
}

func (w *manWriter) heading(text string) { w.macro("SH", text) }

// line writes text that is escaped.
func (w *manWriter) line(text string) { w.b.WriteString(text + "\n") }

func (w *manWriter) block(b *block, apart bool) {
	if apart && b.text != "" {
		w.macro("PP")
	}
	switch {
	case b.text != "":
		w.line(escaped(b.text))
	case b.terms != nil:
		for _, t := range b.terms {
			w.macro("TP")
			w.line(bold(t.name))
			w.line(escaped(t.meaning))
		}
	default:
		w.verbatim(b.lines)
	}
}

func (w *manWriter) verbatim(lines []string) {
	w.macro("PP")
	w.macro("RS", "4")
	w.macro("nf")
	for _, line := range lines {
		w.line(escaped(line))
	}
	w.macro("fi")
	w.macro("RE")
}

func (w *manWriter) option(o *option) {
	w.macro("TP")
	text := bold("--" + o.name)
	if o.letter != "" {
		text = bold("-"+o.letter) + ", " + text
	}
	switch {
	case o.optional:
		text += `[=\fI` + escaped(o.value) + `\fR]`
	case o.value != "":
		text += ` \fI` + escaped(o.value) + `\fR`
	}
	w.line(text)
	help := escaped(o.help)
	if o.preset != "" {
		help += ` (\fB` + escaped(o.preset) + `\fR unless it is given)`
	}
	w.line(help)
}

func bold(text string) string { return `\fB` + escaped(text) + `\fR` }

// escaped makes troff print a text as it is: a backslash, a dash that can be
// copied, and a line that begins with a dot or a quote would mean something.
func escaped(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == '\\':
			b.WriteString(`\(rs`)
		case r == '-':
			b.WriteString(`\-`)
		case r == '\'':
			b.WriteString(`\(aq`)
		case r == '`':
			b.WriteString("\\(ga")
		case r == '^':
			b.WriteString(`\(ha`)
		case r == '~':
			b.WriteString(`\(ti`)
		case r == '.' && (i == 0 || text[i-1] == '\n'):
			b.WriteString(`\&.`)
		case r > '~':
			fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
