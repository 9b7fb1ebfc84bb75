package sockdiag

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

// udp4 asks for one family, that is, with one request.
var udp4 = Request{Proto: socket.UDP, IPv4: true, States: socket.AllStates}

// udpRow is a message about the UDP socket with this cookie, whose port and
// inode are the same number.
func udpRow(seq uint32, cookie uint64) []byte { return row(seq, udpMsg(cookie)) }

func udpMsg(cookie uint64) []byte {
	return inetMsg{family: afInet, state: 7, src: "127.0.0.1", sport: be(cookie), cookie: cookie, inode: uint32(cookie)}.bytes()
}

// script answers with the same datagrams whatever is asked.
func script(make func(seq uint32) []reply) []answer { return []answer{make} }

// cookies are the rows' identities in their order.
func cookies(rows []socket.Socket) []uint64 {
	var all []uint64
	for i := range rows {
		all = append(all, rows[i].Cookie)
	}
	return all
}

// outcome is what a dump ought to come to.
type outcome struct {
	rows []uint64
	err  error  // nil, or what errors.Is finds
	text string // part of the error's text
}

func check(t *testing.T, want outcome, rows []socket.Socket, err error) {
	t.Helper()
	if diff := cmp.Diff(want.rows, cookies(rows)); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
	if want.err == nil {
		if err != nil {
			t.Errorf("error %v", err)
		}
		return
	}
	var failed *Error
	if !errors.As(err, &failed) || !errors.Is(err, want.err) || !strings.Contains(err.Error(), want.text) {
		t.Fatalf("error %v (%T), want an *Error with %v and %q", err, err, want.err, want.text)
	}
	if failed.Rows != len(rows) {
		t.Errorf("the error tells of %d rows, %d were yielded", failed.Rows, len(rows))
	}
}

func TestDump(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		say  func(seq uint32) []reply
		want outcome
	}{
		{
			name: "nothing",
			say:  func(seq uint32) []reply { return []reply{datagram(done(seq, 0))} },
		},
		{
			name: "rows and the end in one datagram",
			say: func(seq uint32) []reply {
				return []reply{datagram(udpRow(seq, 1), udpRow(seq, 2), done(seq, 0))}
			},
			want: outcome{rows: []uint64{1, 2}},
		},
		{
			name: "several datagrams, an empty one among them",
			say: func(seq uint32) []reply {
				return []reply{datagram(udpRow(seq, 1), udpRow(seq, 2)), datagram(), datagram(udpRow(seq, 3)), datagram(done(seq, 0))}
			},
			want: outcome{rows: []uint64{1, 2, 3}},
		},
		{
			name: "a bare DONE",
			say: func(seq uint32) []reply {
				return []reply{datagram(udpRow(seq, 1)), datagram(nlmsg(nlmsgDone, flagMulti, seq, nil))}
			},
			want: outcome{rows: []uint64{1}},
		},
		{
			name: "DONE with an error: no such module",
			say:  func(seq uint32) []reply { return []reply{datagram(done(seq, int32(syscall.ENOENT)))} },
			want: outcome{err: syscall.ENOENT, text: "sock_diag udp: no such file or directory"},
		},
		{
			name: "DONE with an error after rows",
			say: func(seq uint32) []reply {
				return []reply{datagram(udpRow(seq, 1)), datagram(done(seq, int32(syscall.ENOMEM)))}
			},
			want: outcome{rows: []uint64{1}, err: syscall.ENOMEM},
		},
		{
			name: "ERROR",
			say: func(seq uint32) []reply {
				return []reply{datagram(nlmsg(nlmsgError, 0, seq, pack(-int32(syscall.EPERM), make([]byte, 72))))}
			},
			want: outcome{err: syscall.EPERM, text: "sock_diag udp: operation not permitted"},
		},
		{
			name: "ERROR of three bytes",
			say: func(seq uint32) []reply {
				return []reply{datagram(nlmsg(nlmsgError, 0, seq, []byte{1, 2, 3}))}
			},
			want: outcome{err: errShort},
		},
		{
			name: "a number that is no errno",
			say: func(seq uint32) []reply {
				return []reply{datagram(nlmsg(nlmsgError, 0, seq, pack(int32(77777))))}
			},
			want: outcome{err: syscall.Errno(int32ToErrno(-77777))},
		},
		{
			name: "the end of an older answer",
			say: func(seq uint32) []reply {
				return []reply{
					datagram(udpRow(seq-1, 8), done(seq-1, int32(syscall.EPERM))),
					datagram(udpRow(seq+1, 9), udpRow(seq, 1), done(seq, 0)),
				}
			},
			want: outcome{rows: []uint64{1}},
		},
		{
			name: "NOOP",
			say: func(seq uint32) []reply {
				return []reply{datagram(nlmsg(nlmsgNoop, 0, seq, make([]byte, 100)), udpRow(seq, 1), done(seq, 0))}
			},
			want: outcome{rows: []uint64{1}},
		},
		{
			name: "interrupted: all rows, then the error",
			say: func(seq uint32) []reply {
				return []reply{
					datagram(udpRow(seq, 1), nlmsg(typeByFamily, flagMulti|flagDumpIntr, seq, udpMsg(2)), udpRow(seq, 3)),
					datagram(udpRow(seq, 4), done(seq, 0)),
				}
			},
			want: outcome{rows: []uint64{1, 2, 3, 4}, err: ErrInterrupted},
		},
		{
			name: "interrupted, told by the end only",
			say: func(seq uint32) []reply {
				return []reply{datagram(udpRow(seq, 1), nlmsg(nlmsgDone, flagMulti|flagDumpIntr, seq, pack(int32(0))))}
			},
			want: outcome{rows: []uint64{1}, err: ErrInterrupted},
		},
		{
			name: "messages that make no row are counted",
			say: func(seq uint32) []reply {
				return []reply{datagram(
					udpRow(seq, 1), row(seq, make([]byte, 71)), udpRow(seq, 2), row(seq, make([]byte, 72)), row(seq, []byte{2}), done(seq, 0),
				)}
			},
			want: outcome{rows: []uint64{1, 2}, err: ErrMalformed, text: ": 3"},
		},
		{
			name: "a message longer than its datagram",
			say: func(seq uint32) []reply {
				long := udpRow(seq, 2)
				return []reply{datagram(udpRow(seq, 1), long[:40])}
			},
			want: outcome{rows: []uint64{1}, err: errShort},
		},
		{
			name: "a message of no length",
			say:  func(uint32) []reply { return []reply{datagram(make([]byte, 64))} },
			want: outcome{err: errShort},
		},
		{
			name: "a row that comes twice",
			say: func(seq uint32) []reply {
				return []reply{datagram(udpRow(seq, 1), udpRow(seq, 2)), datagram(udpRow(seq, 2), udpRow(seq, 3), done(seq, 0))}
			},
			want: outcome{rows: []uint64{1, 2, 3}},
		},
		{
			name: "rows without a cookie are all different",
			say: func(seq uint32) []reply {
				return []reply{datagram(udpRow(seq, 0), udpRow(seq, 0), done(seq, 0))}
			},
			want: outcome{rows: []uint64{0, 0}},
		},
		{
			name: "receive fails at once",
			say:  func(uint32) []reply { return []reply{{err: syscall.ENOBUFS}} },
			want: outcome{err: syscall.ENOBUFS, text: "receive"},
		},
		{
			name: "receive fails in the middle",
			say: func(seq uint32) []reply {
				return []reply{datagram(udpRow(seq, 1), udpRow(seq, 2)), {err: syscall.EMSGSIZE}}
			},
			want: outcome{rows: []uint64{1, 2}, err: syscall.EMSGSIZE},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := &kernel{t: t, answers: script(tt.say), scratch: true}
			rows, err := k.dump(udp4)
			check(t, tt.want, rows, err)
		})
	}
}

