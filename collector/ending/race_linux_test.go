package ending

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// races is how often a pid is given to another process while its old owner is
// being ended.
const races = 1000

// kind is a process that gets the pid, and has done nothing wrong.
type kind int

const (
	bystander kind = iota // holds no socket
	successor             // listens on the same port, on a socket of its own
	heir                  // inherited the very socket, but started at another time
	kinds
)

// stepsOfEnding is how many steps lead to one signal: open, identify, holds,
// ended; and the last three again, and signal.
const stepsOfEnding = 8

// racing lets something happen before one of the steps.
type racing struct {
	steps
	place, now int
	happen     func()
}

func (r *racing) step() {
	if r.now++; r.now == r.place {
		r.happen()
	}
}

func (r *racing) open(pid int) (int, error) {
	r.step()
	return r.steps.open(pid)
}

func (r *racing) identify(pid int) (identity, error) {
	r.step()
	return r.steps.identify(pid)
}

func (r *racing) holds(pid int, t *Target) (bool, error) {
	r.step()
	return r.steps.holds(pid, t)
}

func (r *racing) ended(handles []int, wait time.Duration) ([]bool, error) {
	r.step()
	return r.steps.ended(handles, wait)
}

func (r *racing) signal(handle int, sig syscall.Signal) error {
	r.step()
	return r.steps.signal(handle, sig)
}

// startAs starts a process with a certain pid. The runtime of this program takes
// pids too, for its threads, so that it may take more than one attempt.
func startAs(t *testing.T, pid int, files []*os.File) child {
	t.Helper()
	for range 100 {
		check(t, os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(strconv.Itoa(pid-1)), 0))
		c := start(t, files)
		if c.Process.Pid == pid {
			return c
		}
		check(t, c.leave())
	}
	t.Fatalf("pid %d cannot be had again", pid)
	return child{}
}

// TestReusedPID: however a process and the next owner of its pid come and go,
// the next one is never signalled.
func TestReusedPID(t *testing.T) {
	if !private(t) {
		return
	}
	if f, err := os.OpenFile("/proc/sys/kernel/ns_last_pid", os.O_WRONLY, 0); err != nil {
		t.Skip("the kernel lets nobody choose pids: ", err)
	} else {
		f.Close()
	}
	e := newEnder(t)
	sameTick := map[kind]int{}
	for i := range races {
		k, place := kind(i)%kinds, 1+i/int(kinds)%stepsOfEnding
		if race(t, e, k, place) {
			sameTick[k]++
		}
		if t.Failed() {
			t.Fatalf("in race %d", i)
		}
	}
	t.Logf("%d races; started in the same tick: %v", races, sameTick)
	if sameTick[bystander] == 0 || sameTick[successor] == 0 || sameTick[heir] != 0 {
		t.Error("the same start time has to be there for the first two, and not for the third")
	}
}

// race ends a process whose pid goes to another before one of the steps. It
// reports whether both started in the same tick.
func race(t *testing.T, e *Ender, k kind, place int) (same bool) {
	socket, inode := listen(t, "127.0.0.1:0")
	port, err := syscall.Getsockname(int(socket.Fd()))
	check(t, err)
	var kept []*os.File
	victim := start(t, []*os.File{socket})
	if k == heir {
		kept = append(kept, socket)
	} else {
		check(t, socket.Close())
	}
	seen := target(t, victim.Process.Pid, inode)
	var innocent child
	var here Target
	r := &racing{steps: e.steps, place: place, happen: func() {
		check(t, victim.leave())
		switch k {
		case successor:
			own, _ := listen(t, fmt.Sprintf("127.0.0.1:%d", port.(*syscall.SockaddrInet4).Port))
			kept = append(kept, own)
		case heir:
			for elsewhen := seen.Started; elsewhen.Equal(seen.Started); elsewhen = here.Started {
				if here.PID != 0 {
					check(t, innocent.leave())
				}
				innocent = startAs(t, seen.PID, kept)
				here = target(t, innocent.Process.Pid)
			}
			return
		}
		innocent = startAs(t, seen.PID, kept)
		here = target(t, innocent.Process.Pid)
	}}
	racer := *e
	racer.steps = r
	var outcome Outcome
	if p, err := racer.Open(seen); err != nil {
		outcome = Failed(seen.PID, err)
	} else {
		outcome = racer.End(t.Context(), []*Process{p}, Options{Signal: syscall.SIGTERM, Timeout: time.Second, Kill: true})[0]
		p.Close()
	}
	for _, file := range kept {
		check(t, file.Close())
	}
	if here.PID == 0 {
		t.Fatalf("there was no step %d: %+v", place, outcome)
	}
	if err := innocent.leave(); err != nil {
		t.Errorf("an innocent process (kind %d, before step %d) was hit: %v", k, place, err)
	}
	if outcome.Result != Gone || len(outcome.Signals) > 0 {
		t.Errorf("kind %d, before step %d: %+v", k, place, outcome)
	}
	return here.Started.Equal(seen.Started)
}
