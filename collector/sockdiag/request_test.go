package sockdiag

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

// headerOf is the struct nlmsghdr of a dump request, NLM_F_REQUEST|NLM_F_DUMP.
func headerOf(kind uint16, seq uint32, body []byte) []byte {
	return pack(uint32(16+len(body)), kind, uint16(0x301), seq, uint32(0))
}

// TestRequests compares whole requests with the structures of the uapi
// headers, spelled out field by field.
func TestRequests(t *testing.T) {
	t.Parallel()
	const (
		tcpGetSock = 18 // TCPDIAG_GETSOCK
		byFamily   = 20 // SOCK_DIAG_BY_FAMILY
	)
	sockid := pack( // struct inet_diag_sockid
		be(0), be(0), // idiag_sport, idiag_dport
		make([]byte, 16), make([]byte, 16), // idiag_src, idiag_dst
		uint32(0), uint32(0), uint32(0), // idiag_if, idiag_cookie
	)
	inetV2 := func(family, protocol uint8, states uint32) []byte { // struct inet_diag_req_v2
		return pack(family, protocol, uint8(0), uint8(0), states, sockid)
	}
	// struct netlink_diag_req, packet_diag_req and xdp_diag_req
	show := func(family, protocol uint8, show uint32) []byte {
		return pack(family, protocol, uint16(0), uint32(0), show, uint32(0), uint32(0))
	}
	tests := []struct {
		name string
		got  request
		kind uint16
		body []byte
		size int
	}{
		{
			name: "inet_diag_req", got: tcpRequest(inetQuery{states: 0xabcd}), kind: tcpGetSock, size: 60,
			body: pack(uint8(0), uint8(0), uint8(0), uint8(0), sockid, uint32(0xabcd), uint32(0)),
		},
		{name: "inet_diag_req_v2", got: inetRequest(2, 17, inetQuery{states: 0xabcd}), kind: byFamily, size: 56, body: inetV2(2, 17, 0xabcd)},
		{name: "inet_diag_req_v2 over IPv6", got: inetRequest(10, 136, inetQuery{states: 1 << 10}), kind: byFamily, size: 56, body: inetV2(10, 136, 1<<10)},
		{
			name: "INET_DIAG_REQ_PROTOCOL", got: inetRequest(2, 262, inetQuery{states: 0xabcd}), kind: byFamily, size: 64,
			body: pack(inetV2(2, 0, 0xabcd), uint16(8), uint16(3), uint32(262)),
		},
		{
			name: "unix_diag_req", got: unixRequest(0xabcd, 0x55), kind: byFamily, size: 24,
			body: pack(uint8(1), uint8(0), uint16(0), uint32(0xabcd), uint32(0), uint32(0x55), ^uint32(0), ^uint32(0)),
		},
		{name: "netlink_diag_req", got: showRequest(16, 255, 1), kind: byFamily, size: 20, body: show(16, 255, 1)},
		{name: "packet_diag_req", got: showRequest(17, 0, 0x11), kind: byFamily, size: 20, body: show(17, 0, 0x11)},
		{name: "xdp_diag_req", got: showRequest(44, 0, 9), kind: byFamily, size: 20, body: show(44, 0, 9)},
		{
			name: "vsock_diag_req", got: vsockRequest(0xabcd), kind: byFamily, size: 24,
			body: pack(uint8(40), uint8(0), uint16(0), uint32(0xabcd), uint32(0), uint32(0), uint32(0), uint32(0)),
		},
		{name: "tipc_sock_diag_req", got: tipcRequest(0xabcd), kind: byFamily, size: 8, body: pack(uint8(30), uint8(0), uint16(0), uint32(0xabcd))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if len(tt.body) != tt.size {
				t.Fatalf("the structure has %d bytes, want %d", len(tt.body), tt.size)
			}
			const seq = 0x01020304
			want := append(headerOf(tt.kind, seq, tt.body), tt.body...)
			if got := tt.got.encode(seq); !bytes.Equal(want, got) {
				t.Errorf("request (-want +got):\n%s", cmp.Diff(want, got))
			}
		})
	}
}