// int32ToErrno is the conversion of a kernel's number, which a constant
// expression would refuse.
func int32ToErrno(n int32) uintptr { return uintptr(n) }

func TestRefusalInWords(t *testing.T) {
	t.Parallel()
	k := &kernel{t: t, answers: []answer{recorded(t, "refused")}}
	rows, err := k.dump(udp4)
	check(t, outcome{err: syscall.EINVAL, text: "invalid argument (socket diagnostics are not for you)"}, rows, err)
}

func TestSendFails(t *testing.T) {
	t.Parallel()
	k := &kernel{t: t, sendErr: syscall.EPERM}
	rows, err := k.dump(udp4)
	check(t, outcome{err: syscall.EPERM, text: "send"}, rows, err)
}

func TestUnknownProtocol(t *testing.T) {
	t.Parallel()
	for _, p := range []socket.Proto{socket.ProtoUnknown, socket.Raw, socket.Ping} {
		k := &kernel{t: t}
		rows, err := k.dump(Request{Proto: p, IPv4: true, IPv6: true, States: socket.AllStates})
		check(t, outcome{err: syscall.EPROTONOSUPPORT}, rows, err)
	}
}

// TestStatesFilter: what the kernel cannot tell apart is told apart here.
func TestStatesFilter(t *testing.T) {
	t.Parallel()
	k := &kernel{t: t, answers: script(func(seq uint32) []reply {
		connected := inetMsg{family: afInet, state: 1, src: "127.0.0.1", dst: "127.0.0.1", dport: 1, cookie: 2}
		return []reply{datagram(udpRow(seq, 1), row(seq, connected.bytes()), done(seq, 0))}
	})}
	r := udp4
	r.States = socket.ConnectedStates
	rows, err := k.dump(r)
	check(t, outcome{rows: []uint64{2}}, rows, err)
}

