package text

import (
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// unescape undoes AppendEscaped; it fails the test on anything that
// AppendEscaped would not have written.
func unescape(t *testing.T, s string) string {
	t.Helper()
	var out []byte
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			out = append(out, s[i])
			i++
			continue
		}
		if i+1 == len(s) {
			t.Fatalf("%q ends in a lone backslash", s)
		}
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[i+1]]
		if digits == 0 {
			plain, ok := map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', '\\': '\\', '"': '"'}[s[i+1]]
			if !ok {
				t.Fatalf("%q has an unknown escape at %d", s, i)
			}
			out = append(out, plain)
			i += 2
			continue
		}
		v, err := strconv.ParseUint(s[i+2:i+2+digits], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		if digits == 2 {
			out = append(out, byte(v))
		} else {
			out = utf8.AppendRune(out, rune(v))
		}
		i += 2 + digits
	}
	return string(out)
}

func TestAppendEscaped(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"/run/dbus/system_bus_socket", "/run/dbus/system_bus_socket"},
		{"a b\"c'", "a b\"c'"},
		{"\n\t\r\\", `\n\t\r\\`},
		{"\x00\x07\x1b[31m\x7f", `\x00\x07\x1b[31m\x7f`},
		{"\u0080\u009b31m", `\u0080\u009b31m`},
		{"\u061c\u200e\u200f\u202a\u202e\u2066\u2069", `\u061c\u200e\u200f\u202a\u202e\u2066\u2069`},
		{"\u200b\u200d\u2060\u2064\ufeff\u00ad\u180e", `\u200b\u200d\u2060\u2064\ufeff\u00ad\u180e`},
		{"\u2028\u2029\ufe0f\U000e0001\U000e0100", `\u2028\u2029\ufe0f\U000e0001\U000e0100`},
		{"\u00a0\u3000\u115f\u3164\u2800\ue000\uffff", `\u00a0\u3000\u115f\u3164\u2800\ue000\uffff`},
		{"\xff\xed\xa0\x80\xc3", `\xff\xed\xa0\x80\xc3`},
		{"\ufffd", "\ufffd"},
		{"déjà データ עברית 🦀", "déjà データ עברית 🦀"},
		{"e\u0301", "e\u0301"},
		{"\u0301e\x1b\u0301", `\u0301e\x1b\u0301`},
	}
	for _, tt := range tests {
		got := string(AppendEscaped([]byte("> "), tt.in))
		if got != "> "+tt.want {
			t.Errorf("AppendEscaped(%q) = %s, want %s", tt.in, got, tt.want)
		}
		if back := unescape(t, got[2:]); back != tt.in {
			t.Errorf("%s gives back %q, want %q", got, back, tt.in)
		}
	}
}

// TestVisibleRefusesCategories walks the whole code space, so that no control,
// format character, separator, surrogate or noncharacter is ever shown.
func TestVisibleRefusesCategories(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		hostile := unicode.In(r, unicode.C, unicode.Zl, unicode.Zp, unicode.Variation_Selector,
			unicode.Bidi_Control, unicode.Noncharacter_Code_Point, unicode.Other_Default_Ignorable_Code_Point) ||
			r >= 0xe0000 && r <= 0xe0fff
		if hostile && Visible(r) {
			t.Errorf("Visible(%U) = true", r)
		}
	}
}

func TestAppendQuoted(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", `""`},
		{"-", `"-"`},
		{"*", `"*"`},
		{"-x", "-x"},
		{"kworker/0:1-events", "kworker/0:1-events"},
		{"nginx[12],sshd", `"nginx[12],sshd"`},
		{"(hidden)", `"(hidden)"`},
		{`a"b\c`, `"a\"b\\c"`},
		{"two words", `"two words"`},
		{"データ", "データ"},
		{"dé", "dé"},
		{"a\u0301", "\"a\u0301\""},
		{"\u0301", `"\u0301"`},
		{"［12］，", "\"［12］，\""},
		{"ok\xff", `"ok\xff"`},
		{"é\xff", `"é\xff"`},
		{"é b", `"é b"`},
		{"é\u3164", `"é\u3164"`},
	}
	for _, tt := range tests {
		if got := string(AppendQuoted(nil, tt.in)); got != tt.want {
			t.Errorf("AppendQuoted(%q) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

func FuzzAppendEscaped(f *testing.F) {
	for _, s := range []string{"", "nginx", "a\nb", "\x1b[2J", "\u202e", "\xff\xfe", "\U000e0041", "\\x1b", "e\u0301", "\"", "データ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		escaped := string(AppendEscaped(nil, s))
		if !utf8.ValidString(escaped) {
			t.Fatalf("%q is not valid UTF-8", escaped)
		}
		if i := strings.IndexFunc(escaped, func(r rune) bool { return !Visible(r) }); i >= 0 {
			t.Fatalf("%q shows something hidden at %d", escaped, i)
		}
		if back := unescape(t, escaped); back != s {
			t.Fatalf("%q gives back %q, want %q", escaped, back, s)
		}
		quoted := string(AppendQuoted(nil, s))
		if strings.HasPrefix(quoted, `"`) {
			quoted = quoted[1 : len(quoted)-1]
			if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(quoted, `\\`, ""), `\"`, ""), `"`) {
				t.Fatalf("%s ends before its end", quoted)
			}
		} else if strings.ContainsAny(quoted, " ,[]()*\"\\") {
			t.Fatalf("%s should be in quotes", quoted)
		}
		if back := unescape(t, quoted); back != s {
			t.Fatalf("%s gives back %q, want %q", quoted, back, s)
		}
	})
}

func BenchmarkAppendEscaped(b *testing.B) {
	buf := make([]byte, 0, 64)
	for b.Loop() {
		buf = AppendEscaped(buf[:0], "/run/dbus/system_bus_socket")
	}
}
