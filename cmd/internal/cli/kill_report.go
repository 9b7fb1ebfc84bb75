package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/jsonout"
)

// report says it of all places. What connections are in the way is looked up
// here, once.
func (k *killing) report(ctx context.Context) error {
	survivor := k.survivor()
	for i := range k.ports {
		p := &k.ports[i]
		if k.inUse[i] {
			k.waits(ctx, p)
		}
		if p.Free && survivor != nil {
			if p.Text == "free" {
				p.Text = "free for now"
			}
			p.Text += "; " + starterName(survivor) + ", which started it, goes on and may start it again"
		}
		line := placeName(p.Socket) + " is " + p.Text
		if !p.Free && p.By == nil {
			line = placeName(p.Socket) + ": " + p.Text
		}
		if err := k.write(line); err != nil {
			return err
		}
		if p.By == nil {
			continue
		}
		for _, v := range k.victims {
			if v.advice == nil {
				continue
			}
			if err := k.write("  " + escaped(v.advice.Text)); err != nil {
				return err
			}
			if v.advice.Command != "" {
				// Not to be broken, so that it can be taken as it is.
				if _, err := fmt.Fprintln(k.streams.Out, "    "+escaped(v.advice.Command)); err != nil {
					return err
				}
			}
			break
		}
	}
	return nil
}

// waits counts the connections that are in the way.
func (k *killing) waits(ctx context.Context, p *jsonout.FreedPort) {
	q := collector.Query{
		Protos: socket.ProtoSetOf(p.Socket.Proto), IPv4: true, IPv6: true,
		States:  socket.AllStates &^ socket.ListeningStates &^ socket.StateSetOf(socket.Bound),
		Details: socket.DetailTimer,
		Filter:  onPortsOf([]*socket.Socket{p.Socket}),
	}
	waiting, others := 0, 0
	_, err := k.collector.Collect(ctx, q, func(s *socket.Socket) error {
		if s.State != socket.TimeWait {
			others++
			return nil
		}
		waiting++
		if s.Details != nil && s.Details.Timer != nil {
			p.Wait = max(p.Wait, time.Duration(s.Details.Timer.Expires)*time.Millisecond)
		}
		return nil
	})
	if err != nil {
		return // then it is said without
	}
	if waiting > 0 {
		p.Text += ": " + counted(waiting, "connection is", "connections are") + " in TIME_WAIT"
		if p.Wait > 0 {
			p.Text += fmt.Sprintf(", for %d s more", int64((p.Wait+time.Second-1)/time.Second))
		}
	}
	if others > 0 {
		p.Wait = 0 // nobody knows how long these last
		p.Text += "; " + counted(others, "connection is", "connections are") + " open or closing still"
	}
}