// TestYieldError: it ends the dump, comes back as it is, and leaves a client
// that refuses to mix the rest of one answer with another.
func TestYieldError(t *testing.T) {
	t.Parallel()
	k := &kernel{t: t, answers: script(func(seq uint32) []reply {
		return []reply{datagram(udpRow(seq, 1), udpRow(seq, 2)), datagram(udpRow(seq, 3), done(seq, 0))}
	})}
	c := k.client()
	enough := errors.New("enough")
	var seen []uint64
	err := c.Dump(context.Background(), udp4, func(s *socket.Socket) error {
		seen = append(seen, s.Cookie)
		if len(seen) == 2 {
			return enough
		}
		return nil
	})
	if err != enough { //nolint:errorlint // the very error is promised, not one that wraps it
		t.Errorf("error %v, want the one of yield", err)
	}
	if diff := cmp.Diff([]uint64{1, 2}, seen); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	rows, err := gather(c, udp4)
	check(t, outcome{err: errAbandoned}, rows, err)
	if len(k.sent) != 1 {
		t.Errorf("%d requests were sent", len(k.sent))
	}
	if err := c.Close(); err != nil || !k.closed {
		t.Errorf("close: %v, closed: %v", err, k.closed)
	}
}

// TestClientGoesOn: a refusal and an incomplete dump leave the client good.
func TestClientGoesOn(t *testing.T) {
	t.Parallel()
	k := &kernel{t: t, answers: []answer{
		func(seq uint32) []reply { return []reply{datagram(done(seq, int32(syscall.ENOENT)))} },
		func(seq uint32) []reply { return []reply{datagram(row(seq, []byte{2}), done(seq, 0))} },
		func(seq uint32) []reply { return []reply{datagram(udpRow(seq, 1), done(seq, 0))} },
		func(seq uint32) []reply { return []reply{datagram(udpRow(seq, 1), done(seq, 0))} },
	}}
	c := k.client()
	for i, want := range []outcome{{err: syscall.ENOENT}, {err: ErrMalformed}, {rows: []uint64{1}}, {rows: []uint64{1}}} {
		t.Logf("dump %d", i)
		rows, err := gather(c, udp4)
		check(t, want, rows, err)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	for _, r := range []Request{udp4, {Proto: socket.TCP, IPv4: true, IPv6: true, States: socket.AllStates}} {
		ctx, cancel := context.WithCancel(context.Background())
		k := &kernel{t: t, answers: script(func(seq uint32) []reply {
			return []reply{datagram(udpRow(seq, 1), udpRow(seq, 2)), datagram(udpRow(seq, 3), done(seq, 0))}
		})}
		c := k.client()
		var rows []socket.Socket
		err := c.Dump(ctx, r, func(s *socket.Socket) error {
			rows = append(rows, *s)
			cancel()
			return nil
		})
		check(t, outcome{rows: []uint64{1, 2}, err: context.Canceled}, rows, err)

		rows, err = gather(c, udp4)
		check(t, outcome{err: errAbandoned}, rows, err)

		// Cancelled before there was a row: the reason is not hidden by the
		// refusal of a second try.
		k = &kernel{t: t, answers: script(func(seq uint32) []reply { return []reply{datagram(udpRow(seq, 1), done(seq, 0))} })}
		err = k.client().Dump(ctx, r, func(*socket.Socket) error { return errors.New("a row of a cancelled dump") })
		check(t, outcome{err: context.Canceled}, nil, err)
	}
}

// TestFlatMemory: rows cost no allocations, however many come.
func TestFlatMemory(t *testing.T) {
	const datagrams, each = 50, 100
	say := func(seq uint32) []reply {
		var all []reply
		cookie := uint64(1)
		for range datagrams {
			var messages [][]byte
			for range each {
				messages = append(messages, udpRow(seq, cookie))
				cookie++
			}
			all = append(all, datagram(messages...))
		}
		return append(all, datagram(done(seq, 0)))
	}
	c := (&kernel{t: t}).client()
	n := 0
	var replies []reply
	allocations := testing.AllocsPerRun(1, func() {
		n = 0
		c.conn = &kernel{t: t, answers: script(func(seq uint32) []reply {
			if replies == nil {
				replies = say(seq)
			}
			return replies
		})}
		c.seq = 0
		if err := c.Dump(context.Background(), udp4, func(*socket.Socket) error { n++; return nil }); err != nil {
			t.Error(err)
		}
	})
	if n != datagrams*each {
		t.Errorf("%d rows, want %d", n, datagrams*each)
	}
	if allocations > 50 {
		t.Errorf("%v allocations for %d rows", allocations, n)
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	err := error(&Error{Proto: socket.Vsock, Err: fmt.Errorf("send: %w", syscall.EACCES)})
	if got, want := err.Error(), "sock_diag vsock: send: permission denied"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
