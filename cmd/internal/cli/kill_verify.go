package cli

import (
	"cmp"
	"context"
	"os"
	"slices"
	"time"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/render/jsonout"
)

// How long a port may take to become free once its processes have let go, and
// how long it has to stay free: a supervisor that starts a process again does so
// at once, or after the 100 ms of systemd.
const (
	freedWithin = 2 * time.Second
	staysFree   = 250 * time.Millisecond
	lookAgain   = 20 * time.Millisecond
)

// tryer binds ports for a moment.
type tryer interface {
	Try(b why.Bind) (errno string, err error)
}

// verify looks whether the places of the sockets are free, and says so of each.
func (k *killing) verify(ctx context.Context) (bool, error) {
	deadline := time.Now().Add(freedWithin)
	wasFree := false
	for {
		free, err := k.look(ctx)
		if err != nil {
			return false, err
		}
		pause := lookAgain
		switch {
		case free && wasFree:
			return true, k.report(ctx)
		case free:
			pause = staysFree // untouched: to bind it would be in a supervisor's way
		case time.Now().After(deadline) || !k.hopeful():
			return false, k.report(ctx)
		}
		wasFree = free
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// hopeful reports whether a port that is not free may become so without more
// ado: nobody who was to let go of it holds on.
func (k *killing) hopeful() bool {
	for _, v := range k.victims {
		if v.outcome == nil || !v.outcome.Settled() {
			return false
		}
	}
	for _, p := range k.ports {
		// What nobody holds may go yet: not every system closes a process's sockets
		// before it tells of its end.
		if p.By != nil && len(p.By.Processes) > 0 {
			return false
		}
	}
	return true
}

// look finds out about each place once.
func (k *killing) look(ctx context.Context) (free bool, err error) {
	k.ports, k.inUse = k.ports[:0], map[int]bool{}
	there, err := k.listeners(ctx, 0)
	if err != nil {
		return false, err
	}
	free = true
	for i, s := range k.sockets {
		if samePlace(k.sockets[:i], s) != nil {
			continue
		}
		p := jsonout.FreedPort{Socket: s}
		if taker := samePlace(there, s); taker != nil {
			k.taken(ctx, &p, taker)
		} else {
			k.inUse[len(k.ports)] = k.try(&p)
		}
		free = free && p.Free
		k.ports = append(k.ports, p)
	}
	return free, nil
}

// listeners are what holds the ports now.
func (k *killing) listeners(ctx context.Context, details socket.Detail) (rows []*socket.Socket, err error) {
	q := collector.Query{
		IPv4: true, IPv6: true, Details: details | socket.DetailIdentity,
		States: socket.ListeningStates, Filter: onPortsOf(k.sockets),
	}
	for _, s := range k.sockets {
		q.Protos |= socket.ProtoSetOf(s.Proto)
		q.States |= socket.StateSetOf(s.State)
	}
	_, err = collector.Gather(ctx, k.collector, q, func(s *socket.Socket) { rows = append(rows, s) })
	return rows, err
}

// onPortsOf matches what has the local port of one of the sockets.
func onPortsOf(sockets []*socket.Socket) filter.Port {
	match := filter.Port{End: filter.Local}
	for _, s := range sockets {
		port := int64(s.Local.Port)
		match.Ranges = append(match.Ranges, filter.Range{First: port, Last: port})
	}
	sorting.Stable(match.Ranges, func(a, b filter.Range) int { return cmp.Compare(a.First, b.First) })
	match.Ranges = slices.Compact(match.Ranges)
	return match
}

// samePlace finds a socket with the same local end.
func samePlace(all []*socket.Socket, s *socket.Socket) *socket.Socket {
	for _, o := range all {
		if o.Proto == s.Proto && o.Local == s.Local && o.Device == s.Device && o.V6Only == s.V6Only {
			return o
		}
	}
	return nil
}

// taken says who holds a place.
func (k *killing) taken(ctx context.Context, p *jsonout.FreedPort, taker *socket.Socket) {
	p.By = taker
	if rows, err := k.listeners(ctx, killDetails); err == nil {
		if same := samePlace(rows, p.Socket); same != nil {
			p.By = same
		}
	}
	newcomer := len(p.By.Processes) > 0
	for _, h := range p.By.Processes {
		newcomer = newcomer && h.Process.Started.After(k.began.Add(-time.Second)) // times are as exact as that
	}
	for _, s := range k.sockets {
		newcomer = newcomer && s.Cookie != p.By.Cookie
	}
	holder := column("process", p.By)
	switch {
	case newcomer:
		p.Text = "taken again by " + holder + ", which was started meanwhile"
	case holder == "":
		p.Text = "still taken"
	default:
		p.Text = "still held by " + holder
	}
}

// try binds a place for a moment as a server would: TCP with SO_REUSEADDR, where
// that is usual. It
// reports whether the port turned out to be in use, for all or for some.
func (k *killing) try(p *jsonout.FreedPort) (inUse bool) {
	t, ok := k.collector.(tryer)
	if !ok {
		p.Text = "nothing holds it any more; whether it can be bound cannot be tried on this system"
		return false
	}
	s := p.Socket
	b := why.Bind{
		Proto: s.Proto, Addr: s.Local.Addr, Port: uint16(s.Local.Port), Device: s.Device, V6Only: s.V6Only,
		ReuseAddr: serversReuse && s.Proto == socket.TCP, UID: uint32(os.Geteuid()),
	}
	errno, err := t.Try(b)
	switch {
	case err != nil:
		p.Text = "nothing holds it any more; whether it can be bound could not be tried: " + escaped(err.Error())
		return false
	case errno != "":
		p.Text = "nothing listens there any more, and yet bind fails with " + errno
		if command := k.whyCommand(s); command != "" {
			p.Text += " (" + command + ")"
		}
		return errno == addressInUse
	}
	p.Free, p.Text = true, "free"
	if b.ReuseAddr {
		b.ReuseAddr = false
		if errno, err = t.Try(b); err == nil && errno != "" {
			p.Text = "free for programs that set SO_REUSEADDR; without it bind fails with " + errno
		}
	}
	return errno == addressInUse
}

const addressInUse = "EADDRINUSE"
