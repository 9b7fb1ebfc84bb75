//go:build linux

package collector

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/owner"
	"github.com/sockls/sockls/collector/socket"
)

// join finds the holders of rows and gives a reason to those that have none.
// It adds the sockets that only a descriptor shows, and drops those that were
// closed while their holder was looked for: they are not there any more.
func (c *collection) join(ctx context.Context, rows []*socket.Socket) ([]*socket.Socket, error) {
	c.report.Source.Owners = owner.ByProc.String()
	if len(rows) == 0 && c.strayProtos() == 0 {
		return nil, nil // nothing to look for
	}
	l, err := c.look(ctx, rows, c.strayProtos() != 0)
	if err != nil {
		return nil, err
	}
	if rows, err = c.settle(ctx, rows, l); err != nil {
		return nil, err
	}
	c.noteHidden(rows, l.found)
	return rows, nil
}

// look is one look at all processes.
type look struct {
	finder owner.Finder
	inodes *owner.Inodes // of the rows whose holders were looked for
	found  *owner.Result
}

// look looks for the holders of rows, and for sockets that no table lists.
func (c *collection) look(ctx context.Context, rows []*socket.Socket, strays bool) (look, error) {
	l := look{finder: c.finder(), inodes: owner.NewInodes(len(rows))}
	for _, s := range rows {
		l.inodes.Add(s.Inode)
	}
	var err error
	l.found, err = l.finder.Find(ctx, owner.Want{Inodes: l.inodes, Details: c.query.Details, Strays: strays})
	if err != nil {
		if ctx.Err() != nil {
			return l, ctx.Err()
		}
		l.found = &owner.Result{}
		c.sightless = true
		c.note(socket.Notice{Code: "owners-unavailable", Message: "processes could not be looked at: " + err.Error()})
		return l, nil
	}
	c.report.Source.Owners, c.report.Source.OwnersReason = l.found.Way.String(), l.found.Reason
	if l.found.Refused {
		c.note(socket.Notice{
			Code: "owners-fallback", Message: "processes were looked for through /proc and not by BPF: " + l.found.Reason,
		})
	}
	return l, nil
}

// finder looks for holders in the way that was chosen.
func (l *linux) finder() owner.Finder {
	return owner.Chooser{Proc: owner.Proc{FS: l.proc}, Way: l.owners, Kernel: l.kernel}
}

// settle gives rows what was found of them, and judges them.
func (c *collection) settle(ctx context.Context, rows []*socket.Socket, l look) ([]*socket.Socket, error) {
	missing := c.assign(rows, l.inodes, l.found)
	c.doubtHolders(rows, l.found)
	strays, err := c.strays(ctx, l.finder, l.found)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		if rows, err = c.explain(ctx, l.finder, l.found, rows, missing); err != nil {
			return nil, err
		}
	}
	rows = slices.DeleteFunc(rows, func(s *socket.Socket) bool { return !c.admits(s) })
	for _, s := range strays {
		if c.judges(s, strayDetails) {
			c.found++
			rows = append(rows, s)
		}
	}
	c.contextless = len(rows) > 0 && !slices.ContainsFunc(rows, hasContext)
	return rows, nil
}

// hasContext reports whether a holder has a security context.
func hasContext(s *socket.Socket) bool {
	return slices.ContainsFunc(s.Processes, func(h socket.Holder) bool { return h.Process.Context != "" })
}

// assign writes the holders into the rows and returns the indices of those
// that ought to have one and have not.
func (c *collection) assign(rows []*socket.Socket, inodes *owner.Inodes, found *owner.Result) (missing []int) {
	for i := range rows {
		s := rows[i]
		held := found.Holders(inodes.Index(s.Inode))
		if len(held) > 0 {
			s.Processes = c.holders(held)
			if !s.HasUID {
				s.UID, s.HasUID = c.ownerOf(s.Inode, held[0])
			}
			continue
		}
		if s.NoProcess = reasonAtSight(s); s.NoProcess == socket.ReasonNone {
			missing = append(missing, i)
		}
	}
	return missing
}

