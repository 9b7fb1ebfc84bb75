package eventout

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
	"github.com/sockls/sockls/render/text"
)

func end(addr string) socket.Endpoint {
	a := netip.MustParseAddrPort(addr)
	return socket.Endpoint{Addr: a.Addr(), Port: uint32(a.Port())}
}

// row is a connection, or a listener where there is no remote end.
func row(state socket.State, local, remote string, names ...string) *socket.Socket {
	s := &socket.Socket{Proto: socket.TCP, Family: socket.IPv4, State: state, Local: end(local)}
	if remote != "" {
		s.Remote = end(remote)
	}
	for i, name := range names {
		s.Processes = append(s.Processes, socket.Holder{Process: &socket.Process{PID: 100 + i, Name: name}})
	}
	return s
}

func with(s *socket.Socket, change func(*socket.Socket)) *socket.Socket {
	change(s)
	return s
}

// events are one of each kind, as far as they look different.
func events() []watch.Event {
	at := time.Date(2024, 5, 6, 14, 3, 7, 512_345_678, time.UTC)
	const client, server = "127.0.0.1:40022", "127.0.0.1:5432"
	live := row(socket.Established, client, server, "psql")
	closing := row(socket.CloseWait, client, server, "psql")
	final := with(row(socket.CloseWait, client, server, "psql"), func(s *socket.Socket) {
		s.Details = &socket.Details{TCP: &socket.TCPInfo{
			Size: 248, BytesSent: 13_000, BytesRetrans: 600, BytesReceived: 1_100_001, DataSegsIn: 9, TotalRetrans: 2,
		}}
	})
	brief := with(row(socket.Close, client, server), func(s *socket.Socket) {
		s.NoProcess = socket.ReasonUnknown
		s.Details = &socket.Details{TCP: &socket.TCPInfo{Size: 8, BytesReceived: 1}}
	})
	remains := with(row(socket.TimeWait, client, server), func(s *socket.Socket) { s.NoProcess = socket.ReasonTimeWait })
	waiting := with(row(socket.Established, server, client), func(s *socket.Socket) { s.NoProcess = socket.ReasonNotAccepted })
	hostile := row(socket.Listen, "[2001:db8::1234:5678:9abc:def0]:443", "", "a\x1b[2J\nb")
	full := with(row(socket.Listen, server, "", "postgres"), func(s *socket.Socket) { s.RecvQ, s.SendQ = 129, 128 })
	return []watch.Event{
		{Kind: watch.Initial, Time: at, Socket: row(socket.Listen, server, "", "postgres", "postgres")},
		{Kind: watch.Open, Time: at, Socket: live},
		{Kind: watch.Open, Time: at, Socket: hostile},
		{Kind: watch.Change, Time: at, Socket: closing, Before: live, Changed: []string{"state"}},
		{Kind: watch.Change, Time: at, Socket: row(socket.Established, server, client, "postgres"), Before: waiting, Changed: []string{"processes"}},
		{Kind: watch.Change, Time: at, Socket: full, Before: full, Changed: []string{"recv-q"}},
		{Kind: watch.Change, Time: at, Socket: remains, Before: closing, Changed: []string{"state"}, Held: live.Processes},
		{Kind: watch.Change, Time: at, Socket: live, Before: row(socket.Bound, "0.0.0.0:40022", ""), Changed: []string{"state", "local", "remote"}},
		{Kind: watch.Close, Time: at, Socket: final, Lived: 1582 * time.Millisecond, Whole: true, Final: true},
		{Kind: watch.Close, Time: at, Socket: live, Lived: 3725 * time.Second},
		{Kind: watch.Close, Time: at, Socket: brief, Lived: 998 * time.Millisecond, Brief: true, Final: true},
		{Kind: watch.Close, Time: at, Socket: row(socket.Listen, server, "", "postgres"), Lived: 61 * time.Second, Whole: true, Final: true},
		{Kind: watch.Open, Time: at, Socket: closing, Before: live, Crossed: true},
		{Kind: watch.Close, Time: at, Socket: closing, Before: live, Crossed: true, Lived: time.Second},
		{Kind: watch.Close, Time: at, Socket: live, Before: live, Crossed: true, Lived: time.Second},
		{Kind: watch.Lost, Time: at, Missing: 1},
		{Kind: watch.Lost, Time: at, Missing: 12},
		{Kind: watch.Lost, Time: at},
	}
}

