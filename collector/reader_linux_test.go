package collector_test

import (
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// TestBrokenConnection: a table that fails on the way leaves a connection that
// is of no use for the others. They are not to pay for that.
func TestBrokenConnection(t *testing.T) {
	t.Parallel()
	k := &fakeKernel{t: t, answers: map[string]func(uint32) answer{
		"tcp": func(seq uint32) answer {
			return answer{datagrams: [][]byte{tcpRow(seq, 0, 10, 80, 80)}, err: syscall.ENOBUFS}
		},
		"udp4": listeners(53), "udp6": empty,
	}}
	o := collector.Options{Proc: tree(t, nil), Dial: k.dial}
	collect(t, o, query(socket.TCP, socket.UDP)).check(t, want{
		rows:    []string{"tcp 127.0.0.1:80 LISTEN", "udp 127.0.0.1:53 LISTEN"},
		tables:  []string{"sock_diag"},
		notices: []string{"table-incomplete"},
	})
}

// TestRefreshFails: what could not be looked at a second time is not gone.
func TestRefreshFails(t *testing.T) {
	t.Parallel()
	for _, again := range []string{"refused", "cut"} {
		var once sync.Once
		k := &fakeKernel{t: t}
		k.answers = map[string]func(uint32) answer{"tcp": func(seq uint32) answer {
			say := listeners(80, 81)(seq)
			first := false
			once.Do(func() { first = true })
			switch {
			case first:
				return say
			case again == "cut":
				return answer{datagrams: say.datagrams[:1], err: syscall.ENOBUFS}
			}
			return answer{datagrams: [][]byte{done(seq, syscall.EPERM)}}
		}}
		proc := tree(t, map[string]string{"net/tcp": inetHeader + inetRow("0050", "0A", "80") + inetRow("0051", "0A", "81")})
		q := query(socket.TCP)
		q.States = socket.ListeningStates
		q.Details = socket.DetailOwners
		got := collect(t, collector.Options{Proc: proc, Dial: k.dial}, q)
		var rows []string
		for i := range got.rows {
			rows = append(rows, name(&got.rows[i]))
		}
		if len(rows) != 2 || got.err != nil {
			t.Errorf("%s: rows %q, error %v", again, rows, got.err)
		}
	}
}

// TestIncompleteIsAnAnswer: rows that came before a failure are an answer.
func TestIncompleteIsAnAnswer(t *testing.T) {
	t.Parallel()
	k := &fakeKernel{t: t, answers: map[string]func(uint32) answer{"tcp": func(seq uint32) answer {
		return answer{datagrams: [][]byte{tcpRow(seq, 0, 10, 80, 80), done(seq, syscall.ENOMEM)}}
	}}}
	got := collect(t, collector.Options{Proc: tree(t, nil), Dial: k.dial}, query(socket.TCP, socket.Raw))
	got.check(t, want{
		rows: []string{"tcp 127.0.0.1:80 LISTEN"}, tables: []string{"sock_diag"},
		notices: []string{"table-incomplete", "table-unreadable"},
	})
}

// TestAllMalformed: an answer of which not one row could be read is none.
func TestAllMalformed(t *testing.T) {
	t.Parallel()
	nonsense := func(seq uint32) answer {
		return answer{datagrams: [][]byte{message(20, 2, seq, []byte{2, 10, 0, 0}), done(seq, 0)}}
	}
	k := &fakeKernel{t: t, answers: map[string]func(uint32) answer{"tcp": nonsense, "tcp4": nonsense, "tcp6": nonsense}}
	proc := tree(t, map[string]string{"net/tcp": inetHeader + inetRow("0050", "0A", "80")})
	got := collect(t, collector.Options{Proc: proc, Dial: k.dial}, query(socket.TCP))
	if len(got.rows) != 1 || got.err != nil {
		t.Errorf("%d rows, error %v, %q", len(got.rows), got.err, text(got.report))
	}
}

// TestBoundApartFails: when the walk through the bind table fails beside a dump
// that went well, its rows are not read again from elsewhere.
func TestBoundApartFails(t *testing.T) {
	t.Parallel()
	k := &fakeKernel{t: t, answers: map[string]func(uint32) answer{"tcp": listeners(80)}}
	proc := tree(t, map[string]string{
		"net/sockstat": "sockets: used 1\nTCP: inuse 1 orphan 0 tw 0 alloc 50000 mem 0\n",
		"net/tcp":      inetHeader + inetRow("0050", "0A", "80"),
	})
	got := collect(t, collector.Options{Proc: proc, Dial: k.dial}, query(socket.TCP))
	got.check(t, want{rows: []string{"tcp 127.0.0.1:80 LISTEN"}, tables: []string{"sock_diag"}, notices: []string{"table-incomplete"}})
	t.Log(k.requests())
}

// TestUnknownState: a socket in a state without a name is there all the same.
func TestUnknownState(t *testing.T) {
	t.Parallel()
	k := &fakeKernel{t: t, answers: map[string]func(uint32) answer{"tcp": func(seq uint32) answer {
		return answer{datagrams: [][]byte{tcpRow(seq, 0, 14, 80, 80), done(seq, 0)}}
	}}}
	got := collect(t, collector.Options{Proc: tree(t, nil), Dial: k.dial}, query(socket.TCP))
	if len(got.rows) != 1 {
		t.Errorf("%d rows", len(got.rows))
	}
}

// TestSixOnly: a kernel without IPv6 has no IPv6 sockets.
func TestSixOnly(t *testing.T) {
	t.Parallel()
	q := query(socket.TCP, socket.Raw)
	q.IPv4 = false
	got := collect(t, collector.Options{Proc: tree(t, map[string]string{
		"net/tcp": inetHeader, "net/raw": inetHeader, "net/protocols": protocols("TCP", "RAW"),
	}), Dial: refuse(syscall.EPERM)}, q)
	if got.err != nil {
		t.Errorf("%v; %s", got.err, text(got.report))
	}
}

// TestStaleRemote: a listener has no peer in either table.
func TestStaleRemote(t *testing.T) {
	t.Parallel()
	row := strings.Replace(inetRow("0050", "0A", "80"), "00000000:0000 0A", "0100007F:0000 0A", 1)
	got := collect(t, collector.Options{Proc: tree(t, map[string]string{"net/tcp": inetHeader + row}), Dial: refuse(syscall.EPERM)}, query(socket.TCP))
	if len(got.rows) != 1 || !got.rows[0].Remote.IsZero() {
		t.Errorf("%+v", got.rows)
	}
}

var _ sockdiag.Conn
