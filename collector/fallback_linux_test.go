package collector_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// procRows reads the tables of /proc/net without the collector.
func procRows(t *testing.T, proc procfs.FS) map[socket.Proto]int {
	t.Helper()
	n := map[socket.Proto]int{}
	count := func(s *socket.Socket) error {
		n[s.Proto]++
		return nil
	}
	for _, p := range []socket.Proto{socket.TCP, socket.UDP, socket.UDPLite, socket.Raw, socket.Ping} {
		for _, f := range []socket.Family{socket.IPv4, socket.IPv6} {
			if err := proc.Inet(p, f, count); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
	}
	if _, err := proc.Unix(count); err != nil {
		t.Fatal(err)
	}
	if err := proc.Packet(count); err != nil {
		t.Fatal(err)
	}
	if err := proc.Netlink(count); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestRefusedAtDial: without sock_diag everything comes from /proc/net, and
// the report says why.
func TestRefusedAtDial(t *testing.T) {
	t.Parallel()
	proc := recordedTree(t)
	wanted := procRows(t, proc)
	if len(wanted) != 8 {
		t.Fatalf("the recorded machine has sockets of %d protocols", len(wanted))
	}
	for _, errno := range []syscall.Errno{syscall.EPERM, syscall.EACCES, syscall.EPROTONOSUPPORT, syscall.EAFNOSUPPORT} {
		dials := 0
		dial := refuse(fmt.Errorf("open sock_diag: %w", errno))
		o := collector.Options{Proc: proc}
		o.Dial = func() (sockdiag.Conn, error) {
			dials++
			return dial()
		}
		q := query(socket.Protos()...)
		q.Named = 0
		got := collect(t, o, q)
		if got.err != nil {
			t.Fatal(got.err)
		}
		rows := map[socket.Proto]int{}
		for i := range got.rows {
			s := &got.rows[i]
			rows[s.Proto]++
			if s.Cookie != 0 {
				t.Errorf("a row of /proc/net with a cookie: %+v", s)
			}
		}
		if diff := cmp.Diff(wanted, rows); diff != "" {
			t.Errorf("%v: rows by protocol (-want +got):\n%s", errno, diff)
		}
		if dials != 1 {
			t.Errorf("%v: dialled %d times", errno, dials)
		}
		codes := map[string]string{}
		for _, n := range got.report.Notices {
			codes[n.Code] += n.Message
		}
		said := codes["sock-diag-unavailable"]
		if !strings.Contains(said, errno.Error()) || !strings.Contains(said, "tcp, udp, udplite, unix, packet, netlink") {
			t.Errorf("%v: the notice says %q", errno, said)
		}
		if _, ok := codes["unix-forgeable"]; !ok {
			t.Errorf("%v: no word of /proc/net/unix", errno)
		}
		if diff := cmp.Diff([]string{"/proc/net"}, got.report.Source.Tables); diff != "" {
			t.Errorf("%v: tables (-want +got):\n%s", errno, diff)
		}
	}
}

// TestOneRefused: a table without a module falls back alone.
func TestOneRefused(t *testing.T) {
	t.Parallel()
	k := &fakeKernel{t: t, answers: map[string]func(uint32) answer{"tcp": listeners(80)}}
	proc := tree(t, map[string]string{
		"net/tcp": inetHeader + inetRow("0051", "0A", "5"), "net/tcp6": inetHeader,
		"net/udp": inetHeader + inetRow("0035", "07", "6"), "net/udp6": inetHeader,
	})
	got := collect(t, collector.Options{Proc: proc, Dial: k.dial}, query(socket.TCP, socket.UDP))
	got.check(t, want{
		rows:    []string{"tcp 127.0.0.1:80 LISTEN", "udp 127.0.0.1:53 UNCONN"},
		tables:  []string{"sock_diag", "/proc/net"},
		notices: []string{"sock-diag-unavailable"},
	})
	if said := text(got.report); !strings.Contains(said, "so udp came from /proc/net") || !strings.Contains(said, syscall.ENOENT.Error()) {
		t.Errorf("the notice says %q", said)
	}
	if diff := cmp.Diff([]string{"tcp", "udp4"}, k.requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// TestOnlyOneFamily: the fallback keeps to the families asked for.
func TestOnlyOneFamily(t *testing.T) {
	t.Parallel()
	o := collector.Options{Proc: recordedTree(t), Dial: refuse(syscall.EPERM)}
	for _, family := range []socket.Family{socket.IPv4, socket.IPv6} {
		q := query(socket.TCP)
		q.IPv4, q.IPv6 = family == socket.IPv4, family == socket.IPv6
		got := collect(t, o, q)
		if got.err != nil || len(got.rows) == 0 {
			t.Errorf("%v: %d rows, error %v", family, len(got.rows), got.err)
		}
		for i := range got.rows {
			if got.rows[i].Family != family {
				t.Errorf("asked for %v: %+v", family, got.rows[i])
			}
		}
	}
}

// TestOnlyStates: the fallback keeps to the states asked for.
func TestOnlyStates(t *testing.T) {
	t.Parallel()
	proc := tree(t, map[string]string{"net/tcp": inetHeader + inetRow("0051", "0A", "5") + inetRow("0052", "01", "6")})
	q := query(socket.TCP)
	q.States = socket.ListeningStates
	collect(t, collector.Options{Proc: proc, Dial: refuse(syscall.EPERM)}, q).check(t, want{
		rows: []string{"tcp 127.0.0.1:81 LISTEN"}, tables: []string{"/proc/net"}, notices: []string{"sock-diag-unavailable"},
	})
}

// TestNeither: with neither table there is an error, never an empty answer.
func TestNeither(t *testing.T) {
	t.Parallel()
	for _, p := range []socket.Proto{socket.TCP, socket.UDP, socket.UDPLite, socket.Unix, socket.Packet, socket.Netlink, socket.Raw, socket.Ping} {
		got := collect(t, collector.Options{Proc: tree(t, nil), Dial: refuse(syscall.EPERM)}, query(p))
		if got.err == nil || len(got.rows) > 0 {
			t.Errorf("%v: %d rows and no error", p, len(got.rows))
			continue
		}
		if !strings.Contains(got.err.Error(), p.String()) {
			t.Errorf("%v: %v", p, got.err)
		}
		if hasDiag := p != socket.Raw && p != socket.Ping; hasDiag && !strings.Contains(got.err.Error(), syscall.EPERM.Error()) {
			t.Errorf("%v: %v does not say what sock_diag said", p, got.err)
		}
	}
	q := query(socket.Protos()...)
	q.Named = 0
	if got := collect(t, collector.Options{Proc: tree(t, nil), Dial: refuse(syscall.EPERM)}, q); got.err == nil {
		t.Errorf("nothing could be read: %d rows, no error, %q", len(got.rows), text(got.report))
	}
}

// TestOneUnreadable: what can be read is shown, and the rest is in a notice.
func TestOneUnreadable(t *testing.T) {
	t.Parallel()
	k := &fakeKernel{t: t, answers: map[string]func(uint32) answer{"tcp": listeners(80)}}
	got := collect(t, collector.Options{Proc: tree(t, nil), Dial: k.dial}, query(socket.TCP, socket.UDP, socket.Raw))
	got.check(t, want{
		rows: []string{"tcp 127.0.0.1:80 LISTEN"}, tables: []string{"sock_diag"},
		notices: []string{"table-unreadable", "table-unreadable"},
	})
}

// TestOptionalProtocols: those that a kernel may lack are asked for where the
// kernel has them.
func TestOptionalProtocols(t *testing.T) {
	t.Parallel()
	k := &fakeKernel{t: t, answers: map[string]func(uint32) answer{
		"sctp4": recorded(t, "sctp-ipv4"), "sctp6": recorded(t, "sctp-ipv6"),
		"vsock": recorded(t, "vsock"), "tipc": recorded(t, "tipc"), "xdp": recorded(t, "xdp"),
		"mptcp4": listeners(443), "mptcp6": empty,
	}}
	proc := tree(t, map[string]string{"net/protocols": protocols("MPTCP", "SCTP", "AF_VSOCK", "TIPC", "XDP")})
	all := []socket.Proto{socket.MPTCP, socket.SCTP, socket.Vsock, socket.TIPC, socket.XDP}
	got := collect(t, collector.Options{Proc: proc, Dial: k.dial}, query(all...))
	got.check(t, want{
		tables: []string{"sock_diag"},
		rows: []string{
			"mptcp 127.0.0.1:443 LISTEN",
			"sctp 0.0.0.0:5000 LISTEN", "sctp 192.0.2.10:5000 ESTABLISHED", "sctp 192.0.2.10:5000 SHUTDOWN_SENT",
			"vsock - LISTEN", "vsock - ESTABLISHED", "vsock - UNCONN",
			"xdp lo UNCONN", "xdp - UNCONN",
			"tipc - LISTEN", "tipc - ESTABLISHED", "tipc - UNCONN",
		},
	})

	// The same without the protocols: not one is asked for, which would load it.
	bare := &fakeKernel{t: t, answers: k.answers}
	o := collector.Options{Proc: tree(t, map[string]string{"net/protocols": protocols("TCP", "UDP")}), Dial: bare.dial}
	collect(t, o, query(all...)).check(t, want{notices: slices.Repeat([]string{"protocol-absent"}, len(all))})
	q := query(all...)
	q.Named = 0
	collect(t, o, q).check(t, want{})
	if asked := bare.requests(); len(asked) > 0 {
		t.Errorf("asked for %q", asked)
	}

	// A kernel that does not say is asked.
	o.Proc = tree(t, nil)
	if got := collect(t, o, query(all...)); len(got.rows) != 12 || got.err != nil {
		t.Errorf("%d rows, error %v", len(got.rows), got.err)
	}
}

// TestNoDiagModule: the protocol is there and its table is not.
func TestNoDiagModule(t *testing.T) {
	t.Parallel()
	k := &fakeKernel{t: t}
	proc := tree(t, map[string]string{"net/protocols": protocols("MPTCP", "SCTP", "AF_VSOCK", "TIPC", "XDP")})
	for _, p := range []socket.Proto{socket.MPTCP, socket.SCTP, socket.Vsock, socket.TIPC, socket.XDP} {
		got := collect(t, collector.Options{Proc: proc, Dial: k.dial}, query(p))
		got.check(t, want{notices: []string{"no-diag-module"}})
		if said := text(got.report); !strings.Contains(said, p.String()+"_diag") {
			t.Errorf("%v: the notice says %q", p, said)
		}
		// Where sock_diag itself is refused, no module is to blame.
		got = collect(t, collector.Options{Proc: proc, Dial: refuse(syscall.EPERM)}, query(p))
		got.check(t, want{notices: []string{"no-diag-module"}})
		if said := text(got.report); strings.Contains(said, p.String()+"_diag is missing") {
			t.Errorf("%v: the notice says %q", p, said)
		}
	}
}

// TestTableOfAbsentProtocol: a kernel without udplite has neither its table
// nor its name.
func TestTableOfAbsentProtocol(t *testing.T) {
	t.Parallel()
	k := &fakeKernel{t: t, answers: map[string]func(uint32) answer{"tcp": listeners(80)}}
	o := collector.Options{Proc: tree(t, map[string]string{"net/protocols": protocols("TCP", "UDP")}), Dial: k.dial}
	row := []string{"tcp 127.0.0.1:80 LISTEN"}
	collect(t, o, query(socket.TCP, socket.UDPLite, socket.Ping)).check(t, want{
		rows: row, tables: []string{"sock_diag"}, notices: []string{"protocol-absent", "protocol-absent"},
	})
	q := query(socket.TCP, socket.UDPLite, socket.Ping)
	q.Named = 0
	collect(t, o, q).check(t, want{rows: row, tables: []string{"sock_diag"}})
}

// TestDoubledRows: /proc/net repeats rows when sockets come and go while it is
// read, and nothing but the whole row tells two sockets apart.
func TestDoubledRows(t *testing.T) {
	t.Parallel()
	listen, other := inetRow("0050", "0A", "5"), inetRow("0050", "0A", "6") // a reuseport group
	waiting := "0000000000000000: 00000002 00000000 00000000 0001 03     0 /run/a\n"
	named := "0000000000000000: 00000002 00000000 00010000 0001 01     7 /run/a\n"
	proc := tree(t, map[string]string{
		"net/tcp":  inetHeader + listen + other + listen + other,
		"net/unix": "Num       RefCount Protocol Flags    Type St Inode Path\n" + named + waiting + waiting + named,
	})
	collect(t, collector.Options{Proc: proc, Dial: refuse(syscall.EPERM)}, query(socket.TCP, socket.Unix)).check(t, want{
		rows: []string{
			"tcp 127.0.0.1:80 LISTEN", "tcp 127.0.0.1:80 LISTEN",
			"unix /run/a LISTEN", "unix /run/a ESTABLISHED", "unix /run/a ESTABLISHED",
		},
		tables: []string{"/proc/net"}, notices: []string{"sock-diag-unavailable", "unix-forgeable"},
	})
}

// TestMalformedTable: lines that are no rows are counted, and the rows stay.
func TestMalformedTable(t *testing.T) {
	t.Parallel()
	proc := tree(t, map[string]string{"net/tcp": inetHeader + "gibberish\n" + inetRow("0050", "0A", "5") + "\x1b[2J\n"})
	got := collect(t, collector.Options{Proc: proc, Dial: refuse(syscall.EPERM)}, query(socket.TCP))
	got.check(t, want{
		rows: []string{"tcp 127.0.0.1:80 LISTEN"}, tables: []string{"/proc/net"},
		notices: []string{"sock-diag-unavailable", "table-malformed"},
	})
	if n := got.report.Notices[1]; n.Count != 2 || strings.Contains(n.Message, "\x1b") {
		t.Errorf("%d lines: %q", n.Count, n.Message)
	}
}

// TestIncomplete: a dump that fails after rows keeps them, and no other table
// is read, which would double them.
func TestIncomplete(t *testing.T) {
	t.Parallel()
	row := func(seq uint32) []byte { return tcpRow(seq, 0, 10, 80, 80) }
	tests := []struct {
		name string
		say  func(seq uint32) answer
	}{
		{"interrupted", func(seq uint32) answer {
			return answer{datagrams: [][]byte{tcpRow(seq, interrupted, 10, 80, 80), done(seq, 0)}}
		}},
		{"malformed", func(seq uint32) answer {
			return answer{datagrams: [][]byte{row(seq), message(20, 2, seq, []byte{2, 10, 0, 0}), done(seq, 0)}}
		}},
		{"an error at the end", func(seq uint32) answer {
			return answer{datagrams: [][]byte{row(seq), done(seq, syscall.ENOMEM)}}
		}},
		{"receive fails", func(seq uint32) answer {
			return answer{datagrams: [][]byte{row(seq)}, err: syscall.ENOBUFS}
		}},
		{"damage", func(seq uint32) answer {
			return answer{datagrams: [][]byte{row(seq), {1, 2, 3}}}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := &fakeKernel{t: t, answers: map[string]func(uint32) answer{"tcp": tt.say}}
			proc := tree(t, map[string]string{"net/tcp": inetHeader + inetRow("0050", "0A", "80")})
			got := collect(t, collector.Options{Proc: proc, Dial: k.dial}, query(socket.TCP))
			got.check(t, want{
				rows: []string{"tcp 127.0.0.1:80 LISTEN"}, tables: got.report.Source.Tables, notices: []string{"table-incomplete"},
			})
		})
	}
}

// TestFailsBeforeRows: nothing has gone out, so /proc/net may still be read.
func TestFailsBeforeRows(t *testing.T) {
	t.Parallel()
	k := &fakeKernel{t: t, answers: map[string]func(uint32) answer{
		"tcp": func(uint32) answer { return answer{err: syscall.ENOBUFS} },
	}}
	proc := tree(t, map[string]string{"net/tcp": inetHeader + inetRow("0050", "0A", "80"), "net/udp": inetHeader + inetRow("0035", "07", "6")})
	got := collect(t, collector.Options{Proc: proc, Dial: k.dial}, query(socket.TCP))
	got.check(t, want{
		rows: []string{"tcp 127.0.0.1:80 LISTEN"}, tables: []string{"/proc/net"}, notices: []string{"sock-diag-unavailable"},
	})
	if said := text(got.report); !strings.Contains(said, syscall.ENOBUFS.Error()) {
		t.Errorf("the notice says %q", said)
	}
}

// TestYieldError: it ends the collection and comes back as it is, from either
// table.
func TestYieldError(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough")
	k := &fakeKernel{t: t, answers: map[string]func(uint32) answer{"tcp": listeners(80, 81)}}
	proc := tree(t, map[string]string{"net/tcp": inetHeader + inetRow("0050", "0A", "80") + inetRow("0051", "0A", "81")})
	for _, o := range []collector.Options{{Proc: proc, Dial: k.dial}, {Proc: proc, Dial: refuse(syscall.EPERM)}} {
		c, err := collector.New(o)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		_, err = c.Collect(context.Background(), query(socket.TCP, socket.UDP), func(*socket.Socket) error {
			n++
			return enough
		})
		if err != enough || n != 1 { //nolint:errorlint // the very error is promised
			t.Errorf("error %v after %d rows", err, n)
		}
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	k := &fakeKernel{t: t, answers: map[string]func(uint32) answer{"tcp": listeners(80)}}
	proc := tree(t, map[string]string{"net/tcp": inetHeader + inetRow("0050", "0A", "80")})
	for _, o := range []collector.Options{{Proc: proc, Dial: k.dial}, {Proc: proc, Dial: refuse(syscall.EPERM)}} {
		c, err := collector.New(o)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		_, err = c.Collect(ctx, query(socket.TCP), func(*socket.Socket) error { n++; return nil })
		if !errors.Is(err, context.Canceled) || n != 0 {
			t.Errorf("error %v and %d rows", err, n)
		}
	}
}
