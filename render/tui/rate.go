package tui

import (
	"strconv"
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// counters are those of a connection that rates are made of.
type counters struct {
	received, sent, retransmitted uint64
}

// sentSize is the size of struct tcp_info from which on it has bytes_sent
// (Linux 4.19). Older kernels tell what was acknowledged.
const sentSize = 208

// count reads the counters of a connection. A listener has none.
func count(s *socket.Socket) (counters, bool) {
	if s.Details == nil || s.Details.TCP == nil || s.State == socket.Listen {
		return counters{}, false
	}
	t := s.Details.TCP
	c := counters{received: t.BytesReceived, sent: t.BytesSent, retransmitted: uint64(t.TotalRetrans)}
	if t.Size < sentSize {
		c.sent = t.BytesAcked
	}
	return c, true
}

// rate is how much went through a connection between two looks, a second.
type rate struct {
	known                bool
	in, out, retransmits float64

	counted bool
	last    counters
	of      *socket.Socket // as which it was measured last
}

// measure compares with the last look, which was took ago, and reports whether
// the rate is another one now.
func (r *rate) measure(s *socket.Socket, took time.Duration) bool {
	if r.of == s && (!r.counted || r.known && r.still()) {
		return false // what has not moved is not touched: there may be very many
	}
	before := *r
	c, ok := count(s)
	r.known = ok && r.counted && took > 0
	if r.known {
		seconds := took.Seconds()
		r.in = float64(since(c.received, r.last.received)) / seconds
		r.out = float64(since(c.sent, r.last.sent)) / seconds
		// The counter has 32 bits and begins again.
		r.retransmits = float64(uint32(c.retransmitted)-uint32(r.last.retransmitted)) / seconds
	}
	r.counted, r.last, r.of = ok, c, s
	return r.known != before.known || r.in != before.in || r.out != before.out || r.retransmits != before.retransmits
}

// still reports whether nothing goes through.
func (r *rate) still() bool { return r.in == 0 && r.out == 0 && r.retransmits == 0 }

// add adds the rate of another connection.
func (r *rate) add(o *rate) {
	if o.known {
		r.known = true
		r.in += o.in
		r.out += o.out
		r.retransmits += o.retransmits
	}
}

// since is the growth of a counter, 0 for one that went back: bytes_acked begins
// at 1 for the SYN, and a socket may be another one where there are no cookies.
func since(now, before uint64) uint64 {
	if now < before {
		return 0
	}
	return now - before
}

// appendBytes appends bytes in three significant digits: "0", "1.53kB".
func appendBytes(dst []byte, n float64) []byte {
	if n == 0 {
		return append(dst, '0') // so that what moves stands out
	}
	unit := 0
	for n >= 999.5 && unit < len(byteUnits)-1 {
		n, unit = n/1000, unit+1
	}
	return append(appendThree(dst, n), byteUnits[unit]...)
}

var byteUnits = [...]string{"B", "kB", "MB", "GB", "TB"}

// appendThree appends a number in at most three significant digits.
func appendThree(dst []byte, n float64) []byte {
	start := len(dst)
	switch {
	case n >= 99.95:
		return strconv.AppendFloat(dst, n, 'f', 0, 64)
	case n >= 9.995:
		dst = strconv.AppendFloat(dst, n, 'f', 1, 64)
	default:
		dst = strconv.AppendFloat(dst, n, 'f', 2, 64)
	}
	for dst[len(dst)-1] == '0' && len(dst) > start+1 {
		dst = dst[:len(dst)-1]
	}
	if dst[len(dst)-1] == '.' {
		dst = dst[:len(dst)-1]
	}
	return dst
}
