package sockdiag

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"

	"github.com/sockls/sockls/collector/socket"
)

// EventConn is a netlink socket that hears of destroyed sockets, or a test's
// idea of one.
type EventConn interface {
	// Receive waits for one datagram and reads it into b. It is ENOBUFS where the
	// kernel had to drop some, and fails soon when Close is called meanwhile.
	Receive(b []byte) (int, error)
	Close() error
}

// Event is something that a subscription tells.
type Event struct {
	// Socket is one that has been destroyed, as it was at its end: in state CLOSE,
	// or UNCONN or ESTABLISHED for UDP. It is nil where events were lost. It is
	// reused for the next event.
	Socket *socket.Socket
	// Missing is how many events were lost, 0 where nobody has counted them.
	Missing int
}

// Lost reports whether the event stands for others that nobody can tell of, any
// number of them.
func (e Event) Lost() bool { return e.Socket == nil }

// Events are the sockets that the kernel destroys in one network namespace: TCP
// and UDP sockets of user space, once nothing refers to them any more. A
// connection that leaves a TIME_WAIT behind is destroyed when that begins, and
// of the end of the TIME_WAIT nothing is told. A row has what the kernel still
// knows: the cookie, both ends, the interface and the final tcp_info, and
// neither the inode nor the owner.
//
// Every user may listen (sock_diag_bind in net/core/sock_diag.c). The kernel
// sends nothing for what was destroyed before the subscription.
type Events struct {
	conn EventConn
	dec  decoder
	row  socket.Socket
	buf  []byte
	// drops is how many events the kernel had to drop when it was asked last.
	counting sync.Mutex
	drops    uint32
}

// eventSize holds any event: a row with a tcp_info and next to nothing else.
const eventSize = 8 << 10

// NewEvents takes ownership of conn. ifName names an interface of its network
// namespace. The rows come with those details that they have.
func NewEvents(conn EventConn, ifName func(index uint32) string, details socket.Detail, tail TCPInfoTail) *Events {
	e := &Events{conn: conn, dec: decoder{ifName: ifName}, buf: make([]byte, eventSize)}
	e.dec.details.want(details&socket.DetailTCPInfo, tail)
	return e
}

// Close ends the subscription.
func (e *Events) Close() error { return e.conn.Close() }

// Watch yields events as they come until ctx is done, which closes the
// connection and is the error then. An error from yield is returned as it is.
func (e *Events) Watch(ctx context.Context, yield func(Event) error) error {
	// The connection is only read, so nothing is lost by closing it.
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		_ = e.conn.Close()
	})
	defer func() {
		if !stop() {
			<-closed
		}
	}()
	for {
		n, err := e.conn.Receive(e.buf)
		if ctxErr := ctx.Err(); ctxErr != nil {
			return ctxErr
		}
		switch {
		case errors.Is(err, syscall.ENOBUFS), errors.Is(err, syscall.EMSGSIZE):
			err = yield(Event{Missing: e.MoreMissing()})
		case err != nil:
			return fmt.Errorf("receive sock_diag events: %w", err)
		default:
			err = e.datagram(e.buf[:n], yield)
		}
		if err != nil {
			return err
		}
	}
}

// dropCounter is an EventConn that knows how many events the kernel had to drop
// since it was opened.
type dropCounter interface {
	Drops() (uint32, error)
}

// MoreMissing is how many events were dropped since it was asked last. The kernel
// goes on dropping them until all that waits has been read, and says so but once:
// whoever wants to know how many asks again some time later. It may be called while
// Watch is at work.
func (e *Events) MoreMissing() int {
	c, ok := e.conn.(dropCounter)
	if !ok {
		return 0
	}
	e.counting.Lock()
	defer e.counting.Unlock()
	n, err := c.Drops()
	if err != nil {
		return 0
	}
	since := n - e.drops
	e.drops = n
	return int(since)
}

// datagram yields what one datagram tells. What cannot be read of it is lost.
func (e *Events) datagram(page []byte, yield func(Event) error) error {
	for rest := page; len(rest) > 0; {
		m, tail, err := nextMessage(rest)
		if err != nil {
			return yield(Event{Missing: 1})
		}
		rest = tail
		event := Event{Missing: 1}
		switch {
		case m.kind == nlmsgNoop:
			continue
		case m.kind == typeByFamily && e.decode(m.payload):
			event = Event{Socket: &e.row}
		}
		if err := yield(event); err != nil {
			return err
		}
	}
	return nil
}

// decode fills the row from a struct inet_diag_msg as inet_diag_handler_get_info
// (net/ipv4/inet_diag.c) sends it: a row of a table in which some members are
// left empty, and whose protocol is an attribute. It changes b.
func (e *Events) decode(b []byte) bool {
	if len(b) < inetMessageLen {
		return false
	}
	proto := eventProto(b[inetMessageLen:])
	// State 7 on its own is a socket of the bind table, which has no peer. This
	// one had, and its address is there.
	state := b[1]
	closed := state == uint8(socket.Close)
	if closed && proto == socket.TCP {
		b[1] = uint8(socket.Established)
	}
	s := &e.row
	if proto == socket.ProtoUnknown || !e.dec.decodeInet(b, proto, s) {
		return false
	}
	b[1] = state
	if closed && proto == socket.TCP {
		s.State = socket.Close
		if s.Remote.Port == 0 { // the last peer of a socket that was disconnected
			s.Remote = socket.Endpoint{}
		}
	}
	s.RecvQ, s.SendQ = 0, 0 // counted from what is no longer there
	s.UID, s.HasUID, s.Inode = 0, false, 0
	return true
}

// eventProto finds the protocol among the attributes of an event.
func eventProto(attrs []byte) socket.Proto {
	const inetProtocol = 10 // INET_DIAG_PROTOCOL
	for a, rest, ok := nextAttribute(attrs); ok; a, rest, ok = nextAttribute(rest) {
		if a.kind != inetProtocol {
			continue
		}
		switch a.u8() {
		case protoTCP:
			return socket.TCP
		case protoUDP:
			return socket.UDP
		}
	}
	return socket.ProtoUnknown
}
