package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Parse reads the text of a file. The settings are in the order of their lines.
func Parse(text string) ([]Setting, error) {
	p := &parser{rest: strings.TrimPrefix(text, "\ufeff"), line: 1}
	if at := invalidAt(text); at >= 0 {
		p.line += strings.Count(text[:at], "\n")
		return nil, p.mistake("it is not UTF-8")
	}
	for {
		p.blank()
		if p.rest == "" {
			return p.settings, nil
		}
		if err := p.statement(); err != nil {
			return nil, err
		}
	}
}

// invalidAt is where text is not UTF-8, -1 where all of it is.
func invalidAt(text string) int {
	for at, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[at:]); size == 1 {
				return at
			}
		}
	}
	return -1
}

type parser struct {
	rest     string
	line     int
	table    string // with its dot, "" at the beginning
	tables   []string
	settings []Setting
}

func (p *parser) mistake(format string, args ...any) error {
	return &Error{Line: p.line, Text: fmt.Sprintf(format, args...)}
}

// spaces leaves out what stands between two words of a line.
func (p *parser) spaces() { p.rest = strings.TrimLeft(p.rest, " \t") }

// blank leaves out spaces, comments and ends of lines.
func (p *parser) blank() {
	for {
		p.spaces()
		if strings.HasPrefix(p.rest, "#") {
			p.rest = p.rest[p.comment():]
		}
		if !p.newline() {
			return
		}
	}
}

// comment is how long a comment is. One with a control character ends before it,
// where a mistake is found.
func (p *parser) comment() int {
	for i := range len(p.rest) {
		if isControl(p.rest[i]) {
			return i
		}
	}
	return len(p.rest)
}

func isControl(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f }

func (p *parser) newline() bool {
	for _, end := range [...]string{"\n", "\r\n"} {
		if rest, ok := strings.CutPrefix(p.rest, end); ok {
			p.rest = rest
			p.line++
			return true
		}
	}
	return false
}

// statement reads a table or a setting, to the end of its line.
func (p *parser) statement() error {
	line := p.line
	var err error
	if rest, ok := strings.CutPrefix(p.rest, "["); ok {
		p.rest = rest
		err = p.header()
	} else {
		err = p.setting()
	}
	if err != nil {
		return err
	}
	p.spaces()
	if strings.HasPrefix(p.rest, "#") {
		p.rest = p.rest[p.comment():]
	}
	if p.rest != "" && !p.newline() {
		p.line = max(p.line, line)
		return p.mistake("%s stands where the line has to end", p.sight())
	}
	return nil
}

// header reads the name of a table behind its bracket.
func (p *parser) header() error {
	if strings.HasPrefix(p.rest, "[") {
		return p.mistake("lists of tables are not used")
	}
	name, err := p.key()
	if err != nil {
		return err
	}
	rest, ok := strings.CutPrefix(p.rest, "]")
	if !ok {
		return p.mistake("the name of a table ends with ]")
	}
	p.rest = rest
	p.table = name + "."
	if slices.Contains(p.tables, name) || p.taken(name) {
		return p.mistake("%s is there already", name)
	}
	p.tables = append(p.tables, name)
	return nil
}

// taken reports whether a key has a value, or is a table by one of its settings.
func (p *parser) taken(key string) bool {
	return slices.ContainsFunc(p.settings, func(s Setting) bool {
		return s.Key == key || strings.HasPrefix(key, s.Key+".") || strings.HasPrefix(s.Key, key+".")
	})
}

// setting reads a key and its value.
func (p *parser) setting() error {
	line := p.line
	name, err := p.key()
	if err != nil {
		return err
	}
	rest, ok := strings.CutPrefix(p.rest, "=")
	if !ok {
		return p.mistake("%s has no = behind it", name)
	}
	p.rest = rest
	s := Setting{Key: p.table + name, Line: line}
	// Dotted keys may come in any order, but none may be both a value and a table.
	clash := slices.ContainsFunc(p.settings, func(t Setting) bool {
		return t.Key == s.Key || strings.HasPrefix(s.Key, t.Key+".") || strings.HasPrefix(t.Key, s.Key+".")
	}) || slices.ContainsFunc(p.tables, func(t string) bool {
		return t == s.Key || strings.HasPrefix(t, s.Key+".") || strings.HasPrefix(s.Key, t+".") && !strings.HasPrefix(p.table, t+".")
	})
	if clash {
		return p.mistake("%s is there already", s.Key)
	}
	p.spaces()
	if s.List = strings.HasPrefix(p.rest, "["); s.List {
		s.Values, err = p.list(name)
	} else {
		s.Values = make([]string, 1)
		s.Values[0], err = p.text(name)
	}
	p.settings = append(p.settings, s)
	return err
}

// key reads a bare key, or several with dots between them.
func (p *parser) key() (string, error) {
	var parts []string
	for {
		p.spaces()
		end := strings.IndexFunc(p.rest, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
		})
		if end < 0 {
			end = len(p.rest)
		}
		if end == 0 {
			return "", p.mistake("%s stands where a key is expected", p.sight())
		}
		parts = append(parts, p.rest[:end])
		p.rest = p.rest[end:]
		p.spaces()
		rest, dot := strings.CutPrefix(p.rest, ".")
		if !dot {
			return strings.Join(parts, "."), nil
		}
		p.rest = rest
	}
}

// list reads strings in brackets, over as many lines as there are.
func (p *parser) list(name string) ([]string, error) {
	var values []string
	p.rest = p.rest[1:]
	for {
		p.blank()
		if rest, ok := strings.CutPrefix(p.rest, "]"); ok {
			p.rest = rest
			return values, nil
		}
		v, err := p.text(name)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
		p.blank()
		if rest, ok := strings.CutPrefix(p.rest, ","); ok {
			p.rest = rest
		} else if !strings.HasPrefix(p.rest, "]") {
			return nil, p.mistake("%s stands where a comma or ] is expected", p.sight())
		}
	}
}

// sight is what stands next, for a message.
func (p *parser) sight() string {
	if p.rest == "" || p.rest[0] == '\n' {
		return "nothing"
	}
	r, _ := utf8.DecodeRuneInString(p.rest)
	return fmt.Sprintf("%q", r)
}