// doubtHolders marks the sockets of others that may have more holders than those
// found: a server that has given up root shares its listener with a parent that
// its user may not look into.
func (c *collection) doubtHolders(rows []*socket.Socket, found *owner.Result) {
	if found.Denied == 0 && found.Starved == 0 && !found.Veiled {
		return
	}
	self := uint32(os.Geteuid())
	if self == 0 {
		return // who is refused to root is in a sandbox, and shares nothing
	}
	for _, s := range rows {
		if len(s.Processes) > 0 && s.HasUID && s.UID != self {
			s.MoreHolders = true
			c.doubted++
		}
	}
}

// holders turns findings into the model's.
func (c *collection) holders(held []owner.Held) []socket.Holder {
	all := make([]socket.Holder, len(held))
	for i, h := range held {
		if p := h.Process; p.HasUID && p.User == "" {
			p.User = c.users.name(p.UID)
		}
		all[i] = socket.Holder{Process: h.Process, FD: int(h.FD)}
		if h.Own {
			all[i].TID = int(h.TID)
		}
	}
	return all
}

// ownerOf reads the owner of a socket whose table does not tell it (netlink)
// from the file that a holder has of it.
func (c *collection) ownerOf(inode uint64, h owner.Held) (uid uint32, ok bool) {
	var st unix.Stat_t
	path := fmt.Sprintf("%s/%d/fd/%d", c.proc.Dir(), h.Process.PID, h.FD)
	if h.TID != 0 {
		path = fmt.Sprintf("%s/%d/task/%d/fd/%d", c.proc.Dir(), h.Process.PID, h.TID, h.FD)
	}
	if err := unix.Stat(path, &st); err != nil || st.Ino != inode {
		return 0, false // closed, or given to something else, since it was found
	}
	return st.Uid, true
}

// explain gives every row of missing its reason. Those whose socket has been
// closed since it was listed are left out of the result.
func (c *collection) explain(
	ctx context.Context, finder owner.Finder, found *owner.Result, rows []*socket.Socket, missing []int,
) ([]*socket.Socket, error) {
	gone, err := c.refresh(ctx, rows, missing)
	if err != nil {
		return nil, err
	}
	doubt := missing[:0]
	for _, i := range missing {
		if rows[i].NoProcess == socket.ReasonNone && !gone[i] {
			doubt = append(doubt, i)
		}
	}
	if len(doubt) > 0 {
		c.eliminate(ctx, finder, found, rows, doubt)
	}
	kept := 0
	for i := range rows {
		if gone[i] && rows[i].State == socket.Listen {
			c.vanished++
		}
		if !gone[i] {
			rows[kept] = rows[i]
			kept++
		}
	}
	return rows[:kept], nil
}

