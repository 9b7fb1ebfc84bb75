package procfs

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

func TestPacketTree(t *testing.T) {
	t.Parallel()
	var got []socket.Socket
	if err := hostTree(t).Packet(gather(&got)); err != nil {
		t.Fatal(err)
	}
	row := func(typ socket.Type, proto, index, recvQ, uid uint32, inode uint64) socket.Socket {
		return socket.Socket{
			Local: socket.Endpoint{Port: proto, Node: index}, Inode: inode,
			RecvQ: recvQ, UID: uid, HasUID: true,
			Proto: socket.Packet, Family: socket.FamilyPacket, Type: typ, State: socket.Unconn,
		}
	}
	want := []socket.Socket{
		row(socket.RawType, 0x0806, 2, 768, 0, 690360),
		row(socket.Dgram, 3, 0, 0, 1000, 690361),
		row(10, 3, 0xffffffff, 0, 0, 690368),
	}
	if diff := diffRows(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestNetlinkTree(t *testing.T) {
	t.Parallel()
	var got []socket.Socket
	if err := hostTree(t).Netlink(gather(&got)); err != nil {
		t.Fatal(err)
	}
	row := func(port, proto, recvQ, sendQ uint32, inode uint64) socket.Socket {
		return socket.Socket{
			Local: socket.Endpoint{Port: port, Node: proto}, Inode: inode, RecvQ: recvQ, SendQ: sendQ,
			Proto: socket.Netlink, Family: socket.FamilyNetlink, Type: socket.RawType, State: socket.Unconn,
		}
	}
	want := []socket.Socket{
		row(4294963201, 0, 768, 0, 690362),
		row(4294963201, 15, 0, 256, 690369),
		row(0, 16, 0, 0, 690297),
	}
	if diff := diffRows(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestProtocolsTree(t *testing.T) {
	t.Parallel()
	got, err := hostTree(t).Protocols()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"AF_VSOCK": 0, "PACKET": 2, "UNIX-STREAM": 3, "UNIX": 3, "TCP": 8}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestProtocolsMalformed(t *testing.T) {
	t.Parallel()
	got, err := ParseProtocols(strings.NewReader(withHeader("TCP 1 2", "UDP 1", "TCP 1 3", "RAW 1 -1", "\x1b[2J")))
	if diff := cmp.Diff(map[string]int{"TCP": 5, "RAW": -1}, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	const want = `parse net/protocols: 2 malformed lines, the first "UDP 1"`
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestOtherTablesMalformed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		parse func(string, *[]socket.Socket) error
		row   string // a good row, cut and spoilt below
	}{
		{"packet", func(text string, got *[]socket.Socket) error {
			return ParsePacket(strings.NewReader(text), gather(got))
		}, "00000000860d2a00 3 3 0806 2 1 768 0 690360"},
		{"netlink", func(text string, got *[]socket.Socket) error {
			return ParseNetlink(strings.NewReader(text), gather(got))
		}, "00000000a0595792 0 42 00000001 768 0 0 2 0 690362"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cut := tt.row[:strings.LastIndexByte(tt.row, ' ')]
			var got []socket.Socket
			err := tt.parse(withHeader(cut, tt.row, "x"+tt.row, "", tt.row+"x"), &got)
			var malformed *MalformedError
			if !errors.As(err, &malformed) || malformed.Lines != 4 || len(got) != 1 {
				t.Errorf("%d rows, error %v", len(got), err)
			}
		})
	}
}

// fuzzRows checks that no line is counted twice.
func fuzzRows(f *testing.F, table string, parse func(string, func(*socket.Socket) error) error) {
	f.Add(file(f, "little-endian", table))
	f.Fuzz(func(t *testing.T, text string) {
		rows := 0
		err := parse(text, func(*socket.Socket) error { rows++; return nil })
		var malformed *MalformedError
		if errors.As(err, &malformed) {
			rows += malformed.Lines
		}
		if rows > strings.Count(text, "\n") {
			t.Errorf("%d rows of %q", rows, text)
		}
	})
}

func FuzzParsePacket(f *testing.F) {
	fuzzRows(f, "net/packet", func(text string, yield func(*socket.Socket) error) error {
		return ParsePacket(strings.NewReader(text), yield)
	})
}

func FuzzParseNetlink(f *testing.F) {
	fuzzRows(f, "net/netlink", func(text string, yield func(*socket.Socket) error) error {
		return ParseNetlink(strings.NewReader(text), yield)
	})
}

func FuzzParseProtocols(f *testing.F) {
	f.Add(file(f, "little-endian", "net/protocols"))
	f.Fuzz(func(t *testing.T, text string) {
		sockets, err := ParseProtocols(strings.NewReader(text))
		if sockets == nil {
			t.Errorf("no map, error %v", err)
		}
	})
}
