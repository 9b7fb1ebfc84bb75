package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/cmd/internal/config"
)

func TestParse(t *testing.T) {
	one := func(key, value string, line int) config.Setting {
		return config.Setting{Key: key, Values: []string{value}, Line: line}
	}
	tests := []struct {
		name, text string
		want       []config.Setting
	}{
		{"empty", "", nil},
		{"comments alone", "# nothing\n\n\t# here", nil},
		{"string", "color = \"never\"\n", []config.Setting{one("color", "never", 1)}},
		{"no end of line", `color='never'`, []config.Setting{one("color", "never", 1)}},
		{"byte order mark", "\ufeffcolor='never'", []config.Setting{one("color", "never", 1)}},
		{"windows", "# x\r\ncolor = 'never'\r\nsort = 'pid'\r\n", []config.Setting{one("color", "never", 2), one("sort", "pid", 3)}},
		{"comment behind", `sort = "a#b" # and more`, []config.Setting{one("sort", "a#b", 1)}},
		{"escapes", `x = "\t\"\\\u00e9\U0001F600"`, []config.Setting{one("x", "\t\"\\é😀", 1)}},
		{"no escapes", `x = 'C:\new'`, []config.Setting{one("x", `C:\new`, 1)}},
		{"table", "a = ''\n[watch]\n  interval = '2s'", []config.Setting{one("a", "", 1), one("watch.interval", "2s", 3)}},
		{"dotted", "watch . interval = '2s'", []config.Setting{one("watch.interval", "2s", 1)}},
		{"table in a table", "[a]\nx = '1'\n[a.b]\ny = '2'", []config.Setting{one("a.x", "1", 2), one("a.b.y", "2", 4)}},
		{
			"list over lines", "columns = [ # wanted\n 'proto',\n\t\"local\", # mine\n]\nsort = 'pid'",
			[]config.Setting{{Key: "columns", Values: []string{"proto", "local"}, List: true, Line: 1}, one("sort", "pid", 5)},
		},
		{"empty list", "columns = []", []config.Setting{{Key: "columns", List: true, Line: 1}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := config.Parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestParseMistakes(t *testing.T) {
	tests := []struct{ text, want string }{
		{"color", ":1: color has no = behind it"},
		{"\n\ncolor = auto", ":3: color: a value is a string in quotes, or a list of strings"},
		{"color = true", ":1: color: a value is a string in quotes, or a list of strings"},
		{"color = ", ":1: color: a value is a string in quotes, or a list of strings"},
		{"color = 'auto", ":1: color: the string does not end in its line"},
		{"color = 'au\nto'", ":1: color: the string does not end in its line"},
		{"color = \"a\x1bb\"", ":1: color: the string does not end in its line"},
		{"color = '''a'''", ":1: color: a string is written in one line"},
		{`color = "\q"`, ":1: color: a backslash has no such meaning; in single quotes it has none"},
		{`color = "\ud800"`, ":1: color: a backslash has no such meaning; in single quotes it has none"},
		{"color = 'a' 'b'", `:1: '\'' stands where the line has to end`},
		{"color = 'a' # \x01", `:1: '\x01' stands where the line has to end`},
		{"color = 'a'\ncolor = 'b'", ":2: color is there already"},
		{"a.b = 'a'\na = 'b'", ":2: a is there already"},
		{"a = 'a'\na.b = 'b'", ":2: a.b is there already"},
		{"[a]\n[a]", ":2: a is there already"},
		{"a.x = ''\n[a]", ":2: a is there already"},
		{"[[a]]", ":1: lists of tables are not used"},
		{"[a", ":1: the name of a table ends with ]"},
		{"[]", `:1: ']' stands where a key is expected`},
		{"= 'a'", `:1: '=' stands where a key is expected`},
		{"\"color\" = 'a'", `:1: '"' stands where a key is expected`},
		{"a = ['x'\n'y']", `:2: '\'' stands where a comma or ] is expected`},
		{"a = [1]", ":1: a: a value is a string in quotes, or a list of strings"},
		{"a = ['x',", ":1: a: a value is a string in quotes, or a list of strings"},
		{"a = 'x'\nb = '\xff'", ":2: it is not UTF-8"},
		{"a = 'x'\rb = 'y'", `:1: '\r' stands where the line has to end`},
	}
	for _, tt := range tests {
		_, err := config.Parse(tt.text)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q: %v, want %q", tt.text, err, tt.want)
		}
	}
}

// FuzzParse sees to it that nothing crashes or hangs, that lines are those of the
// text, and that what was read can be written down and read again.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"columns = ['proto', \"local\"]\n[watch]\ninterval = '2s' # slow\n",
		"a.b = \"\\u0041\"\r\n", "a = [\n#\n]", "\ufeff[x.y]\nz='1'", "a = \"\\U00110000\"",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		settings, err := config.Parse(text)
		lines := 1 + strings.Count(text, "\n")
		if err != nil {
			return
		}
		var again strings.Builder
		for i, s := range settings {
			if s.Line < 1 || s.Line > lines || i > 0 && s.Line < settings[i-1].Line {
				t.Fatalf("%+v is in no line of it", s)
			}
			again.WriteString(s.Key + " = " + written(s) + "\n")
		}
		same, err := config.Parse(again.String())
		if err != nil {
			t.Fatalf("%q: %v", again.String(), err)
		}
		for i := range same {
			same[i].Line = settings[i].Line
		}
		if d := cmp.Diff(settings, same); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

// written is the value as TOML.
func written(s config.Setting) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\b", `\b`, "\f", `\f`)
	var values []string
	for _, v := range s.Values {
		var b strings.Builder
		for _, r := range escape.Replace(v) {
			if r < ' ' && r != '\t' || r == 0x7f {
				b.WriteString(`\u00` + string("0123456789abcdef"[r>>4]) + string("0123456789abcdef"[r&15]))
			} else {
				b.WriteRune(r)
			}
		}
		values = append(values, `"`+b.String()+`"`)
	}
	if s.List {
		return "[" + strings.Join(values, ", ") + "]"
	}
	return values[0]
}
