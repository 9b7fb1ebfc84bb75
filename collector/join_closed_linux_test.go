package collector

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// tapped is a connection that calls back when a dump has been read to its end.
type tapped struct {
	sockdiag.Conn
	dumps *int
	ended func(dump int)
	fail  func(dump int) error
}

func (c tapped) Send(b []byte) error {
	if c.fail != nil {
		if err := c.fail(*c.dumps + 1); err != nil {
			return err
		}
	}
	return c.Conn.Send(b)
}

func (c tapped) Receive(b []byte) (int, error) {
	n, err := c.Conn.Receive(b)
	if err != nil {
		return n, err
	}
	for rest := b[:n]; len(rest) >= unix.SizeofNlMsghdr; {
		length := int(binary.NativeEndian.Uint32(rest))
		if binary.NativeEndian.Uint16(rest[4:]) == unix.NLMSG_DONE {
			*c.dumps++
			c.ended(*c.dumps)
		}
		rest = rest[min(max(length, unix.SizeofNlMsghdr), len(rest)):]
	}
	return n, err
}

// tap counts dumps over all connections.
func tap(ended func(dump int), fail func(dump int) error) Options {
	dumps := 0
	return Options{Dial: func() (sockdiag.Conn, error) {
		conn, err := sockdiag.Dial()
		return tapped{Conn: conn, dumps: &dumps, ended: ended, fail: fail}, err
	}}
}

// oneDump asks for TCP without bound sockets, which are looked for at the same
// time over another connection where the machine has many.
func oneDump() Query {
	q := everything(socket.TCP)
	q.States &^= socket.StateSetOf(socket.Bound)
	return q
}

// TestJoinClosedMeanwhile closes sockets between the dump that lists them and
// the search for their holders.
func TestJoinClosedMeanwhile(t *testing.T) {
	if !private(t, 0) {
		return
	}
	stays := listener(t, 1000, 8)
	goes := listener(t, 1001, 1)
	plain := connection(t, 2000, 1000)
	other := accept(t, stays)
	both := connection(t, 2002, 1000)
	ended := accept(t, stays)
	full := connection(t, 2001, 1000)
	sink := accept(t, stays)
	fill(t, full)
	done := 0
	options := tap(func(dump int) {
		if dump == 1 {
			done = dump
			must(t, unix.Close(goes))
			must(t, unix.Close(plain))
			must(t, unix.Close(full))
			must(t, unix.Close(both))
			waitForState(t, ended, socket.CloseWait)
			must(t, unix.Close(ended))
			settle(t, 2000, socket.FinWait2)
			settle(t, 2002, socket.TimeWait)
		}
	}, nil)
	rows, codes := collect(t, options, oneDump())
	if done != 1 || !slices.Equal(codes, []string{"listeners-vanished"}) {
		t.Fatalf("closed after dump %d, notices %v", done, codes)
	}
	want := []string{
		fmt.Sprintf("tcp LISTEN :1000 fd %d", stays),
		// The peer's row is of the time of the first dump: it has its holder.
		fmt.Sprintf("tcp ESTABLISHED :1000 -> :2000 fd %d", other),
		fmt.Sprintf("tcp ESTABLISHED :1000 -> :2001 fd %d", sink),
		// What the kernel still has to finish is the socket it was.
		"tcp FIN_WAIT2 :2000 -> :1000 orphan",
		"tcp FIN_WAIT1 :2001 -> :1000 orphan",
		"tcp TIME_WAIT :2002 -> :1000 time-wait",
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, tellAll(rows)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// TestJoinRefreshFails: where the tables cannot be read once more, nothing is
// known to have gone, and every row stays.
func TestJoinRefreshFails(t *testing.T) {
	if !private(t, 0) {
		return
	}
	stays := listener(t, 1000, 1)
	goes := listener(t, 1001, 1)
	done := false
	options := tap(func(dump int) {
		if dump == 1 {
			done = true
			must(t, unix.Close(goes))
		}
	}, func(dump int) error {
		if dump > 1 {
			return unix.ENOBUFS
		}
		return nil
	})
	rows, _ := collect(t, options, oneDump())
	if !done {
		t.Fatal("no dump has ended")
	}
	want := fmt.Sprintf("tcp LISTEN :1000 fd %d", stays)
	if all := tellAll(rows); len(all) != 2 || all[0] != want {
		t.Errorf("rows %v, want %s and the other listener", all, want)
	}
}
