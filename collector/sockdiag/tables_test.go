package sockdiag

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

// refuse ends a dump with an error at once.
func refuse(errno syscall.Errno) answer {
	return func(seq uint32) []reply { return []reply{datagram(done(seq, int32(errno)))} }
}

// tell is a dump in one datagram.
func tell(payloads ...[]byte) answer {
	return func(seq uint32) []reply {
		var messages [][]byte
		for _, p := range payloads {
			messages = append(messages, row(seq, p))
		}
		return []reply{datagram(append(messages, done(seq, 0))...)}
	}
}

var tcpAll = Request{Proto: socket.TCP, IPv4: true, IPv6: true, States: socket.AllStates}

func tcpMsg(family, state uint8, cookie uint64) []byte {
	m := inetMsg{family: family, state: state, sport: 1, cookie: cookie, inode: uint32(cookie)}
	if state == 1 {
		m.dport = 2
	}
	return m.bytes()
}

// TestTCPInTwo: a kernel that refuses the request for both families is asked
// for each.
func TestTCPInTwo(t *testing.T) {
	t.Parallel()
	for _, errno := range []syscall.Errno{syscall.EOPNOTSUPP, syscall.EINVAL, syscall.ENOENT} {
		k := &kernel{t: t, answers: []answer{refuse(errno), tell(tcpMsg(afInet, 10, 1)), tell(tcpMsg(afInet6, 10, 2))}}
		rows, err := k.dump(tcpAll)
		check(t, outcome{rows: []uint64{1, 2}}, rows, err)
		if native.Uint16(k.sent[0][4:]) != typeTCPDiag || k.sent[1][16] != afInet || k.sent[2][16] != afInet6 {
			t.Errorf("requests %x", k.sent)
		}
	}
}

// TestTCPAllMalformed: a first answer of nothing but nonsense does not spoil
// the second.
func TestTCPAllMalformed(t *testing.T) {
	t.Parallel()
	k := &kernel{t: t, answers: []answer{tell([]byte{1}), tell(tcpMsg(afInet, 10, 1)), tell(tcpMsg(afInet6, 10, 2))}}
	rows, err := k.dump(tcpAll)
	check(t, outcome{rows: []uint64{1, 2}}, rows, err)
}

// TestTCPFailsLate: after rows there is no second try, which would repeat them.
func TestTCPFailsLate(t *testing.T) {
	t.Parallel()
	k := &kernel{t: t, answers: []answer{func(seq uint32) []reply {
		return []reply{datagram(row(seq, tcpMsg(afInet, 10, 1))), datagram(done(seq, int32(syscall.ENOMEM)))}
	}}}
	rows, err := k.dump(tcpAll)
	check(t, outcome{rows: []uint64{1}, err: syscall.ENOMEM}, rows, err)

	k = &kernel{t: t, answers: []answer{func(uint32) []reply { return []reply{{err: syscall.ENOBUFS}} }}}
	rows, err = k.dump(tcpAll)
	check(t, outcome{err: syscall.ENOBUFS}, rows, err)
}

func TestFamilyRefused(t *testing.T) {
	t.Parallel()
	r := Request{Proto: socket.UDP, IPv4: true, IPv6: true, States: socket.AllStates}
	k := &kernel{t: t, answers: []answer{refuse(syscall.ENOENT)}}
	rows, err := k.dump(r)
	check(t, outcome{err: syscall.ENOENT}, rows, err)

	k = &kernel{t: t, answers: []answer{tell(udpMsg(1)), refuse(syscall.ENOENT)}}
	rows, err = k.dump(r)
	check(t, outcome{rows: []uint64{1}, err: syscall.ENOENT}, rows, err)
}

// TestMPTCPOnOldKernel: a kernel that does not know INET_DIAG_REQ_PROTOCOL
// sees protocol 0, for which it has no table. It must not take 262 for 6.
func TestMPTCPOnOldKernel(t *testing.T) {
	t.Parallel()
	var k *kernel
	k = &kernel{t: t, answers: []answer{func(seq uint32) []reply {
		if protocol := k.sent[0][17]; protocol != 0 {
			t.Errorf("an old kernel would answer for protocol %d", protocol)
		}
		return refuse(syscall.ENOENT)(seq)
	}}}
	rows, err := k.dump(Request{Proto: socket.MPTCP, IPv4: true, IPv6: true, States: socket.AllStates})
	check(t, outcome{err: syscall.ENOENT}, rows, err)
}

