package sockdiag

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// Conn is one NETLINK_SOCK_DIAG socket, or a test's idea of one.
type Conn interface {
	Send(request []byte) error
	// Receive reads one datagram into b. A datagram that does not fit is an
	// error, never a shorter one.
	Receive(b []byte) (int, error)
	Close() error
}

// receiveSize is where a larger buffer stops to gain: the kernel never packs
// more than 32 KiB of a dump into one datagram (netlink_recvmsg). The room
// above it is for a single row with long attributes.
const receiveSize = 64 << 10

// Client asks one kernel for its socket tables.
type Client struct {
	conn   Conn
	dec    decoder
	recent recent
	row    socket.Socket // what is yielded
	buf    []byte
	seq    uint32
	ops    opset // what the kernel takes, as far as it was asked
	broken bool
}

// NewClient takes ownership of conn. ifName names an interface of the
// connection's network namespace.
func NewClient(conn Conn, ifName func(index uint32) string) *Client {
	return &Client{conn: conn, dec: decoder{ifName: ifName}, buf: make([]byte, receiveSize), ops: allOps}
}

// Usable reports whether another table can be asked for: the last answer was
// read to its end.
func (c *Client) Usable() bool { return !c.broken }

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// Request says what one dump is to return.
type Request struct {
	Proto      socket.Proto
	IPv4, IPv6 bool // the families of an internet protocol
	States     socket.StateSet
	Details    socket.Detail
	// Filter is what the rows are for; nil is all. The kernel is asked to leave
	// out what does not match as far as it can tell: all that match are among
	// the rows, and whoever asks judges each of them. Where the filter is about
	// Autobound, the rows tell of it what the kernel said (Extended.Autobound).
	Filter filter.Expr
	// IfIndex is the index of the interface of that name, and Interfaces are
	// the indexes of all. Without them more is asked for than is needed.
	IfIndex    func(name string) (index uint32, ok bool)
	Interfaces func() []uint32
	// OrphanUIDs says that this kernel knows the owner of a socket that has no
	// file, as Linux does since 6.17; older ones print 0 for all of them.
	OrphanUIDs bool
	// Tail says how this kernel ends a struct tcp_info.
	Tail TCPInfoTail
}

// Error is a table that could not be read, or not to its end.
type Error struct {
	Proto socket.Proto
	// Rows is how many rows were yielded before it happened. When it is 0,
	// another table can be asked instead.
	Rows int
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("sock_diag %s: %v", e.Proto, e.Err) }

// Unwrap gives the cause: a syscall.Errno where the kernel refused.
func (e *Error) Unwrap() error { return e.Err }

// refusal is an errno with the kernel's own words.
type refusal struct {
	errno syscall.Errno
	text  string
}

func (r refusal) Error() string {
	if r.text == "" {
		return r.errno.Error()
	}
	return fmt.Sprintf("%v (%s)", r.errno, r.text)
}

func (r refusal) Unwrap() error { return r.errno }

// The ways a dump can be less than the table without a refusal.
var (
	ErrInterrupted = errors.New("the table changed while it was read, and rows may be missing")
	ErrMalformed   = errors.New("the kernel sent messages that make no row")
	errAbandoned   = errors.New("the connection was left in the middle of a dump")
)

// Dump yields the rows of one protocol in the kernel's order, each once. The
// socket is reused for the next row. An error from yield ends the dump, is
// returned as it is, and leaves the client good for Close only; all other
// errors are of type *Error.
func (c *Client) Dump(ctx context.Context, r Request, yield func(*socket.Socket) error) error {
	d := dump{Client: c, ctx: ctx, proto: r.Proto, states: r.States, yield: yield}
	c.recent.reset()
	c.dec.orphanUIDs = r.OrphanUIDs
	c.dec.details.want(r.Details, r.Tail)
	err := d.table(r)
	if err == nil || d.yielded != nil {
		return err
	}
	return &Error{Proto: r.Proto, Rows: d.rows, Err: err}
}

// dump is one call of Dump.
type dump struct {
	*Client
	ctx     context.Context
	yield   func(*socket.Socket) error
	yielded error // what yield returned
	rows    int
	bad     int // messages that made no row
	proto   socket.Proto
	states  socket.StateSet
	auto    socket.Tri // of all rows of the answer
	tooLong bool       // there was a request that could not be sent for its length
}

