package saved

import (
	"bytes"
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/socket"
)

// busy is a table of connections as a server has them.
func busy(n int, details bool) *socket.Snapshot {
	s := &socket.Snapshot{Host: "box", Time: time.Unix(1, 2), Report: socket.Report{Source: socket.Source{Kernel: "6.18.4", Owners: "proc"}}}
	p := &socket.Process{PID: 11, Name: "nginx", Command: "nginx: worker process", Exe: "/usr/sbin/nginx", UID: 33, HasUID: true, User: "www-data", Started: time.Unix(3, 0)}
	for i := range n {
		row := &socket.Socket{
			Proto: socket.TCP, Family: socket.IPv4, Type: socket.Stream, State: socket.Established,
			Local:  socket.Endpoint{Addr: netip.MustParseAddr("192.168.1.10"), Port: 443},
			Remote: socket.Endpoint{Addr: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), Port: uint32(i & 0xffff)},
			Inode:  uint64(1000000 + i), Cookie: uint64(5000000 + i), UID: 33, HasUID: true, User: "www-data",
			NetNS:     &socket.NetNS{Inode: 4026531840},
			Processes: []socket.Holder{{Process: p, FD: i}},
		}
		if details {
			for _, f := range fact.Of(fact.TCP) {
				if f.Kind != fact.Text {
					f.SetNumber(row, int64(i))
				}
			}
		}
		s.Sockets = append(s.Sockets, row)
	}
	return s
}

func BenchmarkRead(b *testing.B) {
	const rows = 10_000
	plain, detailed := busy(rows, false), busy(rows, true)
	for _, bench := range []struct {
		name string
		file []byte
	}{
		{"lines", linesOf(b, plain)},
		{"document", documentOf(b, plain)},
		{"lines with tcp_info", linesOf(b, detailed)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bench.file)))
			for b.Loop() {
				f, err := Open(bytes.NewReader(bench.file), "file")
				if err != nil {
					b.Fatal(err)
				}
				n := 0
				if _, err := f.Collect(context.Background(), everything, func(*socket.Socket) error { n++; return nil }); err != nil || n != rows {
					b.Fatal(n, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
		})
	}
}
