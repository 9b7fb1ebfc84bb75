package tui

import (
	"testing"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
)

// TestChurn: of thousands of closed rows a few are shown, and none stays.
func TestChurn(t *testing.T) {
	s := newStage(t, 120, 20, nil)
	var b Batch
	for i := range 20000 {
		sock := s.scene.inet(uint64(i+5000), socket.Close, "192.0.2.10:443", "203.0.113.9:999", "", 0)
		b.Events = append(b.Events, watch.Event{Kind: watch.Open, Socket: sock}, watch.Event{Kind: watch.Close, Socket: sock})
	}
	s.send(batchMsg{s.m.generation, b})
	if n := len(s.m.store.entries); n > leastGone+10 {
		t.Errorf("%d rows are kept", n)
	}
	s.later(goneTime)
	s.has("7 sockets")
	s.happen("nothing")
	s.has("5714/s")
}

// TestRename: a socket without a cookie that gets another end is the same row.
func TestRename(t *testing.T) {
	s := newStage(t, 120, 20, nil)
	before := s.scene.inet(0, socket.Unconn, "0.0.0.0:5353", "", "resolver", 9)
	before.Proto, before.Type = socket.UDP, socket.Dgram
	s.send(batchMsg{s.m.generation, Batch{Events: []watch.Event{{Kind: watch.Open, Socket: before}}}})
	now := *before
	now.Remote = socket.Endpoint{Addr: before.Local.Addr, Port: 53}
	s.send(batchMsg{s.m.generation, Batch{Events: []watch.Event{
		{Kind: watch.Change, Socket: &now, Before: before, Changed: []string{"remote"}},
	}}})
	s.has("8 sockets", "0.0.0.0:53 ")
	s.send(batchMsg{s.m.generation, Batch{Events: []watch.Event{{Kind: watch.Close, Socket: &now}}}})
	s.later(goneTime)
	s.has("7 sockets")
	s.hasNot("5353")
}