// TestRepeatedFar: a bound socket that is met again, connected, after more
// rows than are remembered closely.
func TestRepeatedFar(t *testing.T) {
	t.Parallel()
	const between = 20000
	say := func(seq uint32) []reply {
		bound, connected := tcpMsg(afInet, 7, 5), tcpMsg(afInet, 1, 5)
		all := []reply{datagram(row(seq, tcpMsg(afInet, 10, 4)), row(seq, bound))}
		var messages [][]byte
		for i := range uint64(between) {
			messages = append(messages, row(seq, tcpMsg(afInet, 1, 100+i)))
			if len(messages) == 250 {
				all, messages = append(all, datagram(messages...)), nil
			}
		}
		return append(all, datagram(row(seq, connected), row(seq, tcpMsg(afInet, 1, 6)), done(seq, 0)))
	}
	k := &kernel{t: t, answers: script(say)}
	rows, err := k.dump(tcpAll)
	if err != nil {
		t.Fatal(err)
	}
	if want := between + 3; len(rows) != want {
		t.Fatalf("%d rows, want %d", len(rows), want)
	}
	if last := rows[len(rows)-1]; last.Cookie != 6 || rows[1].State != socket.Bound {
		t.Errorf("the last row is %+v", last)
	}
}

// TestRepeatedNetlink: multicast subscribers come again at the end of their
// protocol, however long that takes.
func TestRepeatedNetlink(t *testing.T) {
	t.Parallel()
	const between = 10000
	say := func(seq uint32) []reply {
		subscriber := row(seq, netlinkMsg{typ: 3, port: 77, inode: 5, cookie: 5}.bytes())
		all := []reply{datagram(subscriber)}
		for i := range uint64(between) {
			all = append(all, datagram(row(seq, netlinkMsg{typ: 3, port: uint32(i), inode: 6, cookie: 100 + i}.bytes())))
		}
		return append(all, datagram(subscriber, done(seq, 0)))
	}
	k := &kernel{t: t, answers: script(say)}
	rows, err := k.dump(Request{Proto: socket.Netlink, States: socket.AllStates})
	if err != nil || len(rows) != between+1 {
		t.Errorf("%d rows, error %v; want %d", len(rows), err, between+1)
	}
}

// TestForgetful: the dumps of one client know nothing of each other.
func TestForgetful(t *testing.T) {
	t.Parallel()
	netlink := tell(netlinkMsg{typ: 3, port: 1, cookie: 5}.bytes())
	k := &kernel{t: t, answers: []answer{netlink, netlink}}
	c := k.client()
	for range 2 {
		rows, err := gather(c, Request{Proto: socket.Netlink, States: socket.AllStates})
		check(t, outcome{rows: []uint64{5}}, rows, err)
	}
}

var unixPeers = Request{Proto: socket.Unix, States: socket.AllStates, Details: socket.DetailPeer}

func TestUnixPeers(t *testing.T) {
	t.Parallel()
	listener := unixMsg{typ: 1, state: 10, inode: 10, cookie: 1, attrs: unixNameAttr("/run/a\x00")}.bytes()
	accepted := unixMsg{typ: 1, state: 1, inode: 11, cookie: 2, attrs: pack(unixNameAttr("/run/a\x00"), unixPeer(12))}.bytes()
	connected := unixMsg{typ: 1, state: 1, inode: 12, cookie: 3, attrs: unixPeer(11)}.bytes()
	unaccepted := unixMsg{typ: 1, state: 1, inode: 13, cookie: 4, attrs: unixPeer(0)}.bytes()
	k := &kernel{t: t, scratch: true, answers: []answer{
		tell(listener, accepted, connected, unaccepted),
		tell(listener, accepted, connected, unaccepted),
	}}
	rows, err := k.dump(unixPeers)
	check(t, outcome{rows: []uint64{1, 2, 3, 4}}, rows, err)
	var ends []socket.Endpoint
	for i := range rows {
		ends = append(ends, rows[i].Local, rows[i].Remote)
	}
	want := []socket.Endpoint{
		{Name: "/run/a"},
		{},
		{Name: "/run/a"},
		{Node: 12},
		{},
		{Node: 11, Name: "/run/a"},
		{},
		{},
	}
	if diff := diffRows(want, ends); diff != "" {
		t.Errorf("ends (-want +got):\n%s", diff)
	}
}

// TestUnixNamesFail: the walk for the names yields nothing, so its failure is
// one before the first row, and its flaws are no reason to withhold the rows.
func TestUnixNamesFail(t *testing.T) {
	t.Parallel()
	named := unixMsg{typ: 1, state: 1, inode: 11, cookie: 2, attrs: unixNameAttr("/run/a\x00")}.bytes()
	connected := unixMsg{typ: 1, state: 1, inode: 12, cookie: 3, attrs: unixPeer(11)}.bytes()

	k := &kernel{t: t, answers: []answer{func(seq uint32) []reply {
		return []reply{datagram(row(seq, named)), datagram(done(seq, int32(syscall.ENOMEM)))}
	}}}
	rows, err := k.dump(unixPeers)
	check(t, outcome{err: syscall.ENOMEM}, rows, err)

	k = &kernel{t: t, answers: []answer{tell(named, []byte{1}), tell(named, connected)}}
	rows, err = k.dump(unixPeers)
	check(t, outcome{rows: []uint64{2, 3}}, rows, err)
	if len(rows) == 2 && rows[1].Remote.Name != "/run/a" {
		t.Errorf("the peer is %+v", rows[1].Remote)
	}

	k = &kernel{t: t, answers: []answer{tell(named), tell(named, []byte{1}, connected)}}
	rows, err = k.dump(unixPeers)
	check(t, outcome{rows: []uint64{2, 3}, err: ErrMalformed, text: ": 1"}, rows, err)
}

