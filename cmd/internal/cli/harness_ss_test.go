//go:build linux

package cli_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// cmdLikeSS asks ss and sockls the same and compares which sockets they show:
//
//	likess [-rows=N] NAME argument…
//
// With -rows it also says how many that must be, so that agreement about
// nothing is no success.
func cmdLikeSS(ts *testscript.TestScript, neg bool, args []string) {
	want := -1
	if len(args) > 0 {
		if n, ok := strings.CutPrefix(args[0], "-rows="); ok {
			var err error
			if want, err = strconv.Atoi(n); err != nil {
				ts.Fatalf("likess: %v", err)
			}
			args = args[1:]
		}
	}
	if neg || len(args) < 1 {
		ts.Fatalf("usage: likess [-rows=N] NAME argument…")
	}
	join := "-join=" + netnsFile(ts, theatreOf(ts), args[0])
	if err := ts.Exec("mksock", append([]string{join, "-exec", "ss", "-H", "-n", "-e"}, args[1:]...)...); err != nil {
		ts.Fatalf("ss: %v", err)
	}
	theirs := keysOfSS(ts, ts.ReadFile("stdout"))
	err := ts.Exec("mksock", append([]string{join, "-exec", "sockls", "--json"}, args[1:]...)...)
	if err != nil && len(theirs) > 0 {
		ts.Fatalf("sockls: %v", err)
	}
	ours := keysOfJSON(ts, ts.ReadFile("stdout"))
	if diff := cmp.Diff(theirs, ours); diff != "" {
		ts.Fatalf("-ss +sockls\n%s", diff)
	}
	if want >= 0 && len(ours) != want {
		ts.Fatalf("%d rows, want %d", len(ours), want)
	}
}

var (
	ssCookie = regexp.MustCompile(`\bsk:([0-9a-f]+)`)
	ssPortID = regexp.MustCompile(`^(?:nl +)?\S+ +\d+ +\d+ +(\d+:\d+) .* cb=`)
	ssInode  = regexp.MustCompile(`^u_\S+ +\S+ +\d+ +\d+ +\S+ (\d+) `)
)

// keysOfSS names each row of ss by what nothing else has: the cookie, the inode
// of a unix socket, the protocol and port id of a netlink socket.
func keysOfSS(ts *testscript.TestScript, out string) []string {
	keys := []string{}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "\t") {
			continue // more about the same socket
		}
		switch {
		case ssPortID.MatchString(line):
			keys = append(keys, "netlink "+ssPortID.FindStringSubmatch(line)[1])
		case ssInode.MatchString(line):
			keys = append(keys, "unix "+ssInode.FindStringSubmatch(line)[1])
		case ssCookie.MatchString(line):
			cookie, err := strconv.ParseUint(ssCookie.FindStringSubmatch(line)[1], 16, 64)
			if err != nil {
				ts.Fatalf("ss: %v", err)
			}
			keys = append(keys, "cookie "+strconv.FormatUint(cookie, 10))
		default:
			ts.Fatalf("ss printed a line that cannot be told from others: %q", line)
		}
	}
	slices.Sort(keys)
	return keys
}

func keysOfJSON(ts *testscript.TestScript, out string) []string {
	var document struct {
		Sockets []struct {
			Proto  string
			Inode  uint64
			Cookie uint64
			Local  struct{ Protocol, PortID uint64 }
		}
	}
	if err := json.NewDecoder(bytes.NewBufferString(out)).Decode(&document); err != nil {
		ts.Fatalf("sockls: %v in %q", err, out)
	}
	keys := []string{}
	for _, s := range document.Sockets {
		switch s.Proto {
		case "netlink":
			keys = append(keys, "netlink "+strconv.FormatUint(s.Local.Protocol, 10)+":"+strconv.FormatUint(s.Local.PortID, 10))
		case "unix":
			keys = append(keys, "unix "+strconv.FormatUint(s.Inode, 10))
		default:
			keys = append(keys, "cookie "+strconv.FormatUint(s.Cookie, 10))
		}
	}
	slices.Sort(keys)
	return keys
}
