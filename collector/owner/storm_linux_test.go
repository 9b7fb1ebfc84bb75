package owner

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// TestFindInStorm looks for a stable holder while processes that inherit its
// socket come and go. Nothing else runs meanwhile, so that a descriptor left
// open would be seen.
func TestFindInStorm(t *testing.T) { findInStorm(t, Proc{}, ByProc) }

// TestFindInStormByKernel does it the other way.
func TestFindInStormByKernel(t *testing.T) {
	needBPF(t)
	findInStorm(t, Chooser{Way: BPF, Kernel: &Kernel{}}, BPF)
}

func findInStorm(t *testing.T, finder Finder, way Way) {
	details := []socket.Detail{allFacts &^ socket.DetailExe, socket.DetailOwners}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	file, inode := listen(t)
	holder := start(t, order{Role: "hold"}, nil, file)
	want := []Descriptor{here(inode, file.Fd()), {Inode: inode, PID: int32(holder.pid), FD: 3}}
	inodes := NewInodes(1)
	inodes.Add(inode)
	inodes.Add(1 << 40) // never found, so that new processes are visited too

	before := openDescriptors(t)
	stop, wg := make(chan struct{}), sync.WaitGroup{}
	for range 3 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				cmd := exec.Command(shell, "-c", ": & sleep 0.05 & : & wait")
				cmd.ExtraFiles = []*os.File{file}
				if err := cmd.Run(); err != nil {
					t.Errorf("child: %v", err)
					return
				}
			}
		})
	}
	// Enough rounds to meet the storm, fewer where the machine has many
	// descriptors to walk.
	strangers := 0
	began := time.Now()
	for round := 0; round < 60 && (round < 5 || time.Since(began) < 3*time.Second); round++ {
		r, err := finder.Find(t.Context(), Want{Inodes: inodes, Details: details[round%2], Strays: true})
		if err != nil {
			t.Error(err)
			break
		}
		if r.Way != way {
			t.Errorf("found by %v and not %v: %s", r.Way, way, r.Reason)
		}
		got := descriptors(r.Holders(0))
		for _, d := range want {
			if !slices.Contains(got, d) {
				t.Errorf("holders %+v, want %+v among them", got, d)
			}
		}
		if !slices.IsSortedFunc(got, compareDescriptors) || len(slices.Compact(got)) != len(r.Holders(0)) {
			t.Errorf("holders are not in order, or come twice: %+v", got)
		}
		for _, h := range r.Holders(0) {
			if h.Process.PID == 0 || round%2 == 0 && h.Process.Started.IsZero() && h.Process.PID == holder.pid {
				t.Errorf("holder without facts: %+v", h.Process)
			}
		}
		if len(got) > len(want) {
			strangers++
		}
		if r.Starved != 0 || r.Veiled {
			t.Errorf("starved %d, veiled %v", r.Starved, r.Veiled)
		}
	}
	close(stop)
	wg.Wait()
	if strangers == 0 {
		t.Error("no short-lived process was ever seen: this was no storm")
	}
	if after := openDescriptors(t); after != before {
		t.Errorf("%d descriptors open, %d before", after, before)
	}
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
