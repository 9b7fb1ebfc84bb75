package ending

import (
	"testing"
	"time"
)

// TestStarter: who may start a process again, and who does not.
func TestStarter(t *testing.T) {
	t.Parallel()
	const victim, sibling, above, self, caller = 50, 40, 30, 20, 10
	child := func(parent int) *actor {
		return &actor{identity: identity{start: 9 * time.Second, name: "web", parent: parent, group: victim, terminal: true}, holds: true}
	}
	shell := func(name string, group int, terminal bool) *actor {
		return &actor{identity: identity{start: time.Second, name: name, parent: 1, group: group, terminal: terminal}}
	}
	master := &actor{identity: identity{start: 2 * time.Second, name: "web", parent: above, group: above}}
	tests := []struct {
		name string
		cast play
		want int // 0 for nobody
	}{
		{"a loop in a script", play{victim: child(above), above: shell("sh", victim, true)}, above},
		{"a loop that runs in the background", play{victim: child(above), above: shell("bash", above, false)}, above},
		{"a supervisor on a terminal", play{victim: child(above), above: shell("nodemon", above, true)}, above},
		{"a shell that somebody types into", play{victim: child(above), above: shell("bash", above, true)}, 0},
		{"the first process", play{victim: child(1), 1: shell("init", 1, false)}, 0},
		{"the service manager of a user", play{victim: child(above), above: shell("systemd", above, false)}, 0},
		{"nobody in this pid namespace", play{victim: child(0)}, 0},
		{"who started this program", play{victim: child(caller), caller: shell("sh", victim, false)}, 0},
		{"this program", play{victim: child(self), self: shell("sockls", victim, false)}, 0},
		{"one who is ended too, beneath a loop", play{victim: child(sibling), sibling: master, above: shell("sh", above, false)}, above},
		{"one who is ended too, beneath the first", play{victim: child(sibling), sibling: shell("web", victim, false)}, 0},
		{"one who cannot be seen", play{victim: child(above)}, 0},
		{"one whose pid is another's by now", play{victim: child(above), above: {identity: identity{start: time.Minute, name: "sh"}}}, 0},
	}
	for _, tt := range tests {
		e := &Ender{steps: tt.cast, boot: boot, self: self, ancestors: []int{caller, 1}}
		p, err := e.Open(Target{PID: victim, Started: boot.Add(9 * time.Second), Inodes: []uint64{9}})
		if err != nil {
			t.Fatal(err)
		}
		s, ok := e.Starter(p, []int{sibling, victim})
		if s.PID != tt.want || ok != (tt.want != 0) {
			t.Errorf("%s: %d, %v", tt.name, s.PID, ok)
		}
		if !ok {
			continue
		}
		if !s.Lives() {
			t.Errorf("%s: it does not live", tt.name)
		}
		tt.cast[s.PID].dead = true
		if s.Lives() {
			t.Errorf("%s: it lives, and is dead", tt.name)
		}
	}
}
