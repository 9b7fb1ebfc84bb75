package sockdiag

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

// broadcaster is an EventConn that plays a script, and is silent after it.
type broadcaster struct {
	script []reply
	once   sync.Once
	closed chan struct{}
}

func newBroadcaster(script ...reply) *broadcaster {
	return &broadcaster{script: script, closed: make(chan struct{})}
}

func (c *broadcaster) Receive(b []byte) (int, error) {
	if len(c.script) == 0 {
		<-c.closed
		return 0, errors.New("closed")
	}
	next := c.script[0]
	c.script = c.script[1:]
	return copy(b, next.data), next.err
}

func (c *broadcaster) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

// destroyed is the message about a socket as the kernel makes it.
func destroyed(m inetMsg, protocol uint8) []byte {
	m.attrs = append(attr(10, protocol), m.attrs...)
	return nlmsg(typeByFamily, 0, 0, m.bytes())
}

// hear gathers events until the script is over.
func hear(t *testing.T, details socket.Detail, script ...reply) (rows []socket.Socket, lost int, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	conn := newBroadcaster(script...)
	e := NewEvents(conn, testIfName, details, TailApart)
	err = e.Watch(ctx, func(event Event) error {
		if event.Lost() {
			lost++
		} else {
			row := *event.Socket
			row.Details = row.Details.Clone()
			rows = append(rows, row)
		}
		if len(conn.script) == 0 {
			cancel()
		}
		return nil
	})
	return rows, lost, err
}

