package tui

import (
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
)

// crowd is a screen with a hundred thousand connections.
type crowd struct {
	*scene
	m    *model
	last uint64 // the cookie of the latest
}

func newCrowd(keys ...string) *crowd {
	c := &crowd{scene: newScene()}
	o := c.options()
	o.Inspect = nil
	c.m = newModel(o, func(int, Want) {})
	first := Batch{Time: c.clock, Fresh: true, Looked: true}
	for range 100_000 {
		first.Events = append(first.Events, watch.Event{Kind: watch.Initial, Socket: c.another()})
	}
	c.m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	c.m.Update(batchMsg{1, first})
	for _, k := range keys {
		c.m.Update(keyOf(k))
	}
	return c
}

// another is a connection that is not there yet, at no place in particular.
func (c *crowd) another() *socket.Socket {
	c.last++
	mixed := c.last * 2654435761 % (1 << 32)
	return c.inet(c.last, socket.Established, fmt.Sprintf("192.0.2.10:%d", 440+mixed%7),
		fmt.Sprintf("203.0.%d.9:%d", mixed%251, mixed%60013), "nginx", 1)
}

// traffic is a look at which every counter has moved.
func (c *crowd) traffic() []*socket.Socket {
	rows := make([]*socket.Socket, 0, len(c.m.store.order))
	for i, e := range c.m.store.order {
		s := *e.now
		s.Details = s.Details.Clone()
		s.Details.TCP.BytesReceived += uint64(i) * 2654435761 % 100_000
		rows = append(rows, &s)
	}
	return rows
}

// BenchmarkCrowd is what keys and looks cost among very many sockets, the drawing
// included.
func BenchmarkCrowd(b *testing.B) {
	key := func(k string) func(*crowd) tea.Msg {
		return func(*crowd) tea.Msg { return keyOf(k) }
	}
	look := func(c *crowd) tea.Msg { return batchMsg{1, Batch{Time: c.clock, Looked: true}} }
	churn := func(c *crowd) tea.Msg {
		batch := Batch{Time: c.clock, Looked: true}
		for range 2000 {
			s := c.another()
			batch.Events = append(batch.Events, watch.Event{Kind: watch.Open, Socket: s}, watch.Event{Kind: watch.Close, Socket: s})
		}
		for range 100 {
			batch.Events = append(batch.Events, watch.Event{Kind: watch.Open, Socket: c.another()})
		}
		return batchMsg{1, batch}
	}
	for _, tt := range []struct {
		name string
		keys []string
		each func(c *crowd) tea.Msg
	}{
		{"key", nil, key("<down>")},
		{"page", nil, key("<pgdown>")},
		{"grouped-key", []string{"p"}, key("<down>")},
		{"fold", []string{"p", "p"}, key("<enter>")},
		{"reverse", nil, key("S")},
		{"typed", []string{"/", "r", "t", "t", ">", "1"}, key("0")},
		{"look", nil, look},
		{"look-grouped", []string{"p", "p"}, look},
		{"tick", nil, func(*crowd) tea.Msg { return tickMsg{} }},
		{"churn", nil, churn},
		{"churn-grouped", []string{"p", "p"}, churn},
		{"traffic-sorted", []string{"s", "i", "n", "<enter>"}, func(c *crowd) tea.Msg {
			return batchMsg{1, Batch{Time: c.clock, Looked: true, Rows: c.traffic()}}
		}},
		{"look-sorted", []string{"s", "i", "n", "<enter>"}, look},
	} {
		b.Run(tt.name, func(b *testing.B) {
			c := newCrowd(tt.keys...)
			for b.Loop() {
				b.StopTimer()
				c.clock = c.clock.Add(frame)
				msg := tt.each(c)
				if batch, ok := msg.(batchMsg); ok {
					batch.generation = c.m.generation
					msg = batch
				}
				b.StartTimer()
				c.m.Update(msg)
				c.m.View()
			}
			c.m.Update(tickMsg{})
			if n := len(c.m.store.entries); n < 100_000 || time.Duration(n) > 200_000 {
				b.Fatalf("%d rows", n)
			}
		})
	}
}
