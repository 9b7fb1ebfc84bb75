package table

import (
	"io"
	"net/netip"
	"testing"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/internal/rendertest"
)

func benchFields(b *testing.B, list string) []field.Field {
	fields, err := field.Parse(list, nil)
	if err != nil {
		b.Fatal(err)
	}
	return fields
}

func benchSockets(n int, v6 bool) []*socket.Socket {
	rows := make([]*socket.Socket, n)
	for i := range rows {
		a := netip.AddrFrom4([4]byte{127, 0, byte(i >> 8), byte(i)})
		if v6 {
			raw := [16]byte{0x20, 1, 0x0d, 0xb8, 14: byte(i >> 8), 15: byte(i)}
			a = netip.AddrFrom16(raw)
		}
		rows[i] = &socket.Socket{
			Proto: socket.TCP, Family: socket.IPv4, Type: socket.Stream, State: socket.Established,
			Local:  socket.Endpoint{Addr: a, Port: 8080},
			Remote: socket.Endpoint{Addr: a, Port: uint32(30000 + i%30000)},
			Inode:  uint64(100000 + i), Cookie: uint64(i), UID: 1000, HasUID: true, RecvQ: uint32(i % 7),
		}
	}
	return rows
}

func benchRow(b *testing.B, list string, v6 bool) {
	benchTable(b, benchSockets(4096, v6), Options{Fields: benchFields(b, list), Header: true, IPv6: v6})
}

func benchTable(b *testing.B, rows []*socket.Socket, opts Options) {
	t := New(io.Discard, opts)
	for i := range rows {
		if err := t.Row(rows[i]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := t.Row(rows[i%len(rows)]); err != nil {
			b.Fatal(err)
		}
	}
}

const plain = "proto,state,recv-q,send-q,local,remote"

func BenchmarkRowIPv4(b *testing.B)  { benchRow(b, plain, false) }
func BenchmarkRowIPv6(b *testing.B)  { benchRow(b, plain, true) }
func BenchmarkRowUser(b *testing.B)  { benchRow(b, plain+",user,process", false) }
func BenchmarkRowProto(b *testing.B) { benchRow(b, "proto", false) }
func BenchmarkRowLocal(b *testing.B) { benchRow(b, "local", false) }

// benchBeneath draws connections with what stands beneath them.
func benchBeneath(b *testing.B, opts Options, flags ...string) {
	opts.Fields, opts.Beneath = benchFields(b, plain), beneath(b, flags...)
	benchTable(b, rendertest.Detailed()[1:2], opts)
}

func BenchmarkRowInfo(b *testing.B)        { benchBeneath(b, Options{}, "info") }
func BenchmarkRowInfoNarrow(b *testing.B)  { benchBeneath(b, Options{Width: 80}, "info") }
func BenchmarkRowInfoOneline(b *testing.B) { benchBeneath(b, Options{Oneline: true}, "info") }
func BenchmarkRowMemory(b *testing.B)      { benchBeneath(b, Options{}, "memory") }

// BenchmarkRows100k is the gathered case, which renders every row twice.
func BenchmarkRows100k(b *testing.B) {
	rows := benchSockets(100000, false)
	fields := benchFields(b, plain+",user,process")
	b.ReportAllocs()
	for b.Loop() {
		t := New(io.Discard, Options{Fields: fields, Header: true})
		for _, s := range rows {
			t.Measure(s)
		}
		if err := t.Rows(rows); err != nil {
			b.Fatal(err)
		}
		if err := t.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
