package sockdiag

import (
	"strings"
	"testing"

	"github.com/sockls/sockls/collector/socket"
)

// Attributes, by their numbers in the uapi headers.
func unixNameAttr(name string) []byte     { return attr(0, name) }
func unixPeer(inode uint32) []byte        { return attr(2, inode) }
func unixQueues(recv, send uint32) []byte { return attr(4, recv, send) }
func unixUID(uid uint32) []byte           { return attr(7, uid) }
func memory(kind uint16, r, w uint32) []byte {
	return attr(kind, r, uint32(1), w, uint32(2), uint32(3), uint32(4), uint32(5), uint32(6), uint32(7))
}

func TestDecodeUnix(t *testing.T) {
	t.Parallel()
	full := "/" + strings.Repeat("p", 107) // sun_path to its last byte
	tests := []struct {
		name string
		msg  unixMsg
		want socket.Socket
	}{
		{
			name: "listener on a path",
			msg: unixMsg{
				typ: 1, state: 10, inode: 0xfffffff0, cookie: 1 << 33,
				attrs: pack(unixNameAttr("/run/a.sock\x00"), unixQueues(1, 4096), attr(6, uint8(0)), unixUID(0)),
			},
			want: socket.Socket{
				Type: socket.Stream, State: socket.Listen, Inode: 0xfffffff0, Cookie: 1 << 33,
				Local: socket.Endpoint{Name: "/run/a.sock"}, RecvQ: 1, SendQ: 4096, HasUID: true,
			},
		},
		{
			name: "path that fills the address",
			msg:  unixMsg{typ: 1, state: 10, inode: 1, attrs: unixNameAttr(full + "\x00")},
			want: socket.Socket{Type: socket.Stream, State: socket.Listen, Inode: 1, Local: socket.Endpoint{Name: full}},
		},
		{
			name: "path without the closing NUL",
			msg:  unixMsg{typ: 1, state: 10, inode: 1, attrs: unixNameAttr("a")},
			want: socket.Socket{Type: socket.Stream, State: socket.Listen, Inode: 1, Local: socket.Endpoint{Name: "a"}},
		},
		{
			name: "path with newline, escape and broken UTF-8",
			msg:  unixMsg{typ: 1, state: 10, inode: 1, attrs: unixNameAttr("/tmp/x\n\x1b[2J\xff\x00")},
			want: socket.Socket{Type: socket.Stream, State: socket.Listen, Inode: 1, Local: socket.Endpoint{Name: "/tmp/x\n\x1b[2J\xff"}},
		},
		{
			name: "abstract name",
			msg:  unixMsg{typ: 2, state: 7, inode: 1, attrs: unixNameAttr("\x00bus")},
			want: socket.Socket{Type: socket.Dgram, State: socket.Unconn, Inode: 1, Local: socket.Endpoint{Name: "\x00bus"}},
		},
		{
			name: "abstract name with NULs inside and at the end",
			msg:  unixMsg{typ: 2, state: 7, inode: 1, attrs: unixNameAttr("\x00a\x00b\x00\x00")},
			want: socket.Socket{Type: socket.Dgram, State: socket.Unconn, Inode: 1, Local: socket.Endpoint{Name: "\x00a\x00b\x00\x00"}},
		},
		{
			name: "abstract name of nothing but its NUL",
			msg:  unixMsg{typ: 2, state: 7, inode: 1, attrs: unixNameAttr("\x00")},
			want: socket.Socket{Type: socket.Dgram, State: socket.Unconn, Inode: 1, Local: socket.Endpoint{Name: "\x00"}},
		},
		{
			name: "unnamed, connected to a peer",
			msg:  unixMsg{typ: 5, state: 1, inode: 2, attrs: pack(unixPeer(3), unixQueues(10, 20), unixUID(1000))},
			want: socket.Socket{
				Type: socket.Seqpacket, State: socket.Established, Inode: 2,
				Remote: socket.Endpoint{Node: 3}, RecvQ: 10, SendQ: 20, UID: 1000, HasUID: true,
			},
		},
		{
			name: "a stream socket without a connection is open to nobody",
			msg:  unixMsg{typ: 1, state: 7, inode: 2},
			want: socket.Socket{Type: socket.Stream, State: socket.Close, Inode: 2},
		},
		{
			name: "attributes too short for their values",
			msg:  unixMsg{typ: 1, state: 7, inode: 2, attrs: pack(attr(4, uint32(9)), attr(7, uint16(9)), attr(2, uint8(9)), attr(0))},
			want: socket.Socket{Type: socket.Stream, State: socket.Close, Inode: 2},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.want.Proto, tt.want.Family = socket.Unix, socket.FamilyUnix
			compare(t, tt.want, tt.msg.bytes(), testDecoder().decodeUnix)
		})
	}
}

