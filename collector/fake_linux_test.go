package collector_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

var native = binary.NativeEndian

// answer is what a fake kernel says to one request: datagrams, and the error
// of the call that comes after them.
type answer struct {
	err       error
	datagrams [][]byte
}

// fakeKernel answers dumps by what is asked for, and refuses with ENOENT what
// it has no answer for, as a kernel without the module does.
type fakeKernel struct {
	t       testing.TB
	answers map[string]func(seq uint32) answer
	mu      sync.Mutex
	asked   []string
}

// dial opens a connection to it.
func (k *fakeKernel) dial() (sockdiag.Conn, error) { return &fakeConn{kernel: k}, nil }

// requests are the names of what was asked, in order.
func (k *fakeKernel) requests() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]string(nil), k.asked...)
}

type fakeConn struct {
	kernel *fakeKernel
	rest   answer
}

func (c *fakeConn) Send(request []byte) error {
	name, seq := nameOf(request), native.Uint32(request[8:])
	c.kernel.mu.Lock()
	c.kernel.asked = append(c.kernel.asked, name)
	c.kernel.mu.Unlock()
	if say, ok := c.kernel.answers[name]; ok {
		c.rest = say(seq)
	} else {
		c.rest = answer{datagrams: [][]byte{done(seq, syscall.ENOENT)}}
	}
	return nil
}

func (c *fakeConn) Receive(b []byte) (int, error) {
	if len(c.rest.datagrams) == 0 {
		if c.rest.err == nil {
			c.kernel.t.Error("read past the end of the answer, where a kernel would be silent")
			return 0, errors.New("silence")
		}
		return 0, c.rest.err
	}
	n := copy(b, c.rest.datagrams[0])
	c.rest.datagrams = c.rest.datagrams[1:]
	return n, nil
}

func (c *fakeConn) Close() error { return nil }

// nameOf names a request: "tcp" is the one for both families, "bound" the same
// for nothing but bound sockets.
func nameOf(request []byte) string {
	const tcpGetSock, boundOnly = 18, 1 << 13
	if native.Uint16(request[4:]) == tcpGetSock {
		if native.Uint32(request[16+52:]) == boundOnly {
			return "bound"
		}
		return "tcp"
	}
	family, protocol := request[16], request[17]
	if len(request) > 16+56 { // INET_DIAG_REQ_PROTOCOL
		protocol = 0
	}
	inet := map[uint8]string{0: "mptcp", 6: "tcp", 17: "udp", 132: "sctp", 136: "udplite"}[protocol]
	return map[uint8]string{
		2: inet + "4", 10: inet + "6", 1: "unix", 16: "netlink", 17: "packet", 30: "tipc", 40: "vsock", 44: "xdp",
	}[family]
}

func message(kind, flags uint16, seq uint32, payload []byte) []byte {
	b := native.AppendUint32(nil, uint32(16+len(payload)))
	b = native.AppendUint16(b, kind)
	b = native.AppendUint16(b, flags)
	b = native.AppendUint32(b, seq)
	return append(append(b, 0, 0, 0, 0), payload...)
}

func done(seq uint32, errno syscall.Errno) []byte {
	return message(3, 2, seq, native.AppendUint32(nil, uint32(-int32(errno))))
}

const interrupted = 0x10 // NLM_F_DUMP_INTR

// tcpRow is a message about 127.0.0.1:port, whose cookie is the port. Without
// an inode no file refers to it.
func tcpRow(seq uint32, flags uint16, state uint8, port uint16, inode uint32) []byte {
	b := make([]byte, 72) // struct inet_diag_msg
	b[0], b[1] = 2, state
	binary.BigEndian.PutUint16(b[4:], port)
	copy(b[8:], []byte{127, 0, 0, 1})
	if state == 1 {
		binary.BigEndian.PutUint16(b[6:], 9)
		copy(b[24:], []byte{127, 0, 0, 1})
	}
	native.PutUint32(b[44:], uint32(port))
	native.PutUint32(b[64:], 1000)
	native.PutUint32(b[68:], inode)
	return message(20, 2|flags, seq, b)
}

// listeners are rows of TCP listeners on these ports and the end of the dump.
func listeners(ports ...uint16) func(seq uint32) answer {
	return func(seq uint32) answer {
		var all answer
		for _, port := range ports {
			all.datagrams = append(all.datagrams, tcpRow(seq, 0, 10, port, uint32(port)))
		}
		all.datagrams = append(all.datagrams, done(seq, 0))
		return all
	}
}

// empty is a table without rows.
func empty(seq uint32) answer { return answer{datagrams: [][]byte{done(seq, 0)}} }