// table chooses the requests that cover one protocol.
func (d *dump) table(r Request) error {
	if !r.Proto.Inet() {
		walks := d.plan(r).walks()
		if len(walks) == 0 {
			return nil
		}
		r.States = walks[0].states
	}
	switch r.Proto {
	case socket.TCP, socket.MPTCP, socket.UDP, socket.UDPLite, socket.SCTP:
		return d.inet(r)
	case socket.Unix:
		return d.unix(r)
	case socket.Netlink:
		return d.run(showRequest(afNetlink, netlinkAllProtos, netlinkShow(r.Details)), d.dec.decodeNetlink)
	case socket.Packet:
		return d.run(showRequest(afPacket, 0, packetShow(r.Details)), d.dec.decodePacket)
	case socket.XDP:
		return d.run(showRequest(afXDP, 0, xdpShow(r.Details)), d.dec.decodeXDP)
	case socket.Vsock:
		return d.run(vsockRequest(kernelStates(r.States)), d.dec.decodeVsock)
	case socket.TIPC:
		return d.run(tipcRequest(kernelStates(r.States)), d.dec.decodeTIPC)
	}
	return syscall.EPROTONOSUPPORT
}

// unix gives connected sockets the address of their peer. The table tells only
// the peer's inode, so the addresses are read first; sockets without a name,
// which are most, cost nothing.
func (d *dump) unix(r Request) error {
	mask := kernelStates(r.States)
	show := unixShow(r.Details)
	if !r.Details.Has(socket.DetailPeer) || mask&^(1<<socket.Listen) == 0 {
		return d.run(unixRequest(mask, show), d.dec.decodeUnix)
	}
	names := map[uint32]string{}
	out := d.yield
	d.yield = func(s *socket.Socket) error {
		if s.Local.Name != "" {
			names[uint32(s.Inode)] = s.Local.Name
		}
		return nil
	}
	states := d.states
	d.states = socket.AllStates
	err := d.run(unixRequest(^uint32(0), unixShowName), d.dec.decodeUnix)
	// None of these rows has gone out, so another table can still be asked. A
	// list of names with holes is better than none, and the second walk finds
	// the same fault if it concerns the rows.
	d.states, d.rows, d.bad = states, 0, 0
	if err != nil && !errors.Is(err, ErrInterrupted) && !errors.Is(err, ErrMalformed) {
		return err
	}
	d.yield = func(s *socket.Socket) error {
		s.Remote.Name = names[s.Remote.Node]
		return out(s)
	}
	d.recent.reset()
	return d.run(unixRequest(mask, show), d.dec.decodeUnix)
}

// run sends one request and yields the rows of its answer.
func (d *dump) run(r request, decode func([]byte, *socket.Socket) bool) error {
	if d.broken {
		return errAbandoned
	}
	d.seq++
	if err := d.conn.Send(r.encode(d.seq)); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	// Until the answer has been read to its end the connection is of no use
	// for another request.
	d.broken = true
	interrupted := false
	pages := pager{conn: d.conn, seq: d.seq, buf: d.buf}
	defer pages.stop()
	for {
		if err := d.ctx.Err(); err != nil {
			return err
		}
		page, err := pages.next()
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		for rest := page; len(rest) > 0; {
			var m message
			if m, rest, err = nextMessage(rest); err != nil {
				return err
			}
			if m.seq != d.seq {
				continue // the end of an older answer
			}
			interrupted = interrupted || m.flags&flagDumpIntr != 0
			switch m.kind {
			case nlmsgNoop:
			case nlmsgDone, nlmsgError:
				d.broken = false
				return d.end(m, interrupted)
			default:
				if err := d.take(m.payload, decode); err != nil {
					return err
				}
			}
		}
	}
}

// end judges the message that closes an answer.
func (d *dump) end(m message, interrupted bool) error {
	errno, text, err := errnoError(m)
	switch {
	case err != nil:
		return err
	case errno != 0:
		return refusal{errno: syscall.Errno(errno), text: text}
	case interrupted:
		return ErrInterrupted
	case d.bad > 0:
		return fmt.Errorf("%w: %d", ErrMalformed, d.bad)
	}
	return nil
}

func (d *dump) take(payload []byte, decode func([]byte, *socket.Socket) bool) error {
	if len(payload) == 0 {
		// tipc_diag leaves an empty message where a socket is in none of the
		// states asked for, and one at the end of each full datagram.
		return nil
	}
	s := &d.Client.row
	if !decode(payload, s) {
		d.bad++
		return nil
	}
	if !d.states.Has(s.State) || dying(s) || d.recent.seen(s) {
		return nil
	}
	if d.auto != socket.Unknown {
		d.dec.details.autobound(s, d.auto)
	}
	d.rows++
	if err := d.yield(s); err != nil {
		d.yielded = err
		return err
	}
	return nil
}