// compare decodes one message into a used row.
func compare(t *testing.T, want socket.Socket, message []byte, decode func([]byte, *socket.Socket) bool) {
	t.Helper()
	got := dirty()
	if !decode(message, &got) {
		t.Fatal("the message made no row")
	}
	if diff := diffRows(want, got); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

func TestDecodeNetlink(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		msg  netlinkMsg
		want socket.Socket
	}{
		{
			name: "the kernel's end",
			msg:  netlinkMsg{typ: 2, protocol: 15, inode: 5, cookie: 6},
			want: socket.Socket{Type: socket.Dgram, State: socket.Unconn, Local: socket.Endpoint{Node: 15}, Inode: 5, Cookie: 6},
		},
		{
			name: "a subscriber with a port id of its own",
			msg:  netlinkMsg{typ: 3, protocol: 0, port: 0xfffffff0, inode: 5, cookie: 6, attrs: memory(0, 11, 22)},
			want: socket.Socket{
				Type: socket.RawType, State: socket.Unconn, Local: socket.Endpoint{Port: 0xfffffff0},
				Inode: 5, Cookie: 6, RecvQ: 11, SendQ: 22,
			},
		},
		{
			name: "connected",
			msg:  netlinkMsg{typ: 3, protocol: 2, state: 1, port: 4000, toPort: 4001, group: 3, inode: 5, cookie: 6},
			want: socket.Socket{
				Type: socket.RawType, State: socket.Established, Local: socket.Endpoint{Port: 4000, Node: 2},
				Remote: socket.Endpoint{Port: 4001, Node: 3}, Inode: 5, Cookie: 6,
			},
		},
		{
			name: "a memory attribute that ends early",
			msg:  netlinkMsg{typ: 3, port: 1, inode: 5, attrs: attr(0, uint32(11), uint32(0))},
			want: socket.Socket{Type: socket.RawType, State: socket.Unconn, Local: socket.Endpoint{Port: 1}, Inode: 5, RecvQ: 11},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.want.Proto, tt.want.Family = socket.Netlink, socket.FamilyNetlink
			compare(t, tt.want, tt.msg.bytes(), testDecoder().decodeNetlink)
		})
	}
}

func TestDecodePacket(t *testing.T) {
	t.Parallel()
	msg := plainMsg{
		family: afPacket, typ: 3, number: 0x0800, inode: 5, cookie: 6,
		attrs: pack(attr(0, uint32(2), make([]byte, 20)), attr(5, uint32(1000)), memory(6, 11, 22)),
	}
	want := socket.Socket{
		Proto: socket.Packet, Family: socket.FamilyPacket, Type: socket.RawType, State: socket.Unconn,
		Local: socket.Endpoint{Port: 0x0800, Node: 2, Name: "eth2"}, Device: "eth2",
		Inode: 5, Cookie: 6, UID: 1000, HasUID: true, RecvQ: 11, SendQ: 22,
	}
	compare(t, want, msg.bytes(), testDecoder().decodePacket)

	everywhere := plainMsg{family: afPacket, typ: 2, number: 3, inode: 5, attrs: pack(attr(0, uint32(0), make([]byte, 20)), attr(5, uint32(0)))}
	want = socket.Socket{
		Proto: socket.Packet, Family: socket.FamilyPacket, Type: socket.Dgram, State: socket.Unconn,
		Local: socket.Endpoint{Port: 3}, Inode: 5, HasUID: true,
	}
	compare(t, want, everywhere.bytes(), testDecoder().decodePacket)
}

func TestDecodeXDP(t *testing.T) {
	t.Parallel()
	msg := plainMsg{
		family: afXDP, typ: 3, inode: 5, cookie: 6,
		attrs: pack(attr(1, uint32(2), uint32(7)), attr(2, uint32(1000)), memory(8, 11, 22)),
	}
	want := socket.Socket{
		Proto: socket.XDP, Family: socket.FamilyXDP, Type: socket.RawType, State: socket.Unconn,
		Local: socket.Endpoint{Port: 7, Node: 2, Name: "eth2"}, Device: "eth2",
		Inode: 5, Cookie: 6, UID: 1000, HasUID: true, RecvQ: 11, SendQ: 22,
	}
	compare(t, want, msg.bytes(), testDecoder().decodeXDP)

	unbound := plainMsg{family: afXDP, typ: 3, inode: 5, attrs: pack(attr(1, uint32(0)), attr(2, uint32(0)))}
	want = socket.Socket{
		Proto: socket.XDP, Family: socket.FamilyXDP, Type: socket.RawType, State: socket.Unconn, Inode: 5, HasUID: true,
	}
	compare(t, want, unbound.bytes(), testDecoder().decodeXDP)
}