// refresh reads the tables of the missing rows once more. A socket that was
// closed meanwhile is gone, or has become a TIME_WAIT or an orphan, which is
// then its row. Rows without a cookie cannot be followed and stay.
func (c *collection) refresh(ctx context.Context, rows []*socket.Socket, missing []int) (gone map[int]bool, err error) {
	gone = map[int]bool{}
	byCookie := map[uint64]int{}
	query := c.query
	query.Protos = 0
	for _, i := range missing {
		if rows[i].Cookie != 0 {
			gone[i] = true
			byCookie[rows[i].Cookie] = i
			query.Protos |= socket.ProtoSetOf(rows[i].Proto)
		}
	}
	if len(gone) == 0 {
		return nil, nil
	}
	again := c.again(query)
	err = again.tables(ctx, func(s *socket.Socket) error {
		if i, ok := byCookie[s.Cookie]; ok {
			delete(gone, i)
			*rows[i] = *s
			rows[i].Details = s.Details.Clone() // those of s are reused
			rows[i].NoProcess = reasonAtSight(s)
		}
		return nil
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil || len(again.notices) > 0 || len(again.fell.protos) > 0 {
		return nil, nil // with holes or without cookies the tables do not tell what is gone
	}
	return gone, nil
}

// eliminate gives reasons to sockets that stand, have a file, and have no
// holder in sight. What can be shown comes first; what is left follows from
// what it is not.
func (c *collection) eliminate(
	ctx context.Context, finder owner.Finder, found *owner.Result, rows []*socket.Socket, doubt []int,
) {
	rings := c.ringSockets(found.Rings)
	blind := c.sightless || found.Denied > 0 || found.Starved > 0 || found.Veiled
	nested := c.inNestedPIDNS()
	passing := !blind && c.anyInFlight(ctx, finder)
	for _, i := range doubt {
		s := rows[i]
		switch {
		case slices.Contains(rings, s.Inode):
			s.NoProcess = socket.ReasonInFlight
		case blind:
			s.NoProcess = socket.ReasonHidden
		case passing:
			s.NoProcess = socket.ReasonInFlight
		case nested:
			s.NoProcess = socket.ReasonOtherPIDNS
		case s.HasUID && s.UID == 0:
			// The kernel makes its own sockets as root; no process has this one.
			s.NoProcess = socket.ReasonKernel
		default:
			s.NoProcess = socket.ReasonUnknown
		}
	}
}

// ringSockets are the sockets registered with an io_uring, which holds them
// even after their descriptor was closed.
func (c *collection) ringSockets(rings []owner.Descriptor) []uint64 {
	var inodes []uint64
	for _, ring := range rings {
		info, err := c.proc.FDInfo(int(cmp.Or(ring.TID, ring.PID)), int(ring.FD))
		if err == nil { // a process that is gone has given its ring back
			inodes = append(inodes, info.RegisteredSockets...)
		}
	}
	return inodes
}

// anyInFlight reports whether any unix socket's queue holds descriptors that
// were passed and not received. Only a socket with something in its queue can.
func (c *collection) anyInFlight(ctx context.Context, finder owner.Finder) bool {
	again := c.again(Query{Protos: socket.ProtoSetOf(socket.Unix), States: socket.AllStates})
	queued := owner.NewInodes(0)
	err := again.tables(ctx, func(s *socket.Socket) error {
		if s.RecvQ > 0 {
			queued.Add(s.Inode)
		}
		return nil
	})
	if err != nil || queued.Len() == 0 {
		return false
	}
	found, err := finder.Find(ctx, owner.Want{Inodes: queued})
	if err != nil {
		return false
	}
	for i := range queued.Len() {
		for _, h := range found.Holders(int32(i)) {
			info, err := c.proc.FDInfo(cmp.Or(int(h.TID), h.Process.PID), int(h.FD))
			if err == nil && info.SCMFDs > 0 {
				return true
			}
		}
	}
	return false
}

// inNestedPIDNS reports whether this process sees only a part of the machine's
// processes. The first pid namespace has a fixed inode, PROC_PID_INIT_INO in
// include/linux/proc_ns.h.
func (c *collection) inNestedPIDNS() bool {
	link, err := os.Readlink(c.proc.Dir() + "/self/ns/pid")
	return err == nil && link != "pid:[4026531836]"
}

// noteHidden counts the rows whose processes this user may not see.
func (c *collection) noteHidden(rows []*socket.Socket, found *owner.Result) {
	hidden, outside, root := 0, 0, os.Geteuid() == 0
	for _, s := range rows {
		switch s.NoProcess {
		case socket.ReasonHidden:
			hidden++
		case socket.ReasonOtherPIDNS:
			outside++
		}
	}
	if outside > 0 {
		c.note(socket.Notice{
			Code: "owners-outside", Count: outside,
			Message: count(outside, "socket") + " held by processes outside this pid namespace",
			Hint:    "run sockls on the host to see them",
		})
	}
	switch {
	case c.sightless: // said already
	case found.Starved > 0:
		c.note(socket.Notice{
			Code: "owners-incomplete", Count: found.Starved,
			Message: fmt.Sprintf("%s could not be looked into for want of descriptors or memory, so holders are missing", processes(found.Starved)),
			Hint:    "raise the limit of open files (ulimit -n)",
		})
	case hidden > 0:
		c.note(hiddenOwners(hidden, found, root))
	}
	if c.doubted > 0 {
		c.note(socket.Notice{
			Code: "owners-partial", Count: c.doubted,
			Message: count(c.doubted, "socket") + " of other users may have more holders than are shown",
			Hint:    "run as root to see them all",
		})
	}
	if c.vanished > 0 {
		c.note(socket.Notice{
			Code: "listeners-vanished", Count: c.vanished,
			Message: count(c.vanished, "listener") + " closed while processes were looked for, and not shown",
			Hint:    "with --no-processes they are",
		})
	}
	if !root && found.Denied > 0 && c.strayProtos()&^c.unlisted != 0 {
		c.note(hiddenDescriptors(found))
	}
}
