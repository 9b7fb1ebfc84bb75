package sockdiag

import (
	"testing"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/socket"
)

// TestFactsOfShortStructs: a number is told from that length of its struct on
// at which all its bytes are there, and is then the same at any length.
func TestFactsOfShortStructs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		group  fact.Group
		proto  socket.Proto
		length int
		decode func(d *details, b []byte)
		size   func(d *socket.Details) *uint16
	}{
		{fact.TCP, socket.TCP, 280, (*details).decodeTCPInfo, func(d *socket.Details) *uint16 { return &d.TCP.Size }},
		{fact.MPTCP, socket.MPTCP, 96, (*details).decodeMPTCPInfo, func(d *socket.Details) *uint16 { return &d.MPTCP.Size }},
		{fact.SCTP, socket.SCTP, 364, (*details).decodeSCTPInfo, func(d *socket.Details) *uint16 { return &d.SCTP.Size }},
	} {
		whole := make([]byte, tt.length)
		for i := range whole {
			whole[i] = byte(i%101 + 1) // never 0, and no number beyond what fits
		}
		rows := make([]*socket.Socket, tt.length+1) // by length
		full := make([]*socket.Socket, tt.length+1) // the same, but taken for whole
		for n := range rows {
			for _, to := range []*[]*socket.Socket{&rows, &full} {
				d := detailDecoder(socket.DetailTCPInfo, TailUnknown)
				tt.decode(&d.details, whole[:n])
				(*to)[n] = &socket.Socket{Proto: tt.proto, State: socket.Established, Details: d.details.all.Clone()}
			}
			*tt.size(full[n].Details) = uint16(tt.length)
		}
		tested := 0
		for _, f := range fact.Of(tt.group) {
			want, ok := int64(0), false
			if f.Kind != fact.Text && f.Kind != fact.Flag {
				want, ok = f.Number(rows[tt.length])
			}
			if !ok || f.Name == "snd-wscale" || f.Name == "rcv-wscale" { // these take another field to mean something
				continue
			}
			tested++
			told, right := -1, -1
			for n := tt.length; n >= 0; n-- {
				if got, ok := f.Number(rows[n]); ok {
					told = n
					if got != want {
						t.Errorf("%s is %d with %d bytes, want %d", f.Name, got, n, want)
					}
				}
				if got, _ := f.Number(full[n]); got == want {
					right = n
				}
			}
			if told != right {
				t.Errorf("%s is told from %d bytes on, and is there from %d on", f.Name, told, right)
			}
		}
		if tested < 20 {
			t.Errorf("%s: only %d facts", tt.group, tested)
		}
	}
}