// TestDumpRequests: what is asked of the kernel for each protocol, and nothing
// that nobody wants.
func TestDumpRequests(t *testing.T) {
	t.Parallel()
	const tcpAll = 1<<1 | 1<<2 | 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<8 | 1<<9 | 1<<10 | 1<<11 | 1<<12 | 1<<13
	const all = tcpAll | 1<<7 // and TCP_CLOSE, which no TCP socket is listed by
	tests := []struct {
		name string
		r    Request
		want []request
	}{
		{"all of TCP in one walk", Request{Proto: socket.TCP, IPv4: true, IPv6: true, States: socket.AllStates}, []request{tcpRequest(inetQuery{states: tcpAll})}},
		{"TCP over IPv6", Request{Proto: socket.TCP, IPv6: true, States: socket.AllStates}, []request{inetRequest(10, 6, inetQuery{states: tcpAll})}},
		{"TCP listeners", Request{Proto: socket.TCP, IPv4: true, IPv6: true, States: socket.ListeningStates}, []request{tcpRequest(inetQuery{states: 1 << 10})}},
		{"closed TCP sockets are in no table", Request{Proto: socket.TCP, IPv4: true, IPv6: true, States: socket.StateSetOf(socket.Close)}, nil},
		{"half-open TCP", Request{Proto: socket.TCP, IPv4: true, States: socket.StateSetOf(socket.SynRecv)}, []request{inetRequest(2, 6, inetQuery{states: 1<<3 | 1<<12})}},
		{"connected TCP", Request{Proto: socket.TCP, IPv4: true, States: socket.ConnectedStates}, []request{inetRequest(2, 6, inetQuery{states: 0b1011_0011_0110})}},
		{"no family", Request{Proto: socket.UDP, States: socket.AllStates}, nil},
		{"open UDP", Request{Proto: socket.UDP, IPv4: true, IPv6: true, States: socket.ListeningStates}, []request{
			inetRequest(2, 17, inetQuery{states: 1<<10 | 1<<7}), inetRequest(10, 17, inetQuery{states: 1<<10 | 1<<7}),
		}},
		{"udplite", Request{Proto: socket.UDPLite, IPv4: true, States: socket.AllStates}, []request{inetRequest(2, 136, inetQuery{states: all})}},
		{"mptcp", Request{Proto: socket.MPTCP, IPv4: true, IPv6: true, States: socket.AllStates}, []request{
			inetRequest(2, 262, inetQuery{states: all}), inetRequest(10, 262, inetQuery{states: all}),
		}},
		{"sctp", Request{Proto: socket.SCTP, IPv4: true, States: socket.AllStates}, []request{inetRequest(2, 132, inetQuery{states: 1<<10 | 1<<1})}},
		{"sctp listeners", Request{Proto: socket.SCTP, IPv4: true, States: socket.ListeningStates &^ (1 << socket.Unconn)}, []request{inetRequest(2, 132, inetQuery{states: 1 << 10})}},
		{"sctp states that TCP has not", Request{Proto: socket.SCTP, IPv4: true, States: socket.StateSetOf(socket.CookieWait)}, []request{inetRequest(2, 132, inetQuery{states: 1 << 1})}},
		{"sctp endpoints without an association", Request{Proto: socket.SCTP, IPv4: true, States: socket.StateSetOf(socket.Close)}, []request{inetRequest(2, 132, inetQuery{states: 1 << 10})}},
		{"unix", Request{Proto: socket.Unix, States: socket.AllStates}, []request{unixRequest(all, 0x55)}},
		{"unix with peers", Request{Proto: socket.Unix, States: socket.ConnectedStates, Details: socket.DetailPeer}, []request{
			unixRequest(^uint32(0), 1), unixRequest(0b1011_0011_0110, 0x55),
		}},
		{"unix listeners have no peers", Request{Proto: socket.Unix, States: 1 << socket.Listen, Details: socket.DetailPeer}, []request{unixRequest(1<<10, 0x55)}},
		{"netlink", Request{Proto: socket.Netlink, States: socket.AllStates}, []request{showRequest(16, 255, 0)}},
		{"netlink with queues", Request{Proto: socket.Netlink, States: socket.AllStates, Details: socket.DetailQueues}, []request{showRequest(16, 255, 1)}},
		{"packet", Request{Proto: socket.Packet, States: socket.AllStates}, []request{showRequest(17, 0, 1)}},
		{"packet with queues", Request{Proto: socket.Packet, States: socket.AllStates, Details: socket.DetailQueues}, []request{showRequest(17, 0, 0x11)}},
		{"xdp", Request{Proto: socket.XDP, States: socket.AllStates}, []request{showRequest(44, 0, 1)}},
		{"xdp with queues", Request{Proto: socket.XDP, States: socket.AllStates, Details: socket.DetailQueues}, []request{showRequest(44, 0, 9)}},
		{"vsock", Request{Proto: socket.Vsock, States: socket.AllStates}, []request{vsockRequest(all)}},
		{"tipc", Request{Proto: socket.TIPC, States: socket.ListeningStates}, []request{tipcRequest(1<<10 | 1<<7)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := &kernel{t: t}
			var want [][]byte
			for i, r := range tt.want {
				k.answers = append(k.answers, func(seq uint32) []reply { return []reply{datagram(done(seq, 0))} })
				want = append(want, r.encode(uint32(i+1)))
			}
			if _, err := k.dump(tt.r); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, k.sent); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}