func TestDecodeVsock(t *testing.T) {
	t.Parallel()
	const anyone = 0xffffffff
	tests := []struct {
		name string
		msg  vsockMsg
		want socket.Socket
	}{
		{
			name: "listener",
			msg:  vsockMsg{typ: 1, state: 10, cid: anyone, port: 1024, peerCID: anyone, toPort: anyone, inode: 5, cookie: 6},
			want: socket.Socket{
				Type: socket.Stream, State: socket.Listen, Local: socket.Endpoint{Node: anyone, Port: 1024}, Inode: 5, Cookie: 6,
			},
		},
		{
			name: "connection",
			msg:  vsockMsg{typ: 5, state: 1, cid: 3, port: 1025, peerCID: 2, toPort: 1024, inode: 5, cookie: 6},
			want: socket.Socket{
				Type: socket.Seqpacket, State: socket.Established, Local: socket.Endpoint{Node: 3, Port: 1025},
				Remote: socket.Endpoint{Node: 2, Port: 1024}, Inode: 5, Cookie: 6,
			},
		},
		{
			name: "datagrams from anyone",
			msg:  vsockMsg{typ: 2, state: 7, cid: 3, port: 1026, peerCID: anyone, toPort: anyone, inode: 5},
			want: socket.Socket{Type: socket.Dgram, State: socket.Unconn, Local: socket.Endpoint{Node: 3, Port: 1026}, Inode: 5},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.want.Proto, tt.want.Family = socket.Vsock, socket.FamilyVsock
			compare(t, tt.want, tt.msg.bytes(), testDecoder().decodeVsock)
		})
	}
}

// tipcMsg is an answer of tipc_diag: one nest and nothing before it.
func tipcMsg(inner ...any) []byte { return attr(2, inner...) }

func TestDecodeTIPC(t *testing.T) {
	t.Parallel()
	compare(t, socket.Socket{
		Proto: socket.TIPC, Family: socket.FamilyTIPC, Type: socket.Seqpacket, State: socket.Established,
		Local: socket.Endpoint{Node: 0x1001001, Port: 5}, Remote: socket.Endpoint{Node: 0x1001002, Port: 6},
		Inode: 7, UID: 8, HasUID: true, Cookie: 9 << 32, RecvQ: 1, SendQ: 2,
	}, tipcMsg(
		attr(1, uint32(0x1001001)), attr(2, uint32(5)), attr(3, attr(1), attr(2, uint32(0x1001002)), attr(3, uint32(6)), attr(4, uint32(1))),
		attr(6, uint32(5)), attr(7, uint32(7)), attr(8, uint32(8)), attr(9, uint32(1)), attr(10, uint64(9<<32)), attr(11),
		attr(5, attr(0, uint32(1)), attr(1, uint32(2)), attr(4, uint32(3))),
	), testDecoder().decodeTIPC)

	compare(t, socket.Socket{Proto: socket.TIPC, Family: socket.FamilyTIPC, Type: socket.RDM, State: socket.Unconn, Inode: 7},
		tipcMsg(attr(6, uint32(4)), attr(7, uint32(7)), attr(9, uint32(7)), attr(10, uint32(9))), testDecoder().decodeTIPC)

	// The bit that marks a nest (NLA_F_NESTED) is no part of its number.
	compare(t, socket.Socket{Proto: socket.TIPC, Family: socket.FamilyTIPC, Type: socket.Stream, State: socket.Close},
		attr(0x8000|2, attr(6, uint32(1)), attr(9, uint32(7))), testDecoder().decodeTIPC)

	var s socket.Socket
	if testDecoder().decodeTIPC(attr(1, uint32(1)), &s) {
		t.Errorf("an answer about a bearer made the row %+v", s)
	}
}

// TestDecodeForeignFamily: an answer that speaks of another family is no row.
func TestDecodeForeignFamily(t *testing.T) {
	t.Parallel()
	for name, decode := range decoders(testDecoder()) {
		if name == "tipc" { // tells no family
			continue
		}
		b := make([]byte, 100)
		b[0] = 200
		var s socket.Socket
		if decode(b, &s) {
			t.Errorf("%s made the row %+v", name, s)
		}
	}
}
