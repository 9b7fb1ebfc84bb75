package ending

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sockls/sockls/collector/socket"
)

var boot = time.Unix(1_700_000_000, 0)

// actor is a process in a play.
type actor struct {
	identity
	holds    bool
	over     bool
	unseen   error // what looking into it gives
	denied   error // what signalling it gives
	onSignal func(*actor, syscall.Signal)
	signals  []syscall.Signal
}

// play is a system of actors by pid, whose handles are their pids.
type play map[int]*actor

func (p play) open(pid int) (int, error) {
	if p[pid] == nil {
		return -1, ErrGone
	}
	return pid, nil
}

func (p play) close(int) {}

func (p play) identify(pid int) (identity, error) {
	if p[pid] == nil {
		return identity{}, ErrGone
	}
	return p[pid].identity, p[pid].unseen
}

func (p play) holds(pid int, _ *Target) (bool, error) { return p[pid].holds, nil }

func (p play) ended(handles []int, wait time.Duration) ([]bool, error) {
	over := make([]bool, len(handles))
	for i, pid := range handles {
		over[i] = p[pid].over
		if over[i] {
			wait = 0
		}
	}
	time.Sleep(wait)
	return over, nil
}

func (p play) signal(pid int, sig syscall.Signal) error {
	a := p[pid]
	if a.denied != nil {
		return a.denied
	}
	a.signals = append(a.signals, sig)
	if a.onSignal != nil {
		a.onSignal(a, sig)
	}
	return nil
}

func dies(a *actor, _ syscall.Signal)   { a.over = true }
func lets(a *actor, _ syscall.Signal)   { a.holds = false }
func hides(a *actor, _ syscall.Signal)  { a.unseen = ErrUnsure }
func endure(a *actor, s syscall.Signal) { a.over = s == syscall.SIGKILL }

func TestEnd(t *testing.T) {
	t.Parallel()
	const term, kill, hup = syscall.SIGTERM, syscall.SIGKILL, syscall.SIGHUP
	tests := []struct {
		name    string
		actor   *actor
		options Options
		want    Result
		signals []syscall.Signal
		err     error
	}{
		{"ends", &actor{onSignal: dies}, Options{Signal: term, Kill: true}, Ended, []syscall.Signal{term}, nil},
		{"closes its sockets and goes on", &actor{onSignal: lets}, Options{Signal: term, Kill: true}, Released, []syscall.Signal{term}, nil},
		{"ignores all but KILL", &actor{onSignal: endure}, Options{Signal: term, Kill: true}, Ended, []syscall.Signal{term, kill}, nil},
		{"is not to be killed", &actor{onSignal: endure}, Options{Signal: hup}, Remains, []syscall.Signal{hup}, nil},
		{"becomes unsure", &actor{onSignal: hides}, Options{Signal: term, Kill: true}, Remains, []syscall.Signal{term}, ErrUnsure},
		{"another user's", &actor{denied: syscall.EPERM}, Options{Signal: term, Kill: true}, Refused, nil, syscall.EPERM},
		{"ended before", &actor{denied: ErrGone}, Options{Signal: term, Kill: true}, Gone, nil, ErrGone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.actor.start, tt.actor.holds = time.Minute, true
			e := &Ender{steps: play{7: tt.actor}, boot: boot, self: 100}
			p, err := e.Open(Target{PID: 7, Started: boot.Add(time.Minute), Inodes: []uint64{9}})
			if err != nil {
				t.Fatal(err)
			}
			tt.options.Timeout = 20 * time.Millisecond
			want := Outcome{PID: 7, Result: tt.want, Signals: tt.signals, Err: tt.err}
			if diff := cmp.Diff([]Outcome{want}, e.End(t.Context(), []*Process{p}, tt.options), cmpopts.EquateErrors()); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.signals, tt.actor.signals); diff != "" {
				t.Errorf("signals (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEndInterrupted: who is interrupted while it waits kills nobody, and signals
// nobody more.
func TestEndInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cast := play{
		7: {holds: true, onSignal: func(*actor, syscall.Signal) { cancel() }},
		8: {holds: true},
	}
	e := &Ender{steps: cast, boot: boot}
	var all []*Process
	for _, pid := range []int{7, 8} {
		p, err := e.Open(Target{PID: pid, Started: boot})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	got := e.End(ctx, all, Options{Signal: syscall.SIGTERM, Timeout: time.Hour, Kill: true})
	want := []Outcome{
		{PID: 7, Result: Remains, Signals: []syscall.Signal{syscall.SIGTERM}, Err: ErrInterrupted},
		{PID: 8, Err: ErrInterrupted},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateErrors()); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if len(cast[7].signals) != 1 || len(cast[8].signals) != 0 {
		t.Errorf("signalled: %v and %v", cast[7].signals, cast[8].signals)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	started := boot.Add(time.Minute)
	same := func() *actor { return &actor{identity: identity{start: time.Minute}, holds: true} }
	cast := play{1: same(), 2: same(), 3: same(), 4: same(), 5: same(), 6: same(), 7: same(), 8: same(), 9: same()}
	cast[4].kernel = true
	cast[5].start += 10 * time.Millisecond
	cast[6].holds = false
	cast[7].over = true
	cast[8].unseen = ErrUnsure
	e := &Ender{steps: cast, boot: boot, self: 2, ancestors: []int{3, 1}}
	for pid, want := range map[int]error{
		1: RefusedFirst, 2: RefusedSelf, 3: RefusedAncestor, 4: RefusedKernel,
		5: ErrReplaced, 6: ErrReleased, 7: ErrGone, 8: ErrUnsure, 9: nil, 10: ErrGone,
	} {
		p, err := e.Open(Target{PID: pid, Started: started, Inodes: []uint64{9}})
		if !errors.Is(err, want) || (err == nil) != (p != nil) {
			t.Errorf("pid %d: %v, want %v", pid, err, want)
		}
	}
	if _, err := e.Open(Target{PID: 9}); !errors.Is(err, ErrUnsure) {
		t.Errorf("without a start time: %v", err)
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	old, young := &socket.Process{PID: 9, Started: boot}, &socket.Process{PID: 4, Started: boot}
	reused := &socket.Process{PID: 4, Started: boot.Add(time.Second)}
	holders := func(all ...*socket.Process) (list []socket.Holder) {
		for i, p := range all {
			list = append(list, socket.Holder{Process: p, FD: i})
		}
		return list
	}
	all := []*socket.Socket{
		{Inode: 1, Processes: holders(old, young, young)},
		{Inode: 2, Processes: holders(young)},
		{Inode: 3, Processes: holders(reused)},
		{Inode: 4, NoProcess: socket.ReasonHidden},
		{Processes: holders(old)}, // of a system without inodes
	}
	got := Targets(all)
	want := []Target{
		{PID: 4, Started: boot, Sockets: all[:2], Inodes: []uint64{1, 2}},
		{PID: 4, Started: reused.Started, Sockets: all[2:3], Inodes: []uint64{3}},
		{PID: 9, Started: boot, Sockets: []*socket.Socket{all[0], all[4]}, Inodes: []uint64{1}},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b *socket.Socket) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
