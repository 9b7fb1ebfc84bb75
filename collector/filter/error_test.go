package filter_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/filter"
)

// TestSyntaxError shows the message, the line and the carets.
func TestSyntaxError(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, message, caret string }{
		{
			"sprot = :80",
			`expected something that can be compared before "=", not "sprot"; did you mean "sport"?`,
			"sprot = :80\n^^^^^",
		},
		{
			"tcp and porrt 80",
			`"porrt" is no word of the language; did you mean "port"? For a process of that name write: process porrt`,
			"tcp and porrt 80\n        ^^^^^",
		},
		{
			"listenign",
			`"listenign" is no word of the language; did you mean "listening"? For a process of that name write: process listenign`,
			"listenign\n^^^^^^^^^",
		},
		{"sport = :80 and", "expected a predicate, but the filter ends", "sport = :80 and\n               ^"},
		{"and sport = :80", `expected a predicate before "and"`, "and sport = :80\n^^^"},
		{"( sport = :80", `expected a ")" for this "("`, "( sport = :80\n^"},
		{"sport = :80 )", `")" closes nothing`, "sport = :80 )\n            ^"},
		{"sport = :80 or ()", "expected a predicate", "sport = :80 or ()\n                ^"},
		{"sport = 80,70000", `expected a port from 0 to 65535, not "70000"`, "sport = 80,70000\n           ^^^^^"},
		{"sport = 90-80", `the range "90-80" ends before it begins`, "sport = 90-80\n        ^^^^^"},
		{"sport > 80,90", `expected one number after ">", not "80,90"`, "sport > 80,90\n        ^^^^^"},
		{"sport ~ 80", `"~" compares text: expected one of = != < <= > >=`, "sport ~ 80\n      ^"},
		{"sport = :foo", `expected a port or the name of a service, not "foo": there is no such service`, "sport = :foo\n         ^^^"},
		{"sport > two", `"two" is not one number; only = and != take more`, "sport > two\n        ^^^"},
		{
			"state estblished", `expected the name of a state, not "estblished"; did you mean "established"?`,
			"state estblished\n      ^^^^^^^^^^",
		},
		{
			"state established,lisening", `expected the name of a state, not "lisening"; did you mean "listening"?`,
			"state established,lisening\n                  ^^^^^^^^",
		},
		{"proto tpc", `expected the name of a protocol, not "tpc"; did you mean "tcp"?`, "proto tpc\n      ^^^"},
		{"local lopback", `expected loopback, private, public or wildcard, not "lopback"; did you mean "loopback"?`, "local lopback\n      ^^^^^^^"},
		{"src 300.1.1.1", `expected an IPv4 address, not "300.1.1.1"`, "src 300.1.1.1\n    ^^^^^^^^^"},
		{"src 10/33", `expected a prefix length of 0 to 32 after the "/", not "33"`, "src 10/33\n    ^^^^^"},
		{"src 8080", `expected an address, not "8080"; write :8080 for a port, or 8080/8 for a network`, "src 8080\n    ^^^^"},
		{"src [::1", `expected a "]" after the IPv6 address`, "src [::1\n    ^^^^"},
		{"src inet6:10/8", `expected an IPv6 address after inet6, not "10/8"`, "src inet6:10/8\n          ^^^^"},
		{"src nowhere", `cannot look up the host "nowhere": no such\x1b[31m host`, "src nowhere\n    ^^^^^^^"},
		{"src netlink:rout", `expected a netlink protocol, not "rout"; did you mean "route"?`, "src netlink:rout\n            ^^^^"},
		{"rtt > 50", `expected a unit after "50", such as 50ms`, "rtt > 50\n      ^^"},
		{"rtt > 5parsecs", `expected a number for rtt, such as 50ms, not "5parsecs"`, "rtt > 5parsecs\n      ^^^^^^^^"},
		{"rtt", "expected a number for rtt, such as 50ms, but the filter ends", "rtt\n   ^"},
		{"process > 5", "process is text: it is compared by =, !=, ~ and !~ only", "process > 5\n        ^"},
		{"process ~ a||b", "expected the regular expression in quotes, for it has && or || in it", "process ~ a||b\n          ^^^^"},
		{"process ~ 'a('", "error parsing regexp: missing closing ): `a(`", "process ~ 'a('\n          ^^^^"},
		{"dev > lo", "dev is text: it is compared by =, !=, ~ and !~ only", "dev > lo\n    ^"},
		{"dev 7", `cannot look up interface "7": no such interface`, "dev 7\n    ^"},
		{"v6only = maybe", `expected yes or no, not "maybe"`, "v6only = maybe\n         ^^^^^"},
		{"fwmark x", `expected a mark such as 0x1 or 0x1/0xff, not "x"`, "fwmark x\n       ^"},
		{`port 1 "unclosed`, `expected " at the end, which closes the one here`, "port 1 \"unclosed\n       ^^^^^^^^^"},
		{"port 1\nand prt = 3\nand port 2", `expected something that can be compared before "=", not "prt"; did you mean "port"?`, "and prt = 3\n    ^^^"},
		{"\x1b[2J\u202e日 port x = 3", `expected a port or the name of a service, not "x": there is no such service`, "" +
			`\x1b[2J\u{202e}\u{65e5} port x = 3` + "\n" + `                             ^`},
		{"\tport é\xff = 3", `expected a port or the name of a service, not "é\xff": there is no such service`, " port é\\xff = 3\n      ^^^^^"},
		{
			strings.Repeat("port 1 ", 40) + "port x " + strings.Repeat("port 1 ", 40),
			`expected a port or the name of a service, not "x": there is no such service`,
			"… port 1 port 1 port 1 port 1 port 1 port 1 port x port 1 port 1 port 1 po…\n" + strings.Repeat(" ", 49) + "^",
		},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			_, err := filter.Parse(test.text, options())
			var syntax *filter.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("the error is %v", err)
			}
			if diff := cmp.Diff(test.message, syntax.Message); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.caret, syntax.Caret()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNoNames holds that names are refused where nothing can look them up.
func TestNoNames(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"src localhost": `filter: expected an address, not "localhost": host names are not looked up here`,
		"sport = ssh":   `filter: expected a port, not "ssh": service names are not looked up here`,
		"dev 1":         "filter: interface indexes are not looked up here; write the name of the interface",
	} {
		if _, err := filter.Parse(text, filter.Options{}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestLimits holds that no text takes the stack or the memory.
func TestLimits(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		strings.Repeat("(", 60000),
		strings.Repeat("!", 60000) + "tcp",
		strings.Repeat("not ", 16000) + "tcp",
		strings.Repeat("a", 64<<10+1),
	} {
		if _, err := filter.Parse(text, filter.Options{}); err == nil {
			t.Errorf("%.20s... of %d bytes is accepted", text, len(text))
		}
	}
	var ports strings.Builder
	for i := range 40 {
		fmt.Fprintf(&ports, "sport = :%d and ", i)
	}
	// The readings differ for one combination of 41 values.
	if _, err := filter.Parse(ports.String()+"dev lo or dev eth0 and dev eth0", filter.Options{}); err != nil {
		t.Error(err)
	}
	long := strings.Repeat("sport = :1 or sport = :2 and ", 2200) + "dev lo"
	if _, err := filter.Parse(long, filter.Options{}); err != nil {
		t.Error(err)
	}
}
