package sockdiag

import (
	"math"
	"testing"

	"github.com/sockls/sockls/collector/socket"
)

// decoders are all ways to read a message.
func decoders(d *decoder) map[string]func([]byte, *socket.Socket) bool {
	inet := func(p socket.Proto) func([]byte, *socket.Socket) bool {
		return func(b []byte, s *socket.Socket) bool { return d.decodeInet(b, p, s) }
	}
	return map[string]func([]byte, *socket.Socket) bool{
		"tcp": inet(socket.TCP), "udp": inet(socket.UDP), "mptcp": inet(socket.MPTCP), "sctp": inet(socket.SCTP),
		"unix": d.decodeUnix, "netlink": d.decodeNetlink, "packet": d.decodePacket,
		"xdp": d.decodeXDP, "vsock": d.decodeVsock, "tipc": d.decodeTIPC,
	}
}

// samples has a message with all attributes for each decoder, and the length
// of its fixed part, below which there is no row.
func samples() map[string]struct {
	message []byte
	fixed   int
} {
	type sample = struct {
		message []byte
		fixed   int
	}
	inet := inetMsg{
		family: afInet6, state: 10, sport: 1, dport: 2, src: "fe80::1", dst: "fe80::2", index: 3, cookie: 4, inode: 5,
		attrs: pack(shutdown(), v6only(1), attr(inetPeers, make([]byte, 128))),
	}
	return map[string]sample{
		"tcp": {inet.bytes(), 72}, "udp": {inet.bytes(), 72}, "mptcp": {inet.bytes(), 72}, "sctp": {inet.bytes(), 72},
		"unix": {unixMsg{
			typ: 1, state: 1, inode: 2, cookie: 3,
			attrs: pack(unixNameAttr("\x00name"), unixPeer(4), unixQueues(5, 6), unixUID(7)),
		}.bytes(), 16},
		"netlink": {netlinkMsg{typ: 3, port: 1, inode: 2, cookie: 3, attrs: memory(0, 4, 5)}.bytes(), 28},
		"packet": {plainMsg{
			family: afPacket, typ: 3, inode: 2, cookie: 3,
			attrs: pack(attr(0, uint32(1), make([]byte, 20)), attr(5, uint32(1)), memory(6, 1, 2)),
		}.bytes(), 16},
		"xdp": {plainMsg{
			family: afXDP, typ: 3, inode: 2, cookie: 3,
			attrs: pack(attr(1, uint32(1), uint32(2)), attr(2, uint32(1)), memory(8, 1, 2)),
		}.bytes(), 16},
		"vsock": {vsockMsg{typ: 1, state: 1, cid: 1, port: 2, peerCID: 3, toPort: 4, inode: 5, cookie: 6}.bytes(), 32},
		"tipc": {tipcMsg(
			attr(1, uint32(1)), attr(3, attr(2, uint32(2)), attr(3, uint32(3))), attr(6, uint32(1)),
			attr(9, uint32(1)), attr(10, uint64(4)), attr(5, attr(0, uint32(1)), attr(1, uint32(2))),
		), 104},
	}
}

// TestTruncated cuts a message at every length. A row that is made all the
// same holds nothing that its bytes do not say, and none of the row before.
func TestTruncated(t *testing.T) {
	t.Parallel()
	for name, sample := range samples() {
		decode := decoders(testDecoder())[name]
		var whole socket.Socket
		if !decode(sample.message, &whole) {
			t.Errorf("%s: the whole message made no row", name)
			continue
		}
		for n := range len(sample.message) {
			// A slice of that capacity turns a read past the end into a panic.
			cut := append(make([]byte, 0, n), sample.message[:n]...)[:n:n]
			s := dirty()
			ok := decode(cut, &s)
			if ok != (n >= sample.fixed) {
				t.Errorf("%s: %d bytes of %d made a row: %v", name, n, len(sample.message), ok)
			}
			if ok && (s.Cookie != whole.Cookie || s.Inode != whole.Inode || s.Proto != whole.Proto || s.NetNS != nil || s.User != "") {
				t.Errorf("%s: %d bytes of %d made the row %+v", name, n, len(sample.message), s)
			}
		}
	}
}

// TestRowOwnsItsBytes: the receive buffer is used again for the next datagram
// while rows may have been kept.
func TestRowOwnsItsBytes(t *testing.T) {
	t.Parallel()
	for name, sample := range samples() {
		decode := decoders(testDecoder())[name]
		var before, after socket.Socket
		buffer := append([]byte(nil), sample.message...)
		if !decode(sample.message, &before) || !decode(buffer, &after) {
			t.Fatalf("%s: the message made no row", name)
		}
		for i := range buffer {
			buffer[i] = 0xee
		}
		if diff := diffRows(before, after); diff != "" {
			t.Errorf("%s: the row changed with the buffer (-before +after):\n%s", name, diff)
		}
	}
}

