package portable

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

// short is a row in a line.
func short(r *Row) string {
	end := func(e socket.Endpoint) string {
		if e.IsZero() {
			return "-"
		}
		return fmt.Sprintf("%s:%d", e.Addr, e.Port)
	}
	return fmt.Sprintf("%s %s %s %s %s %d/%d", r.Proto, r.Family, r.State, end(r.Local), end(r.Remote), r.PID, r.FD)
}

// tcp makes a row of IPv4, of a listener where there is no remote.
func tcp(local, remote string, pid, fd int32, object string) Row {
	r := Row{Proto: socket.TCP, Family: socket.IPv4, State: socket.Listen, PID: pid, FD: fd, Object: object}
	at := netip.MustParseAddrPort(local)
	r.Local = socket.Endpoint{Addr: at.Addr(), Port: uint32(at.Port())}
	if remote != "" {
		at := netip.MustParseAddrPort(remote)
		r.Remote, r.State = socket.Endpoint{Addr: at.Addr(), Port: uint32(at.Port())}, socket.Established
	}
	return r
}

func hearsay(r Row) Row {
	r.Hearsay = true
	return r
}

func TestMerge(t *testing.T) {
	const at, peer = "127.0.0.1:80", "127.0.0.1:9"
	tests := []struct {
		name          string
		rows, holders []Row
		want          []string // the holders of each socket
	}{
		{"nothing", nil, nil, nil},
		{"one of a table with one holder", []Row{tcp(at, "", 0, -1, "")}, []Row{tcp(at, "", 7, 3, "")}, []string{"7/3"}},
		{"inherited by a child", []Row{tcp(at, "", 0, -1, "")}, []Row{tcp(at, "", 7, 3, "a"), tcp(at, "", 8, 3, "a")}, []string{"7/3 8/3"}},
		{"inherited, and nothing tells", []Row{tcp(at, "", 0, -1, "")}, []Row{tcp(at, "", 7, 3, ""), tcp(at, "", 8, 3, "")}, []string{"7/3 8/3"}},
		{"two with one address", []Row{tcp(at, "", 0, -1, ""), tcp(at, "", 0, -1, "")}, []Row{tcp(at, "", 7, 3, "a"), tcp(at, "", 8, 3, "b")}, []string{"7/3", "8/3"}},
		{"told apart by the process", []Row{tcp(at, "", 8, -1, ""), tcp(at, "", 7, -1, "")}, []Row{tcp(at, "", 7, 3, "a"), tcp(at, "", 8, 3, "b")}, []string{"8/3", "7/3"}},
		{"as many as there are", []Row{tcp(at, "", 0, -1, ""), tcp(at, "", 0, -1, "")}, []Row{tcp(at, "", 7, 3, ""), tcp(at, "", 8, 3, "")}, []string{"7/3", "8/3"}},
		{
			"more than there are, and nothing tells",
			[]Row{tcp(at, "", 0, -1, ""), tcp(at, "", 0, -1, "")},
			[]Row{tcp(at, "", 7, 3, ""), tcp(at, "", 8, 3, ""), tcp(at, "", 9, 3, "")},
			[]string{"7/3 8/3 9/3 ?", "7/3 8/3 9/3 ?"},
		},
		{"opened since", nil, []Row{tcp(at, "", 7, 3, "a"), tcp(at, "", 7, 4, "b")}, []string{"7/3", "7/4"}},
		{"of no table, a listener", nil, []Row{tcp(at, "", 7, 3, ""), tcp(at, "", 8, 3, "")}, []string{"7/3 8/3 ?"}},
		{"of no table, a connection", nil, []Row{tcp(at, peer, 7, 3, ""), tcp(at, peer, 8, 3, "")}, []string{"7/3 8/3"}},
		{"hearsay", []Row{hearsay(tcp(at, "", 7, -1, ""))}, nil, []string{"7/-1 …"}},
		{"hearsay against what is held", []Row{hearsay(tcp(at, "", 7, -1, ""))}, []Row{tcp(at, "", 8, 3, "a")}, []string{"8/3"}},
		{"the same twice", []Row{tcp(at, "", 0, -1, "")}, []Row{tcp(at, "", 7, 3, "a"), tcp(at, "", 7, 3, "a")}, []string{"7/3"}},
		{"others stay as they are", []Row{tcp(at, "", 0, -1, ""), tcp(at, peer, 0, -1, "")}, []Row{tcp(at, peer, 7, 3, "")}, []string{"", "7/3"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, j := range merge(tt.rows, tt.holders) {
				var held []string
				for _, h := range j.held {
					held = append(held, fmt.Sprintf("%d/%d", h.PID, h.FD))
				}
				if j.unsure {
					held = append(held, "?")
				}
				if j.partial {
					held = append(held, "…")
				}
				got = append(got, strings.Join(held, " "))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestMergeFamily: an IPv6 socket with an IPv4 connection is one of IPv4 to netstat.
func TestMergeFamily(t *testing.T) {
	row := tcp("127.0.0.1:80", "127.0.0.1:9", 0, -1, "")
	row.RecvQ, row.HasQueues = 5, true
	held := tcp("[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:9", 7, 3, "a")
	held.Family = socket.IPv6
	all := merge([]Row{row}, []Row{held})
	if len(all) != 1 || all[0].Family != socket.IPv6 || !all[0].Local.Addr.Is4In6() || all[0].RecvQ != 5 {
		t.Errorf("%+v", all)
	}
	wild := tcp("0.0.0.0:80", "", 0, -1, "")
	wild6 := tcp("[::]:80", "", 7, 3, "a")
	wild6.Family = socket.IPv6
	if all := merge([]Row{wild}, []Row{wild6}); len(all) != 2 {
		t.Errorf("the wildcards of two families are %d sockets", len(all))
	}
}

// TestIdentitiesAreDistinct: where a number is not one socket's alone, it is none's.
func TestIdentitiesAreDistinct(t *testing.T) {
	const head = "Proto Recv-Q Send-Q  Local Address  Foreign Address  (state)  rhiwat shiwat  pid epid state options gencnt\n"
	line := func(port, gencnt string) string {
		return "tcp4 0 0 127.0.0.1." + port + " *.* LISTEN 1 1 7 0 00100 00000006 " + gencnt + "\n"
	}
	var bad malformed
	n := netstat{bare: socket.IPv4}
	for text, want := range map[string]bool{
		head + line("1", "0a") + line("2", "0b"):                   true,
		head + line("1", "0a") + line("2", "0b") + line("3", "0a"): false,
		head + line("1", "00") + line("2", "00"):                   false,
	} {
		for _, r := range n.parse([]byte(text), &bad) {
			if (r.Identity != 0) != want {
				t.Errorf("%s has %#x in\n%s", short(&r), r.Identity, text)
			}
		}
	}
	if bad.n != 0 {
		t.Errorf("%d lines, such as %q", bad.n, bad.first)
	}
}
