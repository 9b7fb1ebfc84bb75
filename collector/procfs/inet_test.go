package procfs

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

type inetCase struct {
	proto  socket.Proto
	family socket.Family
	want   []socket.Socket
}

// inetRows is what the tables of both recorded machines say.
func inetRows() []inetCase {
	const lo = "127.0.0.1"
	rows := []inetCase{
		{socket.TCP, socket.IPv4, []socket.Socket{
			{Local: ipEnd(lo, 8080), State: socket.Listen, RecvQ: 1, Inode: 690340, UID: 1000, HasUID: true},
			{Local: ipEnd("192.0.2.10", 22), Remote: ipEnd("198.51.100.7", 50432), State: socket.Established, SendQ: 36, RecvQ: 5, Inode: 690350, HasUID: true},
			{Local: ipEnd(lo, 8080), Remote: ipEnd(lo, 50432), State: socket.Established, HasUID: true},
			{Local: ipEnd(lo, 34100), Remote: ipEnd(lo, 443), State: socket.SynSent, SendQ: 1, Inode: 690345, UID: 1000, HasUID: true},
			{Local: ipEnd("192.0.2.10", 443), Remote: ipEnd("198.51.100.7", 40000), State: socket.SynRecv},
			{Local: ipEnd(lo, 34102), Remote: ipEnd(lo, 443), State: socket.SynRecv},
			{Local: ipEnd(lo, 34104), Remote: ipEnd(lo, 443), State: socket.TimeWait},
			{Local: ipEnd(lo, 34106), Remote: ipEnd(lo, 443), State: socket.FinWait2},
			{Local: ipEnd(lo, 34108), Remote: ipEnd(lo, 443), State: socket.FinWait2, UID: 1000, HasUID: true},
			{Local: ipEnd(lo, 34110), Remote: ipEnd(lo, 443), State: socket.CloseWait, RecvQ: 1, Inode: 690399, UID: 1000, HasUID: true},
		}},
		{socket.TCP, socket.IPv6, []socket.Socket{
			{Local: ipEnd("::", 443), State: socket.Listen, Inode: 690344, HasUID: true},
			{Local: ipEnd("::ffff:192.0.2.10", 443), Remote: ipEnd("::ffff:198.51.100.7", 34098), State: socket.Established, Inode: 690346, UID: 33, HasUID: true},
			{Local: ipEnd("fe80::5054:ff:fe12:3456", 22), Remote: ipEnd("2001:db8::1", 50000), State: socket.Established, Inode: 690347, HasUID: true},
		}},
		{socket.UDP, socket.IPv4, []socket.Socket{
			{Local: ipEnd("127.0.0.53", 53), State: socket.Unconn, Inode: 690351, UID: 101, HasUID: true},
		}},
		{socket.UDP, socket.IPv6, []socket.Socket{
			{Local: ipEnd("::1", 546), State: socket.Unconn, RecvQ: 0x340, Inode: 690352, HasUID: true},
			{Local: ipEnd("::1", 41359), Remote: ipEnd("::1", 546), State: socket.Established, Inode: 690353, HasUID: true},
		}},
		{socket.UDPLite, socket.IPv4, []socket.Socket{{Local: ipEnd(lo, 7000), State: socket.Unconn, Inode: 690354, HasUID: true}}},
		{socket.UDPLite, socket.IPv6, []socket.Socket{{Local: ipEnd("::1", 7000), State: socket.Unconn, Inode: 690355, HasUID: true}}},
		{socket.Raw, socket.IPv4, []socket.Socket{
			{Local: ipEnd(lo, 89), Remote: ipEnd(lo, 0), State: socket.Established, Inode: 690356, HasUID: true},
		}},
		{socket.Raw, socket.IPv6, []socket.Socket{{Local: ipEnd("::", 58), State: socket.Unconn, Inode: 690357, HasUID: true}}},
		{socket.Ping, socket.IPv4, []socket.Socket{
			{Local: ipEnd(lo, 4242), State: socket.Unconn, Inode: 690358, UID: 1000, HasUID: true},
		}},
	}
	types := map[socket.Proto]socket.Type{
		socket.TCP: socket.Stream, socket.Raw: socket.RawType,
		socket.UDP: socket.Dgram, socket.UDPLite: socket.Dgram, socket.Ping: socket.Dgram,
	}
	for _, c := range rows {
		for i := range c.want {
			c.want[i].Proto, c.want[i].Family, c.want[i].Type = c.proto, c.family, types[c.proto]
		}
	}
	return rows
}

