package main

import (
	"bytes"
	"fmt"
	"strings"
)

// reference writes all pages into one document.
func reference(e edition, pages []page) []byte {
	w := &markdownWriter{}
	w.line("# sockls " + plain(e.version))
	for i := range pages {
		w.page(&pages[i])
	}
	return w.b.Bytes()
}

type markdownWriter struct{ b bytes.Buffer }

func (w *markdownWriter) line(text string) { w.b.WriteString(text + "\n") }

func (w *markdownWriter) page(p *page) {
	path := p.path
	if p.use == "" {
		path = strings.Replace(path, "sockls ", "sockls help ", 1)
	}
	w.line("\n## " + path + "\n\n" + plain(p.short) + ".")
	if p.use != "" {
		w.code([]string{p.use})
	}
	for i := range p.body {
		w.block(&p.body[i])
	}
	if len(p.flags) > 0 {
		w.line("\n### Flags\n")
	}
	for i := range p.flags {
		w.option(&p.flags[i])
	}
	if p.exit != "" {
		w.line("\n### Exit code\n\n" + plain(p.exit))
	}
	if p.example != "" {
		w.line("\n### Examples")
		w.code(strings.Split(p.example, "\n"))
	}
}

func (w *markdownWriter) block(b *block) {
	switch {
	case b.text != "":
		w.line("\n" + plain(b.text))
	case b.terms != nil:
		w.line("")
		for _, t := range b.terms {
			w.line("- " + quoted(t.name) + ": " + plain(t.meaning))
		}
	default:
		w.code(b.lines)
	}
}

func (w *markdownWriter) code(lines []string) {
	w.line("\n```\n" + strings.Join(lines, "\n") + "\n```")
}

func (w *markdownWriter) option(o *option) {
	name := "--" + o.name
	if o.letter != "" {
		name = "-" + o.letter + ", " + name
	}
	switch {
	case o.optional:
		name += "[=" + o.value + "]"
	case o.value != "":
		name += " " + o.value
	}
	help := plain(o.help)
	if o.preset != "" {
		help += fmt.Sprintf(" (%s unless it is given)", quoted(o.preset))
	}
	w.line("- " + quoted(name) + ": " + help)
}

// quoted is a piece of code within a line, whatever is in it.
func quoted(text string) string {
	if strings.Contains(text, "`") {
		return "`` " + text + " ``"
	}
	return "`" + text + "`"
}

// plain makes Markdown print a text as it is.
func plain(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune("\\`*_[]<>|#~&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
