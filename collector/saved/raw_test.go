package saved

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

func drop(*socket.Socket) error { return nil }

// TestRaw reads what ss -D writes: the rows of IPv4, their end, those of IPv6
// and their end.
func TestRaw(t *testing.T) {
	a, b := message(20, inetMessage(10, 80)), message(18, inetMessage(1, 81))
	end := done(0)
	swapped := slices.Clone(a)
	slices.Reverse(swapped[:4])
	slices.Reverse(swapped[4:6])
	interrupted := slices.Clone(a)
	binary.NativeEndian.PutUint16(interrupted[6:], 0x10)
	alien := slices.Concat(a, message(16, make([]byte, 72)), end)
	short := message(20, inetMessage(10, 82)[:71])
	tests := []struct {
		name  string
		file  []byte
		ports []uint32
		codes []string
		err   string
		is    error
	}{
		{name: "both", file: slices.Concat(a, b, end, end), ports: []uint32{80, 81}},
		{name: "nothing there", file: slices.Concat(end, end)},
		{name: "a row twice", file: slices.Concat(a, a, b, end), ports: []uint32{80, 81}},
		{name: "rows of two answers", file: slices.Concat(a, end, b, end), ports: []uint32{80, 81}},
		{name: "refused", file: slices.Concat(a, end, done(-2)), ports: []uint32{80}, codes: []string{"table-incomplete"}},
		{name: "interrupted", file: slices.Concat(interrupted, end), ports: []uint32{80}, codes: []string{"table-incomplete"}},
		{name: "no end", file: slices.Concat(a, b), ports: []uint32{80, 81}, err: fmt.Sprintf("file: byte %d: the file ends too early (2 sockets read)", len(a)+len(b)), is: ErrTruncated},
		{name: "half a row", file: slices.Concat(a, b[:50]), ports: []uint32{80}, err: fmt.Sprintf("file: byte %d: the file ends too early (1 socket read)", len(a)), is: ErrTruncated},
		{name: "half a header", file: slices.Concat(a, b[:5]), ports: []uint32{80}, err: fmt.Sprintf("file: byte %d: the file ends too early (1 socket read)", len(a)), is: ErrTruncated},
		{name: "something else", file: alien, ports: []uint32{80}, err: fmt.Sprintf("file: byte %d: a message of the unknown type 16", len(a))},
		{name: "no row", file: slices.Concat(a, short, end), ports: []uint32{80}, err: fmt.Sprintf("file: byte %d: a message of 87 bytes that is no TCP socket", len(a))},
		{name: "no length", file: slices.Concat(a, make([]byte, 100)), ports: []uint32{80}, err: fmt.Sprintf("file: byte %d: a message of 0 bytes", len(a))},
		{name: "other byte order", file: swapped, err: "file: byte 0: " + sockdiag.ErrByteOrder.Error(), is: sockdiag.ErrByteOrder},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, report, err := collect(t, tt.file, everythingSaved)
			var ports []uint32
			for _, s := range rows {
				ports = append(ports, s.Local.Port)
			}
			if diff := cmp.Diff(tt.ports, ports); diff != "" {
				t.Errorf("ports (-want +got):\n%s", diff)
			}
			if got := fmt.Sprint(err); tt.err != "" && got != tt.err || tt.err == "" && err != nil {
				t.Errorf("error %v, want %s", err, tt.err)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error %v is not %v", err, tt.is)
			}
			var codes []string
			for _, n := range report.Notices {
				codes = append(codes, n.Code)
			}
			if diff := cmp.Diff(tt.codes, codes); diff != "" {
				t.Errorf("notices (-want +got):\n%s", diff)
			}
		})
	}
}

// everythingSaved asks for nothing that a raw file cannot have.
var everythingSaved = func() (q collector.Query) {
	q = everything
	q.Details = 0
	return q
}()
