package filter_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// FuzzParse holds that no text makes the parser panic, that what it accepts
// prints as what it reads back, and that what it refuses is pointed at within
// the text, without anything that a terminal would obey.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "state established ( dport = :ssh or sport = :ssh )", "sport=:80||!(dport>=1024)&&src [fe80::1%e]/64:22",
		"state all exclude listening port 80,8000-8100 process ~ ^(a|b)$ and not command 'x \\'y' \"\\x00\"",
		"rtt > 1.5ms delivery-rate = 1-5Mbps v6only no user 5 netns blue 10/8 @x unix:* vsock:2:3 link:ip:1",
		"src netlink:route:kernel fwmark 1/0x3 dev 1 cgroup /a* autobound local loopback range dynamic proto all,!tcp",
		"(((", "not not not", "\xff\u202e = 3", "process = \"a", "listenign", "*:80", "min-max", "inode min-5,7-max",
	} {
		f.Add(text, uint8(0))
	}
	f.Add("src *", uint8(socket.FamilyUnix))
	f.Add("src 2:5", uint8(socket.FamilyVsock))
	f.Fuzz(func(t *testing.T, text string, family uint8) {
		o := options()
		o.Family = socket.Family(family % 9)
		parsed, err := filter.Parse(text, o)
		if err != nil {
			pointed(t, text, err)
			return
		}
		spelling := parsed.Expr.String()
		again, err := filter.Parse(spelling, filter.Options{})
		if err != nil {
			t.Fatalf("%q prints as %q: %v", text, spelling, err)
		}
		if !filter.Equal(parsed.Expr, again.Expr) {
			t.Fatalf("%q prints as %q, which is read as %q", text, spelling, again.Expr)
		}
		if strings.ContainsFunc(spelling+parsed.SSReading, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("%q is not printable", spelling)
		}
		filter.Tree(parsed.Expr)
		filter.Details(parsed.Expr)
		filter.Eval(parsed.Expr, &socket.Socket{}, ^socket.Detail(0))
	})
}

func pointed(t *testing.T, text string, err error) {
	t.Helper()
	var syntax *filter.SyntaxError
	if !errors.As(err, &syntax) {
		t.Fatalf("%q: the error is %v", text, err)
	}
	if syntax.Text != "" && syntax.Text != text ||
		syntax.Offset < 0 || syntax.Length < 0 || syntax.Offset+syntax.Length > len(syntax.Text) {
		t.Fatalf("%q: the error is at %d+%d", text, syntax.Offset, syntax.Length)
	}
	odd := func(r rune) bool { return !unicode.IsPrint(r) && r != '\uFFFD' }
	if !utf8.ValidString(syntax.Message) || strings.ContainsFunc(syntax.Message, odd) {
		t.Fatalf("%q: %q", text, syntax.Message)
	}
	line, carets, ok := strings.Cut(syntax.Caret(), "\n")
	if !ok || strings.ContainsFunc(line, odd) || strings.Trim(strings.TrimLeft(carets, " "), "^") != "" {
		t.Fatalf("%q: %q and %q", text, line, carets)
	}
	if n := utf8.RuneCountInString(line); len(carets) > n+1 {
		t.Fatalf("%q: carets at %d of %d", text, len(carets), n)
	}
}
