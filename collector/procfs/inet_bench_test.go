package procfs

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/sockls/sockls/collector/socket"
)

// TestInetAllocations: memory does not grow with the table.
func TestInetAllocations(t *testing.T) {
	table := bigTable(10_000)
	none := func(*socket.Socket) error { return nil }
	allocations := testing.AllocsPerRun(1, func() {
		if err := ParseInet(strings.NewReader(table), binary.LittleEndian, socket.TCP, socket.IPv4, none); err != nil {
			t.Error(err)
		}
	})
	if allocations > 20 {
		t.Errorf("%v allocations for 10000 rows", allocations)
	}
}

func bigTable(rows int) string {
	const row = "   1: 0100007F:1F90 0100007F:C4F2 01 00000000:00000000 00:00000000 00000000  1000        0 690350 1 00000000e4a23f98 20 0 0 10 -1\n"
	return "header\n" + strings.Repeat(row, rows)
}

func BenchmarkParseInet(b *testing.B) {
	const rows = 10_000
	table := bigTable(rows)
	none := func(*socket.Socket) error { return nil }
	b.SetBytes(int64(len(table)))
	for b.Loop() {
		if err := ParseInet(strings.NewReader(table), binary.LittleEndian, socket.TCP, socket.IPv4, none); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}
