package watch

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

// rowWith is a connection; id chooses cookie and port.
func rowWith(id uint64, state socket.State, change ...func(*socket.Socket)) *socket.Socket {
	s := &socket.Socket{
		Proto: socket.TCP, Family: socket.IPv4, Type: socket.Stream, State: state, Cookie: id, Inode: 1000 + id,
		Local:  socket.Endpoint{Addr: netip.MustParseAddr("127.0.0.1"), Port: uint32(10_000 + id)},
		Remote: socket.Endpoint{Addr: netip.MustParseAddr("127.0.0.1"), Port: 80},
	}
	for _, c := range change {
		c(s)
	}
	return s
}

// apply does to a snapshot what events tell.
func apply(t *testing.T, rows []*socket.Socket, events []Event) []*socket.Socket {
	t.Helper()
	rows = slices.Clone(rows)
	for i := range events {
		e := &events[i]
		old := e.Before
		if e.Kind == Close {
			old = e.Socket
		}
		at := slices.Index(rows, old)
		switch e.Kind {
		case Open, Initial:
			rows = append(rows, e.Socket)
			continue
		case Change:
			if at >= 0 {
				rows[at] = e.Socket
			}
		case Close:
			if at >= 0 {
				rows = slices.Delete(rows, at, at+1)
			}
		default:
			t.Fatalf("a %s event", e.Kind)
		}
		if at < 0 {
			t.Fatalf("%s of a socket that is not there", e.Kind)
		}
	}
	return rows
}

// census counts what is told of the sockets of a snapshot.
func census(rows []*socket.Socket, limit uint32) map[string]int {
	all := map[string]int{}
	for _, s := range rows {
		all[fmt.Sprint(keyOf(s), s.State, s.Local, s.Remote, overOf(s, limit), holdersOf(s))]++
	}
	return all
}

func holdersOf(s *socket.Socket) string {
	text := s.NoProcess.String()
	for _, h := range s.Processes {
		text += h.Process.Name
	}
	return text
}

// randomRows makes a snapshot of few different sockets, so that two of them have
// many in common.
func randomRows(r *rand.Rand) []*socket.Socket {
	states := []socket.State{socket.Established, socket.CloseWait, socket.Listen, socket.TimeWait, socket.Unconn}
	names := []string{"a", "b"}
	var rows []*socket.Socket
	cookies := map[uint64]bool{}
	for range r.IntN(12) {
		s := rowWith(r.Uint64N(10), states[r.IntN(len(states))])
		if r.IntN(3) == 0 {
			s.Cookie = 0 // from a table without: alike rows may be many
		}
		if r.IntN(3) == 0 {
			s.Proto, s.Type = socket.UDP, socket.Dgram
		}
		if r.IntN(3) == 0 {
			s.Remote = socket.Endpoint{}
		}
		if r.IntN(4) == 0 {
			s.Inode = 0
		}
		s.RecvQ, s.SendQ = r.Uint32N(3), r.Uint32N(3)
		if r.IntN(2) == 0 {
			s.Processes = []socket.Holder{{Process: &socket.Process{PID: 1, Name: names[r.IntN(2)]}}}
		} else {
			s.NoProcess = socket.ReasonUnknown
		}
		if s.Cookie != 0 && cookies[s.Cookie] {
			continue
		}
		cookies[s.Cookie] = true
		rows = append(rows, s)
	}
	return rows
}

// TestDiffProperty: the events applied to the one snapshot give the other, and of
// two like snapshots there is nothing to tell.
func TestDiffProperty(t *testing.T) {
	t.Parallel()
	const limit = 1
	for seed := range uint64(5_000) {
		r := rand.New(rand.NewPCG(seed, 1))
		prev, next := randomRows(r), randomRows(r)
		events := Diff(prev, next, limit, time.Time{})
		got := apply(t, prev, events)
		want, is := census(next, limit), census(got, limit)
		if !maps.Equal(want, is) {
			t.Fatalf("seed %d: %s", seed, cmp.Diff(want, is))
		}
		if !slices.ContainsFunc(got, func(s *socket.Socket) bool { return s.Cookie == 0 }) { // only their order tells these apart
			r.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		}
		if again := Diff(got, next, limit, time.Time{}); len(again) > 0 {
			t.Fatalf("seed %d: %d events between snapshots that are alike, the first a %s", seed, len(again), again[0].Kind)
		}
	}
}

