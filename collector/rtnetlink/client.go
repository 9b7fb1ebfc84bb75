package rtnetlink

import (
	"errors"
	"fmt"
	"syscall"
)

// Conn is one netlink socket, or a test's idea of one.
type Conn interface {
	Send(request []byte) error
	// Receive reads one datagram into b. A datagram that does not fit is an
	// error, never a shorter one.
	Receive(b []byte) (int, error)
	Close() error
}

// receiveSize is more than the kernel packs into one datagram of a dump
// (32 KiB, netlink_recvmsg), with room for a single long message.
const receiveSize = 64 << 10

// attempts is how often a dump is started when what it lists keeps changing.
const attempts = 3

var (
	errInterrupted = errors.New("the list changed while it was read")
	// errEnough ends an answer early; the connection is good for nothing but
	// Close then.
	errEnough = errors.New("the list is longer than is looked at")
)

// client asks one connection, one question after the other.
type client struct {
	wire
	conn Conn
	buf  []byte
	seq  uint32
}

// dump asks for a list and calls take for each entry. When the kernel says that
// the list changed meanwhile, it starts again, after a call of reset; a list
// that never holds still is given as it was read last, with errInterrupted.
func (c *client) dump(kind uint16, body []byte, reset func(), take func(payload []byte) error) error {
	var err error
	for range attempts {
		reset()
		if err = c.ask(kind, flagDump, body, take); !errors.Is(err, errInterrupted) {
			return err
		}
	}
	return err
}

// ask sends one request and reads its answer to the end. An error of take ends
// it early.
func (c *client) ask(kind, flags uint16, body []byte, take func(payload []byte) error) error {
	c.seq++
	if err := c.conn.Send(c.request(kind, flags, c.seq, body)); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	interrupted := false
	for {
		n, err := c.conn.Receive(c.buf)
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		for rest := c.buf[:n]; len(rest) > 0; {
			var m message
			if m, rest, err = c.message(rest); err != nil {
				return err
			}
			if m.seq != c.seq {
				continue // the end of an older answer
			}
			interrupted = interrupted || m.flags&flagDumpIntr != 0
			switch m.kind {
			case nlmsgNoop:
			case nlmsgDone, nlmsgError:
				if errno := c.errno(m); errno != 0 {
					return syscall.Errno(errno)
				}
				if interrupted {
					return errInterrupted
				}
				return nil
			default:
				if err := take(m.payload); err != nil {
					return err
				}
			}
		}
	}
}
