package sockdiag

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"github.com/sockls/sockls/collector/socket"
)

// seed adds a message whole, cut, and damaged in its lengths.
func seed(f *testing.F, message []byte) {
	f.Add(message)
	f.Add(message[:len(message)/2])
	f.Add(append(append([]byte(nil), message...), 0xff, 0xff, 0, 0))
	f.Add(append(append([]byte(nil), message...), 0, 0, 0, 0, 4, 0))
}

// fuzzDecoder feeds one decoder. The row must not depend on what was in it
// before, and may say no more than one message can.
func fuzzDecoder(f *testing.F, name string) {
	seed(f, samples()[name].message)
	f.Fuzz(func(t *testing.T, b []byte) {
		decode := decoders(testDecoder())[name]
		var clean socket.Socket
		used := dirty()
		ok := decode(b[:len(b):len(b)], &clean)
		if decode(b, &used) != ok {
			t.Fatal("the answer depends on the row before")
		}
		if !ok {
			return
		}
		if diff := diffRows(clean, used); diff != "" {
			t.Errorf("the row depends on the one before:\n%s", diff)
		}
		if clean.Proto == socket.ProtoUnknown || clean.Family == socket.FamilyUnspec {
			t.Errorf("a row of no protocol: %+v", clean)
		}
		if len(clean.Local.Name) > len(b) && clean.Device == "" {
			t.Errorf("a name longer than the message: %q", clean.Local.Name)
		}
		if clean.State.String() == "UNKNOWN" && clean.State != socket.StateUnknown {
			t.Errorf("a state outside the model: %d", clean.State)
		}
	})
}

// fuzzDetails feeds one decoder that is to fill in everything. What it says
// must not depend on the rows before, and takes nothing from the plain row.
func fuzzDetails(f *testing.F, name string) {
	full := everyAttribute()
	switch name {
	case "tcp", "mptcp", "sctp":
		seed(f, inetMsg{family: afInet6, state: 1, timer: 2, attrs: full}.bytes())
		f.Add(inetMsg{family: afInet, state: 1, attrs: attr(inetInfo, tcpInfoBytes()[:100])}.bytes())
		f.Add(inetMsg{family: afInet, state: 1, attrs: attr(inetULP, attr(3, attr(1, uint32(1)), attr(4, uint32(2))))}.bytes())
	case "packet":
		f.Add(plainMsg{family: afPacket, attrs: pack(attr(0, make([]byte, 24)), attr(1, make([]byte, 44)), attr(2, make([]byte, 28)), attr(4, uint32(1)), attr(7, make([]byte, 8)))}.bytes())
	case "xdp":
		f.Add(plainMsg{family: afXDP, attrs: pack(attr(5, make([]byte, 40)), attr(9, make([]byte, 48)), attr(3, uint32(1)))}.bytes())
	case "netlink":
		f.Add(netlinkMsg{attrs: pack(attr(0, skmem(9)), attr(1, uint64(5)), attr(4, uint32(1)))}.bytes())
	}
	seed(f, samples()[name].message)
	f.Fuzz(func(t *testing.T, b []byte) {
		var plain, clean, used socket.Socket
		ok := decoders(testDecoder())[name](b, &plain)
		if decoders(detailDecoder(all, TailApart))[name](b[:len(b):len(b)], &clean) != ok {
			t.Fatal("details make a difference to whether there is a row")
		}
		d := detailDecoder(all, TailApart)
		for _, before := range [][]byte{inetMsg{family: afInet, state: 1, attrs: full}.bytes(), b} {
			d.decodeInet(before, socket.TCP, &used)
			decoders(d)[name](before, &used)
		}
		if !ok {
			return
		}
		if diff := diffRows(clean.Details, used.Details); diff != "" {
			t.Errorf("the details depend on the row before:\n%s", diff)
		}
		clean.Details = nil
		if diff := diffRows(plain, clean); diff != "" {
			t.Errorf("details change the row:\n%s", diff)
		}
	})
}

func FuzzDetailsOfTCP(f *testing.F)     { fuzzDetails(f, "tcp") }
func FuzzDetailsOfMPTCP(f *testing.F)   { fuzzDetails(f, "mptcp") }
func FuzzDetailsOfSCTP(f *testing.F)    { fuzzDetails(f, "sctp") }
func FuzzDetailsOfUnix(f *testing.F)    { fuzzDetails(f, "unix") }
func FuzzDetailsOfNetlink(f *testing.F) { fuzzDetails(f, "netlink") }
func FuzzDetailsOfPacket(f *testing.F)  { fuzzDetails(f, "packet") }
func FuzzDetailsOfXDP(f *testing.F)     { fuzzDetails(f, "xdp") }