func TestNextMessage(t *testing.T) {
	t.Parallel()
	first := nlmsg(typeByFamily, flagMulti|flagDumpIntr, 7, []byte("abcde")) // padded to 24 bytes
	tests := []struct {
		name    string
		buf     []byte
		payload string
		rest    int
		short   bool
	}{
		{name: "one", buf: first[:21], payload: "abcde"},
		{name: "padded", buf: first, payload: "abcde"},
		{name: "padded and followed", buf: pack(first, "next"), payload: "abcde", rest: 4},
		{name: "padding cut off", buf: first[:22], payload: "abcde"},
		{name: "nothing but a header", buf: nlmsg(3, 0, 7, nil)},
		{name: "less than a header", buf: first[:15], short: true},
		{name: "empty", short: true},
		{name: "longer than the datagram", buf: first[:20], short: true},
		{name: "length of less than a header", buf: pack(uint32(15), make([]byte, 30)), short: true},
		{name: "length of nothing, which would never end", buf: make([]byte, 64), short: true},
		{name: "the greatest length", buf: pack(uint32(math.MaxUint32), make([]byte, 30)), short: true},
		{name: "a length that rounds up to nothing", buf: pack(uint32(math.MaxUint32-1), make([]byte, 30)), short: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, rest, err := nextMessage(tt.buf)
			if (err != nil) != tt.short {
				t.Fatalf("error %v, want one: %v", err, tt.short)
			}
			if string(m.payload) != tt.payload || len(rest) != tt.rest {
				t.Errorf("payload %q and %d bytes left, want %q and %d", m.payload, len(rest), tt.payload, tt.rest)
			}
		})
	}
	m, _, err := nextMessage(first)
	if err != nil || m.kind != typeByFamily || m.flags != flagMulti|flagDumpIntr || m.seq != 7 {
		t.Errorf("header %+v, %v", m, err)
	}
}

func TestNextAttribute(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		buf   []byte
		kind  uint16
		value string
		rest  int
		ok    bool
	}{
		{name: "padded and followed", buf: pack(attr(3, "ab"), "next"), kind: 3, value: "ab", rest: 4, ok: true},
		{name: "the last, unpadded", buf: attr(3, "ab")[:6], kind: 3, value: "ab", ok: true},
		{name: "no value", buf: attr(3), kind: 3, ok: true},
		{name: "flags in the type", buf: attr(0xc003, "ab"), kind: 3, value: "ab", ok: true},
		{name: "the end"},
		{name: "less than a header", buf: []byte{4, 0, 1}},
		{name: "shorter than its header", buf: pack(uint16(3), uint16(1), uint32(0))},
		{name: "length of nothing, which would never end", buf: make([]byte, 8)},
		{name: "longer than the message", buf: attr(3, "abcd")[:7]},
		{name: "the greatest length", buf: pack(uint16(math.MaxUint16), uint16(1), make([]byte, 100))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, rest, ok := nextAttribute(tt.buf)
			if ok != tt.ok || a.kind != tt.kind || string(a.value) != tt.value || len(rest) != tt.rest {
				t.Errorf("attribute %d %q, %d bytes left, %v", a.kind, a.value, len(rest), ok)
			}
		})
	}
}

func TestErrnoError(t *testing.T) {
	t.Parallel()
	const acks = flagAckTLVs
	request := nlmsg(typeByFamily, 0x301, 7, make([]byte, 20))
	words := pack(attr(2, uint32(18)), attr(attrErrorMessage, "no luck\x00\x00"))
	lying := func(n uint32) []byte { return pack(n, make([]byte, 12)) }
	tests := []struct {
		name    string
		m       message
		errno   int32
		text    string
		failing bool
	}{
		{name: "bare DONE", m: message{kind: nlmsgDone}},
		{name: "DONE", m: message{kind: nlmsgDone, payload: pack(int32(0))}},
		{name: "DONE with an error", m: message{kind: nlmsgDone, payload: pack(int32(-2))}, errno: 2},
		{name: "DONE with words", m: message{kind: nlmsgDone, flags: acks, payload: pack(int32(-2), words)}, errno: 2, text: "no luck"},
		{name: "words not announced", m: message{kind: nlmsgDone, payload: pack(int32(-2), words)}, errno: 2},
		{name: "ERROR", m: message{kind: nlmsgError, payload: pack(int32(-1), request)}, errno: 1},
		{name: "ERROR with words", m: message{kind: nlmsgError, flags: acks, payload: pack(int32(-1), request, words)}, errno: 1, text: "no luck"},
		{name: "ERROR without the request", m: message{kind: nlmsgError, flags: acks, payload: pack(int32(-1))}, errno: 1},
		{name: "request cut off", m: message{kind: nlmsgError, flags: acks, payload: pack(int32(-1), request[:30])}, errno: 1},
		{name: "request longer than the message", m: message{kind: nlmsgError, flags: acks, payload: pack(int32(-1), lying(math.MaxUint32), words)}, errno: 1},
		{name: "request of the greatest signed length", m: message{kind: nlmsgError, flags: acks, payload: pack(int32(-1), lying(math.MaxInt32), words)}, errno: 1},
		{name: "request of no length", m: message{kind: nlmsgError, flags: acks, payload: pack(int32(-1), lying(0), words)}, errno: 1},
		{name: "no message in the words", m: message{kind: nlmsgDone, flags: acks, payload: pack(int32(-2), attr(2, uint32(1)))}, errno: 2},
		{name: "the most negative number", m: message{kind: nlmsgError, payload: pack(int32(math.MinInt32))}, errno: math.MinInt32},
		{name: "ERROR of three bytes", m: message{kind: nlmsgError, payload: []byte{1, 2, 3}}, failing: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			errno, text, err := errnoError(tt.m)
			if errno != tt.errno || text != tt.text || (err != nil) != tt.failing {
				t.Errorf("errno %d %q, error %v; want %d %q", errno, text, err, tt.errno, tt.text)
			}
		})
	}
}