func TestUnixYieldError(t *testing.T) {
	t.Parallel()
	named := unixMsg{typ: 1, state: 1, inode: 11, cookie: 2, attrs: unixNameAttr("/run/a\x00")}.bytes()
	k := &kernel{t: t, answers: []answer{tell(named), tell(named)}}
	enough := errors.New("enough")
	err := k.client().Dump(context.Background(), unixPeers, func(*socket.Socket) error { return enough })
	if err != enough { //nolint:errorlint // the very error is promised
		t.Errorf("error %v", err)
	}
}

// TestRecorded reads the answers of kernels with more than this one may have.
func TestRecorded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		request Request
		files   []string
		want    []socket.Socket
	}{
		{
			name: "sctp", files: []string{"sctp-ipv4", "sctp-ipv6"},
			request: Request{Proto: socket.SCTP, IPv4: true, IPv6: true, States: socket.AllStates},
			want: []socket.Socket{
				{State: socket.Listen, Local: inetEnd("0.0.0.0", 5000), SendQ: 128, Inode: 71001, Cookie: 0x1001, HasUID: true},
				{
					State: socket.Established, Local: inetEnd("192.0.2.10", 5000), Remote: inetEnd("198.51.100.7", 41000),
					RecvQ: 5, SendQ: 7, Inode: 71001, Cookie: 0x1001, HasUID: true,
				},
				{
					State: socket.ShutdownSent, Local: inetEnd("192.0.2.10", 5000), Remote: inetEnd("198.51.100.8", 41001),
					Inode: 71001, Cookie: 0x1001, HasUID: true,
				},
			},
		},
		{
			name: "vsock", files: []string{"vsock"}, request: Request{Proto: socket.Vsock, States: socket.AllStates},
			want: []socket.Socket{
				{Type: socket.Stream, State: socket.Listen, Local: socket.Endpoint{Node: 0xffffffff, Port: 1024}, Inode: 72001, Cookie: 0x2001},
				{
					Type: socket.Stream, State: socket.Established, Local: socket.Endpoint{Node: 3, Port: 1025},
					Remote: socket.Endpoint{Node: 2, Port: 1024}, Inode: 72002, Cookie: 0x2002,
				},
				{Type: socket.Dgram, State: socket.Unconn, Local: socket.Endpoint{Node: 3, Port: 2048}, Inode: 72003, Cookie: 0x2003},
			},
		},
		{
			// Its empty messages are no rows, and no fault either.
			name: "tipc", files: []string{"tipc"}, request: Request{Proto: socket.TIPC, States: socket.AllStates},
			want: []socket.Socket{
				{
					Type: socket.Stream, State: socket.Listen, Local: socket.Endpoint{Node: 0x1001001, Port: 3001},
					Inode: 73001, Cookie: 0x3001, UID: 1000, HasUID: true,
				},
				{
					Type: socket.Seqpacket, State: socket.Established, Local: socket.Endpoint{Node: 0x1001001, Port: 3002},
					Remote: socket.Endpoint{Node: 0x1001002, Port: 3003}, RecvQ: 4, SendQ: 6, Inode: 73002, Cookie: 0x3002, HasUID: true,
				},
				{Type: socket.Dgram, State: socket.Unconn, Local: socket.Endpoint{Node: 0x1001001, Port: 3004}, Inode: 73004, Cookie: 0x3004, HasUID: true},
			},
		},
		{
			name: "xdp", files: []string{"xdp"}, request: Request{Proto: socket.XDP, States: socket.AllStates},
			want: []socket.Socket{
				{
					Type: socket.RawType, State: socket.Unconn, Local: socket.Endpoint{Node: 1, Port: 3, Name: "eth1"}, Device: "eth1",
					RecvQ: 11, SendQ: 22, Inode: 74001, Cookie: 0x4001, UID: 1000, HasUID: true,
				},
				{Type: socket.RawType, State: socket.Unconn, Inode: 74002, Cookie: 0x4002, HasUID: true},
			},
		},
	}
	families := map[socket.Proto]socket.Family{
		socket.SCTP: socket.IPv4, socket.Vsock: socket.FamilyVsock, socket.TIPC: socket.FamilyTIPC, socket.XDP: socket.FamilyXDP,
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := &kernel{t: t}
			for _, name := range tt.files {
				k.answers = append(k.answers, recorded(t, name))
			}
			for i := range tt.want {
				s := &tt.want[i]
				s.Proto, s.Family = tt.request.Proto, families[tt.request.Proto]
				if s.Proto == socket.SCTP {
					s.Type = socket.Seqpacket
				}
			}
			rows, err := k.dump(tt.request)
			if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(len(tt.want), len(rows)); diff != "" {
				t.Errorf("number of rows (-want +got):\n%s", diff)
			}
			if diff := diffRows(tt.want, rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}
