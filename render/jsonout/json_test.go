package jsonout

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/internal/rendertest"
	"github.com/sockls/sockls/render/text"
)

// exact returns the bytes that key stands for, by the rule of the contract:
// the twin where there is one, otherwise the text.
func exact(t *testing.T, object map[string]any, key string) string {
	t.Helper()
	if twin, ok := object[key+"_base64"].(string); ok {
		raw, err := base64.StdEncoding.DecodeString(twin)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	s, _ := object[key].(string)
	return s
}

// FuzzJSON puts hostile bytes into every text of a socket: the JSON is valid,
// safe to look at, and gives back every byte.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{"", "nginx", "\x00abstract", "\x00\xff", "a\"\\/b", "\xff\\xff", "\u202e\u2028", "\U000e0001", "\x7f\u0085", "\ufffd", "@x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		process := &socket.Process{PID: 1, Name: s, Command: s, Exe: s, User: s, Context: s, Dir: s}
		process.Parents = []socket.Ancestor{{PID: 1, Name: s}}
		box := &socket.Container{Runtime: s, ID: s, Name: s, Pod: s}
		process.Workload = &socket.Workload{Cgroup: s, Unit: s, Container: box, Proxy: &socket.Proxy{Container: box}}
		row := socket.Socket{
			Proto: socket.Unix, Family: socket.FamilyUnix,
			Local: socket.Endpoint{Name: s}, Remote: socket.Endpoint{Name: s, Node: 1},
			Device: s, User: s, NetNS: &socket.NetNS{Name: s},
			Processes: []socket.Holder{{Process: process}},
		}
		rendertest.Know(&row, "cgroup", s)
		line := AppendSocket(nil, &row, true)
		if !utf8.Valid(line) || strings.IndexFunc(string(line), func(r rune) bool { return !text.Visible(r) }) >= 0 {
			t.Fatalf("unsafe: %q", line)
		}
		var object map[string]any
		if err := json.Unmarshal(line, &object); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		holder := object["processes"].([]any)[0].(map[string]any)
		parent := holder["parents"].([]any)[0].(map[string]any)
		container := holder["container"].(map[string]any)
		proxied := holder["proxy"].(map[string]any)["container"].(map[string]any)
		for name, got := range map[string]string{
			"local":   exact(t, object["local"].(map[string]any), "path"),
			"remote":  exact(t, object["remote"].(map[string]any), "path"),
			"device":  exact(t, object, "device"),
			"cwd":     exact(t, holder, "cwd"),
			"parent":  exact(t, parent, "name"),
			"path":    exact(t, holder, "cgroup"),
			"unit":    exact(t, holder, "unit"),
			"runtime": exact(t, container, "runtime"),
			"id":      exact(t, container, "id"),
			"box":     exact(t, container, "name"),
			"pod":     exact(t, container, "pod"),
			"proxied": exact(t, proxied, "name"),
			"user":    exact(t, object, "user"),
			"netns":   exact(t, object["netns"].(map[string]any), "name"),
			"name":    exact(t, holder, "name"),
			"command": exact(t, holder, "command"),
			"exe":     exact(t, holder, "exe"),
			"context": exact(t, holder, "context"),
			"cgroup":  exact(t, object["extended"].(map[string]any), "cgroup"),
		} {
			if got != s {
				t.Fatalf("%s gives back %q, want %q, in %s", name, got, s, line)
			}
		}
		row.Proto, row.Local, row.Remote = socket.TCP, rendertest.Inet("[fe80::1]:1"), socket.Endpoint{}
		row.Local.Addr = row.Local.Addr.WithZone(s)
		if err := json.Unmarshal(AppendSocket(nil, &row, true), &object); err != nil {
			t.Fatal(err)
		}
		if got := exact(t, object["local"].(map[string]any), "zone"); got != s {
			t.Fatalf("zone gives back %q, want %q", got, s)
		}
	})
}

// full is a disk with room for so many bytes.
type full struct{ room int }

var errFull = errors.New("no space left on device")

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.room {
		return f.room, errFull
	}
	f.room -= len(p)
	return len(p), nil
}

func TestWriteErrors(t *testing.T) {
	snapshot := rendertest.Snapshot()
	if err := Document(&full{}, snapshot); !errors.Is(err, errFull) {
		t.Errorf("small Document = %v, want %v", err, errFull)
	}
	for range 6 {
		snapshot.Sockets = append(snapshot.Sockets, snapshot.Sockets...)
	}
	if err := Document(&full{room: bufferSize}, snapshot); !errors.Is(err, errFull) {
		t.Errorf("large Document = %v, want %v", err, errFull)
	}
	lines := NewLines(&full{room: bufferSize}, "box", rendertest.Time, true)
	var err error
	for i := 0; i < len(snapshot.Sockets) && err == nil; i++ {
		err = lines.Row(snapshot.Sockets[i])
	}
	if !errors.Is(err, errFull) {
		t.Errorf("Row = %v, want %v", err, errFull)
	}
	if err := lines.Close(); !errors.Is(err, errFull) {
		t.Errorf("Close = %v, want %v", err, errFull)
	}
}

func TestLinesAllocateNothing(t *testing.T) {
	row := rendertest.Sockets()[3]
	lines := NewLines(io.Discard, "box", rendertest.Time, true)
	if err := lines.Row(row); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, func() { _ = lines.Row(row) }); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}

func BenchmarkLines(b *testing.B) {
	row := rendertest.Sockets()[3]
	lines := NewLines(io.Discard, "box", rendertest.Time, true)
	b.ReportAllocs()
	for b.Loop() {
		if err := lines.Row(row); err != nil {
			b.Fatal(err)
		}
	}
}