// TestWatchProperty: the same holds of what a watch tells, look by look.
func TestWatchProperty(t *testing.T) {
	t.Parallel()
	const limit = 1
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 2))
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			f.silent = true
			w := &Watch{
				Source: f, Interval: time.Second, Queue: limit, Initial: true,
				View: View{Protos: socket.AllProtos, IPv4: true, IPv6: true, States: socket.AllStates},
			}
			var events []Event
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				done <- w.Run(ctx, func(more []Event) error {
					events = append(events, more...)
					return nil
				})
			}()
			defer func() {
				cancel()
				<-done
			}()
			var rows []*socket.Socket
			for range 5 {
				next := randomRows(r)
				for _, s := range next { // what lasts, or goes with the state
					s.Processes, s.NoProcess = nil, socket.ReasonNone
					s.Inode = uint64(s.Local.Port)
					if s.Proto, s.Type = socket.TCP, socket.Stream; s.Local.Port%3 == 0 {
						s.Proto, s.Type = socket.UDP, socket.Dgram
					}
					if s.Remote = rowWith(0, s.State).Remote; s.State == socket.Listen || s.State == socket.Unconn {
						s.Remote = socket.Endpoint{}
					}
				}
				f.set(next...)
				time.Sleep(5 * time.Second)
				synctest.Wait()
				rows, events = apply(t, rows, events), nil
				if want, is := census(next, limit), census(rows, limit); !maps.Equal(want, is) {
					t.Fatalf("seed %d: %s", seed, cmp.Diff(want, is))
				}
			}
		})
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	at := time.Unix(1, 0)
	held := func(name string) func(*socket.Socket) {
		return func(s *socket.Socket) {
			s.Processes = []socket.Holder{{Process: &socket.Process{PID: 7, Name: name}, FD: 3}}
		}
	}
	recv := func(n uint32) func(*socket.Socket) { return func(s *socket.Socket) { s.RecvQ = n } }
	gone := func(s *socket.Socket) { s.Inode, s.NoProcess = 0, socket.ReasonTimeWait }
	tests := []struct {
		name       string
		prev, next *socket.Socket
		kinds      []Kind
		changed    []string
		held       int
	}{
		{"nothing", rowWith(1, socket.Established), rowWith(1, socket.Established), nil, nil, 0},
		{"open", nil, rowWith(1, socket.Established), []Kind{Open}, nil, 0},
		{"close", rowWith(1, socket.Established, held("a")), nil, []Kind{Close}, nil, 0},
		{"another in its place", rowWith(1, socket.Established), rowWith(1, socket.Established, func(s *socket.Socket) { s.Cookie = 99 }), []Kind{Open, Close}, nil, 0},
		{"state", rowWith(1, socket.Established, held("a")), rowWith(1, socket.CloseWait, held("a")), []Kind{Change}, []string{"state"}, 0},
		{"what is left", rowWith(1, socket.Established, held("a")), rowWith(1, socket.TimeWait, gone), []Kind{Change}, []string{"state"}, 1},
		{"handed over", rowWith(1, socket.Established, held("a")), rowWith(1, socket.Established, held("b")), []Kind{Change}, []string{"processes"}, 0},
		{"below the limit", rowWith(1, socket.Established), rowWith(1, socket.Established, recv(100)), nil, nil, 0},
		{"above the limit", rowWith(1, socket.Established), rowWith(1, socket.Established, recv(101)), []Kind{Change}, []string{"recv-q"}, 0},
		{"still above", rowWith(1, socket.Established, recv(101)), rowWith(1, socket.Established, recv(500)), nil, nil, 0},
		{"below again", rowWith(1, socket.Established, recv(101)), rowWith(1, socket.Established), []Kind{Change}, []string{"recv-q"}, 0},
		{"listener that is full", rowWith(1, socket.Listen), rowWith(1, socket.Listen, recv(1)), []Kind{Change}, []string{"recv-q"}, 0},
		{
			"connected", rowWith(1, socket.Bound, func(s *socket.Socket) { s.Remote = socket.Endpoint{} }), rowWith(1, socket.SynSent),
			[]Kind{Change},
			[]string{"state", "remote"},
			0,
		},
	}
	for _, tt := range tests {
		var prev, next []*socket.Socket
		if tt.prev != nil {
			prev = append(prev, tt.prev)
		}
		if tt.next != nil {
			next = append(next, tt.next)
		}
		var kinds []Kind
		for _, e := range Diff(prev, next, 100, at) {
			kinds = append(kinds, e.Kind)
			if !e.Time.Equal(at) || !slices.Equal(e.Changed, tt.changed) || len(e.Held) != tt.held {
				t.Errorf("%s: %+v", tt.name, e)
			}
		}
		if !slices.Equal(kinds, tt.kinds) {
			t.Errorf("%s: %v, want %v", tt.name, kinds, tt.kinds)
		}
	}
}