func TestParseInetByteOrders(t *testing.T) {
	t.Parallel()
	orders := []struct {
		archive string
		order   binary.ByteOrder
	}{
		{"little-endian", binary.LittleEndian},
		{"big-endian", binary.BigEndian},
	}
	for _, o := range orders {
		for _, c := range inetRows() {
			name, err := inetTableName(c.proto, c.family)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(o.archive+"/"+name, func(t *testing.T) {
				t.Parallel()
				var got []socket.Socket
				text := file(t, o.archive, "net/"+name)
				if err := ParseInet(strings.NewReader(text), o.order, c.proto, c.family, gather(&got)); err != nil {
					t.Fatal(err)
				}
				if diff := diffRows(c.want, got); diff != "" {
					t.Errorf("rows (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestInetTree(t *testing.T) {
	t.Parallel()
	tree := hostTree(t)
	for _, c := range inetRows() {
		var got []socket.Socket
		if err := tree.Inet(c.proto, c.family, gather(&got)); err != nil {
			t.Errorf("%s %s: %v", c.proto, c.family, err)
		}
		if diff := diffRows(c.want, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.proto, c.family, diff)
		}
	}
}

func TestInetNoSuchTable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		proto  socket.Proto
		family socket.Family
	}{
		{socket.Unix, socket.IPv4},
		{socket.SCTP, socket.IPv6},
		{socket.TCP, socket.FamilyUnix},
		{socket.ProtoUnknown, socket.FamilyUnspec},
	} {
		if err := hostTree(t).Inet(c.proto, c.family, nil); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s %s: %v", c.proto, c.family, err)
		}
		if err := ParseInet(strings.NewReader(""), binary.LittleEndian, c.proto, c.family, nil); err == nil {
			t.Errorf("ParseInet of %s %s: no error", c.proto, c.family)
		}
	}
}

func TestInetMalformed(t *testing.T) {
	t.Parallel()
	var got []socket.Socket
	err := unpack(t, "hostile").Inet(socket.TCP, socket.IPv4, gather(&got))
	var malformed *MalformedError
	if !errors.As(err, &malformed) {
		t.Fatalf("error %v, want a MalformedError", err)
	}
	want := MalformedError{
		Table: "net/tcp", Lines: 4,
		First: `"   1: 00000000:1F91 00000000:0000 0A 00000000:000"`,
	}
	if diff := cmp.Diff(want, *malformed); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	common := socket.Socket{Proto: socket.TCP, Family: socket.IPv4, Type: socket.Stream, HasUID: true}
	first, unknown := common, common
	first.Local, first.State, first.Inode = ipEnd("0.0.0.0", 8080), socket.Listen, 1
	unknown.Local, unknown.State, unknown.Inode = ipEnd("0.0.0.0", 8083), socket.StateUnknown, 3
	if diff := diffRows([]socket.Socket{first, unknown}, got); diff != "" {
		t.Errorf("good rows (-want +got):\n%s", diff)
	}
}

func TestInetRowLimits(t *testing.T) {
	t.Parallel()
	const good = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7"
	tests := []struct {
		name, line string
		ok         bool
	}{
		{"minimal", good, true},
		{"slot above 9999", "123456: " + good[6:], true},
		{"no slot", good[6:], false},
		{"no inode", strings.TrimSuffix(good, " 7"), false},
		{"uid of 33 bits", strings.Replace(good, "     0        0 ", "4294967296        0 ", 1), false},
		{"inode of 65 bits", good[:len(good)-1] + "18446744073709551616", false},
		{"largest inode", good[:len(good)-1] + "18446744073709551615", true},
		{"address of IPv6", strings.Replace(good, "0100007F", "0000000000000000FFFF00000100007F", 1), false},
		{"sign", strings.Replace(good, "0100007F", "-100007F", 1), false},
		{"five digits of port", strings.Replace(good, "1F90", "1F901", 1), false},
		{"NUL bytes", strings.Replace(good, "0A", "\x00\x00", 1), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []socket.Socket
			err := ParseInet(strings.NewReader(withHeader(tt.line)), binary.LittleEndian, socket.TCP, socket.IPv4, gather(&got))
			if (err == nil) != tt.ok || (len(got) == 1) != tt.ok {
				t.Errorf("%d rows, error %v", len(got), err)
			}
		})
	}
}

func TestInetState(t *testing.T) {
	t.Parallel()
	tests := []struct {
		proto  socket.Proto
		number uint32
		want   socket.State
	}{
		{socket.TCP, 1, socket.Established},
		{socket.TCP, 7, socket.Close},
		{socket.TCP, 12, socket.SynRecv},
		{socket.TCP, 13, socket.Bound},
		{socket.TCP, 14, socket.StateUnknown},
		{socket.TCP, 0, socket.StateUnknown},
		{socket.TCP, 0x107, socket.StateUnknown},
		{socket.UDP, 7, socket.Unconn},
		{socket.UDPLite, 7, socket.Unconn},
		{socket.Raw, 7, socket.Unconn},
		{socket.Ping, 7, socket.Unconn},
	}
	for _, tt := range tests {
		table := inetTable{proto: tt.proto}
		if got := table.state(tt.number); got != tt.want {
			t.Errorf("%s in state %d: %s, want %s", tt.proto, tt.number, got, tt.want)
		}
	}
}