func TestEvents(t *testing.T) {
	t.Parallel()
	rows, lost, err := hear(t, 0,
		datagram(destroyed(inetMsg{family: afInet, state: 7, src: "127.0.0.1", sport: 80, cookie: 1, wqueue: 9}, protoTCP)),
		datagram(
			destroyed(inetMsg{family: afInet6, state: 7, src: "fe80::1", dst: "fe80::2", sport: 80, dport: 5000, index: 3, cookie: 2}, protoTCP),
			destroyed(inetMsg{family: afInet, state: 7, src: "127.0.0.1", dst: "10.0.0.1", sport: 80, cookie: 3}, protoTCP)),
		datagram(destroyed(inetMsg{family: afInet, state: 7, src: "0.0.0.0", dst: "10.0.0.1", sport: 53, cookie: 4, wqueue: ^uint32(0)}, protoUDP)),
		datagram(destroyed(inetMsg{family: afInet, state: 1, src: "127.0.0.1", dst: "127.0.0.9", sport: 53, dport: 99, cookie: 5}, protoUDP)),
	)
	if !errors.Is(err, context.Canceled) || lost != 0 {
		t.Errorf("%d lost, error %v", lost, err)
	}
	tcp := socket.Socket{Proto: socket.TCP, Family: socket.IPv4, Type: socket.Stream, State: socket.Close}
	udp := socket.Socket{Proto: socket.UDP, Family: socket.IPv4, Type: socket.Dgram, State: socket.Unconn}
	want := make([]socket.Socket, 5)
	want[0] = tcp
	want[0].Local = inetEnd("127.0.0.1", 80)
	want[1] = tcp
	want[1].Family, want[1].Device = socket.IPv6, "eth3"
	want[1].Local, want[1].Remote = inetEnd("fe80::1%eth3", 80), inetEnd("fe80::2%eth3", 5000)
	want[2] = tcp // connected before it was disconnected
	want[2].Local = inetEnd("127.0.0.1", 80)
	want[3] = udp
	want[3].Local = inetEnd("0.0.0.0", 53)
	want[4] = udp
	want[4].State, want[4].Local, want[4].Remote = socket.Established, inetEnd("127.0.0.1", 53), inetEnd("127.0.0.9", 99)
	for i := range want {
		want[i].Cookie = uint64(i + 1)
	}
	if diff := diffRows(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// TestEventsLost: what is lost is said in its place, and ends nothing.
func TestEventsLost(t *testing.T) {
	t.Parallel()
	good := destroyed(inetMsg{family: afInet, state: 7, sport: 80, cookie: 1}, protoTCP)
	for name, script := range map[string][]reply{
		"overrun":          {{err: syscall.ENOBUFS}},
		"too long":         {{err: syscall.EMSGSIZE}},
		"no protocol":      {datagram(nlmsg(typeByFamily, 0, 0, inetMsg{family: afInet}.bytes()))},
		"another protocol": {datagram(destroyed(inetMsg{family: afInet}, 132))},
		"another family":   {datagram(destroyed(inetMsg{family: afUnix}, protoTCP))},
		"short":            {datagram(nlmsg(typeByFamily, 0, 0, make([]byte, 20)))},
		"another message":  {datagram(nlmsg(99, 0, 0, inetMsg{family: afInet}.bytes()))},
		"no message":       {reply{data: []byte{1, 2, 3}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, lost, err := hear(t, 0, append(append([]reply{datagram(nlmsg(nlmsgNoop, 0, 0, nil))}, script...), datagram(good))...)
			if len(rows) != 1 || lost != 1 || !errors.Is(err, context.Canceled) {
				t.Errorf("%d rows, %d lost, error %v", len(rows), lost, err)
			}
		})
	}
}

// TestEventsInfo: an event has a final tcp_info for who wants it.
func TestEventsInfo(t *testing.T) {
	t.Parallel()
	message := datagram(destroyed(inetMsg{family: afInet, state: 7, sport: 80, cookie: 1, attrs: attr(inetInfo, tcpInfoBytes())}, protoTCP))
	rows, _, _ := hear(t, socket.DetailTCPInfo|socket.DetailTimer, message)
	if len(rows) != 1 || rows[0].Details == nil || rows[0].Details.TCP == nil {
		t.Fatalf("no tcp_info: %+v", rows)
	}
	if rows[0].Details.Timer != nil {
		t.Error("a timer, which no event tells")
	}
	if rows, _, _ = hear(t, 0, message); rows[0].Details != nil {
		t.Error("details that nobody asked for")
	}
}

// TestEventsEnd: what ends a watch.
func TestEventsEnd(t *testing.T) {
	t.Parallel()
	message := datagram(destroyed(inetMsg{family: afInet, state: 7, sport: 80, cookie: 1}, protoTCP))
	over, cancel := context.WithCancel(context.Background())
	cancel()
	enough := errors.New("enough")
	fault := errors.New("fault")
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		script []reply
		want   error
	}{
		{"yield", context.Background(), []reply{message}, enough},
		{"fault", context.Background(), []reply{{err: fault}}, fault},
		{"context", over, nil, context.Canceled},
	} {
		e := NewEvents(newBroadcaster(tt.script...), testIfName, 0, TailUnknown)
		if err := e.Watch(tt.ctx, func(Event) error { return enough }); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// FuzzEvents plays any bytes as events.
func FuzzEvents(f *testing.F) {
	good := destroyed(inetMsg{family: afInet6, state: 7, sport: 80, dport: 1, cookie: 1, attrs: attr(inetInfo, tcpInfoBytes())}, protoTCP)
	seed(f, good)
	seed(f, destroyed(inetMsg{family: afInet, state: 1, sport: 53}, protoUDP))
	seed(f, pack(nlmsg(nlmsgNoop, 0, 0, nil), good, good))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		e := NewEvents(nil, testIfName, socket.DetailTCPInfo, TailApart)
		events := 0
		err := e.datagram(b[:len(b):len(b)], func(event Event) error {
			events++
			if event.Lost() {
				return nil
			}
			s := event.Socket
			if s.Proto != socket.TCP && s.Proto != socket.UDP || s.State == socket.Bound || s.HasUID || s.Inode != 0 {
				t.Errorf("a row that no event tells: %+v", *s)
			}
			return nil
		})
		if err != nil || len(b) > 0 && events > len(b)/headerLen+1 {
			t.Errorf("%d events of %d bytes: %v", events, len(b), err)
		}
		if diff := cmp.Diff(before, b); diff != "" {
			t.Errorf("the datagram was changed:\n%s", diff)
		}
	})
}