func FuzzDecodeTCP(f *testing.F)     { fuzzDecoder(f, "tcp") }
func FuzzDecodeUDP(f *testing.F)     { fuzzDecoder(f, "udp") }
func FuzzDecodeMPTCP(f *testing.F)   { fuzzDecoder(f, "mptcp") }
func FuzzDecodeSCTP(f *testing.F)    { fuzzDecoder(f, "sctp") }
func FuzzDecodeUnix(f *testing.F)    { fuzzDecoder(f, "unix") }
func FuzzDecodeNetlink(f *testing.F) { fuzzDecoder(f, "netlink") }
func FuzzDecodePacket(f *testing.F)  { fuzzDecoder(f, "packet") }
func FuzzDecodeXDP(f *testing.F)     { fuzzDecoder(f, "xdp") }
func FuzzDecodeVsock(f *testing.F)   { fuzzDecoder(f, "vsock") }
func FuzzDecodeTIPC(f *testing.F)    { fuzzDecoder(f, "tipc") }

func FuzzNextMessage(f *testing.F) {
	seed(f, pack(udpRow(1, 2), done(1, 0)))
	f.Fuzz(func(t *testing.T, b []byte) {
		for rest := b[:len(b):len(b)]; len(rest) > 0; {
			m, next, err := nextMessage(rest)
			if err != nil {
				return
			}
			if len(next) > len(rest)-headerLen || len(m.payload) > len(rest)-headerLen {
				t.Fatalf("%d bytes gave a payload of %d and left %d", len(rest), len(m.payload), len(next))
			}
			rest = next
		}
	})
}

func FuzzNextAttribute(f *testing.F) {
	seed(f, pack(attr(1, "value"), attr(0x8002, attr(3)), attr(4)))
	f.Fuzz(func(t *testing.T, b []byte) {
		rest := b[:len(b):len(b)]
		for {
			a, next, ok := nextAttribute(rest)
			if !ok {
				return
			}
			if len(next) > len(rest)-attrLen || len(a.value) > len(rest)-attrLen || a.kind > attrMask {
				t.Fatalf("%d bytes gave attribute %d of %d and left %d", len(rest), a.kind, len(a.value), len(next))
			}
			_, _ = a.u32(), a.meminfo(memWmemAlloc)
			rest = next
		}
	})
}

func FuzzErrnoError(f *testing.F) {
	words := attr(attrErrorMessage, "no luck\x00")
	f.Add(uint16(nlmsgDone), uint16(flagAckTLVs), pack(int32(-2), words))
	f.Add(uint16(nlmsgError), uint16(flagAckTLVs), pack(int32(-2), nlmsg(20, 0x301, 1, make([]byte, 20)), words))
	f.Add(uint16(nlmsgError), uint16(0), pack(int32(-2)))
	f.Add(uint16(nlmsgError), uint16(flagAckTLVs), pack(int32(-2), ^uint32(0), make([]byte, 40)))
	f.Fuzz(func(t *testing.T, kind, flags uint16, payload []byte) {
		errno, text, err := errnoError(message{kind: kind, flags: flags, payload: payload[:len(payload):len(payload)]})
		if err != nil && (errno != 0 || text != "" || !errors.Is(err, errShort)) {
			t.Errorf("errno %d, %q and %v", errno, text, err)
		}
		if len(text) > len(payload) {
			t.Errorf("%d bytes of text in %d", len(text), len(payload))
		}
		_ = refusal{errno: syscall.Errno(errno), text: text}.Error()
	})
}

// FuzzDump plays any bytes as the kernel's answer to any request.
func FuzzDump(f *testing.F) {
	for _, p := range socket.Protos() {
		f.Add(uint8(p), pack(udpRow(1, 2), done(1, 0)), done(2, 2))
	}
	f.Add(uint8(socket.TCP), pack(row(1, tcpMsg(afInet, 7, 1)), nlmsg(typeByFamily, flagDumpIntr, 1, nil)), done(1, 0))
	f.Add(uint8(socket.TIPC), pack(row(1, nil), row(1, samples()["tipc"].message)), done(1, 0))
	f.Add(uint8(socket.Unix), pack(row(1, samples()["unix"].message), done(1, 0)), pack(row(2, samples()["unix"].message), done(2, 0)))
	f.Fuzz(func(t *testing.T, proto uint8, first, second []byte) {
		silence := errors.New("silence")
		k := &kernel{t: t, scratch: true, queue: []reply{{data: first}, {data: second}, {err: silence}}}
		for range 5 {
			k.answers = append(k.answers, func(uint32) []reply { return []reply{{err: silence}} })
		}
		n := 0
		r := Request{Proto: socket.Proto(proto), IPv4: true, IPv6: true, States: socket.AllStates, Details: socket.DetailPeer}
		err := k.client().Dump(context.Background(), r, func(s *socket.Socket) error {
			n++
			if s.Proto != r.Proto || !socket.AllStates.Has(s.State) {
				t.Errorf("a row that nobody asked for: %+v", s)
			}
			return nil
		})
		var failed *Error
		if err != nil && (!errors.As(err, &failed) || failed.Rows != n || failed.Proto != r.Proto) {
			t.Errorf("after %d rows: %#v", n, err)
		}
	})
}