// recorded is an answer from testdata/netlink, see there for its form.
func recorded(t testing.TB, name string) func(seq uint32) answer {
	t.Helper()
	if native.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the answer is a little-endian machine's")
	}
	text, err := os.ReadFile(filepath.Join("..", "testdata", "netlink", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return func(seq uint32) answer {
		var all answer
		sequence := hex.EncodeToString(native.AppendUint32(nil, seq))
		for _, page := range strings.Split("\n"+string(text), "\n--\n")[1:] {
			var data []byte
			for line := range strings.Lines(page) {
				line, _, _ = strings.Cut(line, "#")
				line = strings.Join(strings.Fields(strings.ReplaceAll(line, "seq", sequence)), "")
				b, err := hex.DecodeString(line)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				data = append(data, b...)
			}
			all.datagrams = append(all.datagrams, data)
		}
		return all
	}
}

// refuse is a dial that fails.
func refuse(err error) func() (sockdiag.Conn, error) {
	return func() (sockdiag.Conn, error) { return nil, err }
}

// tree makes a proc file system of files given by path, in a network namespace
// of its own number.
func tree(t testing.TB, files map[string]string) procfs.FS {
	t.Helper()
	var a txtar.Archive
	for name, text := range files {
		a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(text)})
	}
	return plant(t, &a)
}

// recordedTree is the machine of testdata/proc in this byte order.
func recordedTree(t testing.TB) procfs.FS {
	t.Helper()
	name := "little-endian"
	if native.Uint16([]byte{1, 0}) != 1 {
		name = "big-endian"
	}
	a, err := txtar.ParseFile(filepath.Join("..", "testdata", "proc", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	return plant(t, a)
}

func plant(t testing.TB, a *txtar.Archive) procfs.FS {
	t.Helper()
	dir := t.TempDir()
	if err := txtar.Write(a, dir); err != nil {
		t.Fatal(err)
	}
	ns := filepath.Join(dir, "self", "ns")
	if err := os.MkdirAll(ns, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("net:[4026531840]", filepath.Join(ns, "net")); err != nil {
		t.Fatal(err)
	}
	return procfs.FS{Root: dir}
}

// protocols is the table of this name with the given protocols.
func protocols(names ...string) string {
	text := "protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re sp bi br ha uh gp em\n"
	for _, name := range names {
		text += name + "  1000      1      -1   NI       0   yes  kernel      n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n\n"
	}
	return text
}

const inetHeader = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

// inetRow is a row of net/tcp, net/udp or net/raw about 127.0.0.1:port.
func inetRow(port, state, inode string) string {
	addr := "0100007F"
	if native.Uint16([]byte{1, 0}) != 1 {
		addr = "7F000001"
	}
	return "   0: " + addr + ":" + port + " 00000000:0000 " + state +
		" 00000000:00000000 00:00000000 00000000  1000        0 " + inode + " 1 0000000000000000 100 0 0 10 0\n"
}

// collected is the outcome of one collection.
type collected struct {
	rows   []socket.Socket
	report socket.Report
	err    error
}

func collect(t testing.TB, o collector.Options, q collector.Query) collected {
	t.Helper()
	c, err := collector.New(o)
	if err != nil {
		t.Fatal(err)
	}
	var got collected
	got.report, got.err = c.Collect(context.Background(), q, func(s *socket.Socket) error {
		got.rows = append(got.rows, *s)
		return nil
	})
	return got
}

// query asks for protocols in all states, without owners.
func query(protos ...socket.Proto) collector.Query {
	set := socket.ProtoSetOf(protos...)
	return collector.Query{Protos: set, Named: set, IPv4: true, IPv6: true, States: socket.AllStates}
}

// want is what a collection ought to come to.
type want struct {
	rows    []string // as name makes them
	tables  []string
	notices []string // their codes
	err     error    // what errors.Is finds
}

func (got collected) check(t testing.TB, w want) {
	t.Helper()
	if !errors.Is(got.err, w.err) {
		t.Errorf("error %v, want %v", got.err, w.err)
	}
	var rows []string
	for i := range got.rows {
		rows = append(rows, name(&got.rows[i]))
	}
	var codes []string
	for _, n := range got.report.Notices {
		codes = append(codes, n.Code)
	}
	for what, pair := range map[string][2][]string{
		"rows": {w.rows, rows}, "tables": {w.tables, got.report.Source.Tables}, "notices": {w.notices, codes},
	} {
		if diff := cmp.Diff(pair[0], pair[1], cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	if t.Failed() {
		t.Logf("notices:\n%s", text(got.report))
	}
}

// name is a row in short, such as "tcp 127.0.0.1:80 LISTEN".
func name(s *socket.Socket) string {
	where := s.Local.Name
	switch {
	case s.Proto.Inet():
		where = netip.AddrPortFrom(s.Local.Addr, uint16(s.Local.Port)).String()
	case where == "":
		where = "-"
	}
	return s.Proto.String() + " " + where + " " + s.State.String()
}

// text is all messages of a report.
func text(r socket.Report) string {
	var all []string
	for _, n := range r.Notices {
		all = append(all, n.Message)
	}
	return strings.Join(all, "\n")
}