const plain = `
14:03:07.512 = tcp  LISTEN      127.0.0.1:5432        postgres[100,101]
14:03:07.512 + tcp  ESTABLISHED 127.0.0.1:40022       127.0.0.1:5432        psql[100]
14:03:07.512 + tcp  LISTEN      [2001:db8::1234:5678:9abc:def0]:443 "a\x1b[2J\nb"[100]
14:03:07.512 ~ tcp  CLOSE_WAIT  127.0.0.1:40022       127.0.0.1:5432        psql[100]  was ESTABLISHED
14:03:07.512 ~ tcp  ESTABLISHED 127.0.0.1:5432        127.0.0.1:40022       postgres[100]  was (not accepted yet)
14:03:07.512 ~ tcp  LISTEN      127.0.0.1:5432        postgres[100]  recv-q 129 of 128: full
14:03:07.512 ~ tcp  TIME_WAIT   127.0.0.1:40022       127.0.0.1:5432        psql[100]  was CLOSE_WAIT
14:03:07.512 ~ tcp  ESTABLISHED 127.0.0.1:40022       127.0.0.1:5432        psql[100]  was BOUND, was at 0.0.0.0:40022, remote was -
14:03:07.512 - tcp  CLOSE_WAIT  127.0.0.1:40022       127.0.0.1:5432        psql[100]  lived 1.6s, 12.4kB out, 1.1MB in, 2 retransmits
14:03:07.512 - tcp  ESTABLISHED 127.0.0.1:40022       127.0.0.1:5432        psql[100]  lived >1h2min
14:03:07.512 - tcp  CLOSE       127.0.0.1:40022       127.0.0.1:5432        (unknown)  lived <998ms, 0B out, 0B in
14:03:07.512 - tcp  LISTEN      127.0.0.1:5432        postgres[100]  lived 1min1s
14:03:07.512 + tcp  CLOSE_WAIT  127.0.0.1:40022       127.0.0.1:5432        psql[100]  matches now, was ESTABLISHED
14:03:07.512 - tcp  CLOSE_WAIT  127.0.0.1:40022       127.0.0.1:5432        psql[100]  does not match any more, was ESTABLISHED
14:03:07.512 - tcp  ESTABLISHED 127.0.0.1:40022       127.0.0.1:5432        psql[100]  does not match any more
14:03:07.512 ! 1 event may be missing
14:03:07.512 ! 12 events may be missing
14:03:07.512 ! events may be missing
`

func TestWrite(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := New(&out, Options{Owners: true}).Write(events()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimPrefix(plain, "\n"), out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var coloured bytes.Buffer
	if err := New(&coloured, Options{Owners: true, Palette: text.Basic()}).Write(events()); err != nil {
		t.Fatal(err)
	}
	if bare := stripped(coloured.String()); bare != out.String() {
		t.Errorf("colours change the text: %s", cmp.Diff(out.String(), bare))
	}
	if coloured.Len() == out.Len() {
		t.Error("nothing is coloured")
	}
}

// stripped is text without colours.
func stripped(s string) string {
	for {
		i := strings.Index(s, "\x1b[")
		if i < 0 {
			return s
		}
		j := strings.IndexByte(s[i:], 'm')
		s = s[:i] + s[i+j+1:]
	}
}

// TestUnowned: where nobody was asked for, nobody is shown, but in what one column
// fewer leaves.
func TestUnowned(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := row(socket.Established, "127.0.0.1:1", "127.0.0.1:2")
	if err := New(&out, Options{}).Write([]watch.Event{{Kind: watch.Open, Time: time.Unix(0, 0), Socket: s}}); err != nil {
		t.Fatal(err)
	}
	if want := "00:00:00.000 + tcp  ESTABLISHED 127.0.0.1:1           127.0.0.1:2          \n"; out.String() != want {
		t.Errorf("%q", out.String())
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]string{
		0: "0B", 999: "999B", 1000: "1.0kB", 99_949: "99.9kB", 99_950: "100kB", 999_499: "999kB", 999_500: "1.0MB", 1 << 63: "9.2EB",
	} {
		if got := string(appendBytes(nil, n)); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
	if got := sent(&socket.TCPInfo{Size: 192, BytesAcked: 6, DataSegsOut: 1}); got != 6 {
		t.Errorf("an old kernel has sent %d", got)
	}
}

// TestWriteFails: an error of the writer is told, and much is written in parts.
func TestWriteFails(t *testing.T) {
	t.Parallel()
	var many []watch.Event
	for range 500 {
		many = append(many, events()...)
	}
	full := errors.New("full")
	n := 0
	err := New(writerFunc(func(b []byte) (int, error) {
		n++
		if len(b) > enough+1000 {
			t.Errorf("%d bytes at once", len(b))
		}
		if n == 3 {
			return 0, full
		}
		return len(b), nil
	}), Options{}).Write(many)
	if !errors.Is(err, full) || n != 3 {
		t.Errorf("%v after %d writes", err, n)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
