package portable

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

func names(found map[int32]*known) map[int32]string {
	all := map[int32]string{}
	for pid, k := range found {
		all[pid] = k.facts.Name
	}
	return all
}

func TestFactsAreRemembered(t *testing.T) {
	at := time.Unix(1000, 0)
	h := &canned{
		facts:   map[int32]Facts{7: {Name: "seven"}, 8: {Name: "eight"}},
		created: map[int32]time.Time{7: at, 8: at},
	}
	c := factCache{host: h}
	look := func(want socket.Detail, pids ...int32) map[int32]string {
		t.Helper()
		found, err := c.look(t.Context(), pids, want)
		if err != nil {
			t.Fatal(err)
		}
		return names(found)
	}
	asked := func(n int) {
		t.Helper()
		if len(h.asked) != n {
			t.Errorf("asked about %v", h.asked)
		}
		h.asked = nil
	}
	if diff := cmp.Diff(map[int32]string{7: "seven", 8: "eight"}, look(0, 7, 8, 9)); diff != "" {
		t.Error(diff)
	}
	asked(2)
	look(0, 7, 8)
	asked(0)
	look(socket.DetailExe, 7)
	asked(1) // more is wanted
	look(0, 7)
	asked(0) // less is
	h.facts[7], h.created[7] = Facts{Name: "another"}, at.Add(time.Second)
	if got := look(0, 7); got[7] != "another" {
		t.Errorf("remembered %v", got)
	}
	asked(1)
	h.created[7] = time.Time{} // nothing tells processes apart
	look(0, 7)
	look(0, 7)
	asked(2)
}

// TestFactsOfAnother: a pid that changes hands while it is asked about.
func TestFactsOfAnother(t *testing.T) {
	h := &canned{facts: map[int32]Facts{7: {Name: "old"}}, created: map[int32]time.Time{7: time.Unix(1, 0)}}
	changed := false
	h.before = func(pid int32) {
		if changed {
			return
		}
		changed = true
		h.mu.Lock()
		defer h.mu.Unlock()
		h.facts[7], h.created[7] = Facts{Name: "new"}, time.Unix(2, 0)
	}
	found, err := (&factCache{host: h}).look(t.Context(), []int32{7}, socket.DetailStarted)
	if err != nil {
		t.Fatal(err)
	}
	if k := found[7]; k == nil || k.facts.Name != "new" || !k.created.Equal(time.Unix(2, 0)) || len(h.asked) != 2 {
		t.Errorf("%+v after %v", k, h.asked)
	}
}

func TestFactsByFewWorkers(t *testing.T) {
	h := &canned{}
	var now, most atomic.Int32
	h.before = func(int32) {
		for n := now.Add(1); n > most.Load(); {
			most.Store(n)
		}
		time.Sleep(time.Millisecond)
		now.Add(-1)
	}
	var pids []int32
	for pid := range int32(50) {
		pids = append(pids, pid+1)
	}
	if found, err := (&factCache{host: h}).look(t.Context(), pids, 0); err != nil || len(found) != len(pids) {
		t.Fatal(len(found), err)
	}
	if n := most.Load(); n > workers || n < 2 {
		t.Errorf("%d at a time", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	h.asked = nil
	h.before = func(int32) { cancel() }
	if _, err := (&factCache{host: h}).look(ctx, pids, 0); !errors.Is(err, context.Canceled) || len(h.asked) > 2*workers {
		t.Errorf("asked about %d, then %v", len(h.asked), err)
	}
}

func TestAncestors(t *testing.T) {
	h := &canned{facts: map[int32]Facts{
		1: {Name: "launchd"}, 50: {Name: "sh", Parent: 1}, 70: {Name: "server", Parent: 50},
		80: {Name: "loop", Parent: 80}, 90: {Name: "late", Parent: 95}, 95: {Name: "younger", Parent: 1},
	}}
	c := factCache{host: h}
	for pid, want := range map[int32][]socket.Ancestor{
		70: {{PID: 50, Name: "sh"}, {PID: 1, Name: "launchd"}},
		80: {{PID: 80, Name: "loop"}},
		90: nil,
	} {
		found, err := c.look(t.Context(), []int32{pid}, socket.DetailParents)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, c.ancestors(t.Context(), found[pid], map[int32]*known{})); diff != "" {
			t.Errorf("%d: %s", pid, diff)
		}
	}
}
