package portable

import (
	"context"
	"os/user"
	"strconv"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// Collector lists the sockets of a system. It remembers processes from one call
// to the next, and may be used by one caller at a time.
type Collector struct {
	host   Host
	system *system
	facts  factCache
	root   bool // this program may see processes of all users
}

func newCollector(s *system, h Host, root bool) *Collector {
	return &Collector{host: h, system: s, facts: factCache{host: h}, root: root}
}

// Collect calls yield once for each socket that matches q. The caller may keep
// the pointer.
func (c *Collector) Collect(ctx context.Context, q Query, yield func(*socket.Socket) error) (socket.Report, error) {
	k, err := c.collect(ctx, q)
	if err != nil {
		return socket.Report{}, err
	}
	for _, s := range k.sockets {
		if err := yield(s); err != nil {
			return socket.Report{}, err
		}
	}
	return k.report(), nil
}

// collection is one call of Collect.
type collection struct {
	*Collector
	reading
	sockets []*socket.Socket
	kernel  string
	users   map[string]string // of user ids
	tally
}

// collect gathers the rows: tables first, then the filter as far as it goes
// without processes, then the processes of what is left.
func (c *Collector) collect(ctx context.Context, q Query) (*collection, error) {
	k := &collection{Collector: c, reading: reading{host: c.host, query: &q}, users: map[string]string{}}
	k.kernel = c.host.Release(ctx)
	if err := c.system.read(ctx, &k.reading); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var rows socket.Rows
	var kept []joined
	for _, j := range merge(k.rows, k.holders) {
		s := j.socket()
		if !k.chosen(&s) {
			continue
		}
		if q.Filter != nil && filter.Eval(q.Filter, k.completed(&s), k.known()&^(socket.DetailOwners|socket.DetailUser|socket.DetailUID)) == socket.No {
			continue
		}
		rows.Add(k.completed(&s))
		kept = append(kept, j)
	}
	k.sockets = rows.All
	if k.owners() && c.system.owners != "" {
		if err := k.identify(ctx, kept); err != nil {
			return nil, err
		}
	}
	k.admit(kept)
	return k, nil
}

// chosen reports whether a row is one of those that flags ask for.
func (k *collection) chosen(s *socket.Socket) bool {
	q := k.query
	return q.wants(s.Proto, s.Family) && q.States.Has(s.State) && (!unbound(s) || q.States.Has(socket.Close))
}

// unbound reports whether a datagram socket has no port yet: it is listed where
// unbound sockets are.
func unbound(s *socket.Socket) bool { return s.State == socket.Unconn && s.Local.Port == 0 }

// known are the details that rows have, whatever is asked for.
func (k *collection) known() socket.Detail { return k.system.details & k.query.Details }

// completed adds what the row alone tells.
func (k *collection) completed(s *socket.Socket) *socket.Socket {
	if s.HasUID && s.User == "" && k.query.Details.Has(socket.DetailUser) {
		s.User = k.userName(s.UID)
	}
	return s
}

func (k *collection) userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	name, ok := k.users[id]
	if !ok {
		if u, err := user.LookupId(id); err == nil { // a uid may have no name
			name = u.Username
		}
		k.users[id] = name
	}
	return name
}

// admit keeps what the filter lets through.
func (k *collection) admit(rows []joined) {
	kept := k.sockets[:0]
	for i, s := range k.sockets {
		if k.query.Filter != nil {
			switch filter.Eval(k.query.Filter, s, k.known()) {
			case socket.No:
				continue
			case socket.Unknown:
				k.undecided++
				continue
			}
		}
		k.count(s, &rows[i])
		kept = append(kept, s)
	}
	k.sockets = kept
}

// socket is the model's of a merged row, without its holders.
func (j *joined) socket() socket.Socket {
	s := socket.Socket{
		Proto: j.Proto, Family: j.Family, State: j.State, Local: j.Local, Remote: j.Remote,
		Cookie: j.Identity, RecvQ: j.RecvQ, SendQ: j.SendQ, NoQueues: !j.HasQueues, UID: j.UID, HasUID: j.HasUID, User: j.User,
	}
	if !j.Remote.IsZero() {
		// What is left of a connection may be another socket to the kernel. Whoever
		// watches it takes it for the same as long as it has these ends.
		s.Cookie = 0
	}
	s.Type = socket.Stream
	if j.Proto == socket.UDP {
		s.Type = socket.Dgram
	}
	if j.Family == socket.IPv6 && j.Dual != socket.Unknown {
		s.V6Only = socket.TriOf(j.Dual == socket.No)
	}
	return s
}
