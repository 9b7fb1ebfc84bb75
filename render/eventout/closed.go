package eventout

import (
	"bytes"
	"strconv"
	"time"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
)

// closed tells how long a socket lived, and what went through it.
func closed(e *watch.Event) []byte {
	dst := []byte("lived ")
	switch {
	case e.Brief:
		dst = append(dst, '<')
	case !e.Whole:
		dst = append(dst, '>')
	}
	least, most := appendSpan(nil, e.Lived), appendSpan(nil, e.Most)
	const near = 20 // where the two differ by less than a twentieth, one is enough
	if dst = append(dst, least...); e.Whole && !bytes.Equal(least, most) && e.Most-e.Lived > e.Lived/near {
		dst = append(append(dst, '-'), most...)
	}
	d := e.Socket.Details
	if !e.Final || d == nil || d.TCP == nil || e.Socket.Remote.IsZero() {
		return dst
	}
	t := d.TCP
	dst = appendBytes(append(dst, ", "...), sent(t))
	dst = appendBytes(append(dst, " out, "...), received(e.Socket.State, t))
	dst = append(dst, " in"...)
	if t.TotalRetrans > 0 {
		dst = strconv.AppendUint(append(dst, ", "...), uint64(t.TotalRetrans), 10)
		dst = append(dst, " retransmit"...)
		if t.TotalRetrans > 1 {
			dst = append(dst, 's')
		}
	}
	return dst
}

// bytesSent is where tcpi_bytes_sent ends in struct tcp_info, which Linux 4.19
// appended.
const bytesSent = 208

// sent is how many bytes of a program were sent. The bytes acknowledged, which
// older kernels tell alone, count SYN and FIN too.
func sent(t *socket.TCPInfo) uint64 {
	switch {
	case t.Size >= bytesSent:
		return t.BytesSent - min(t.BytesRetrans, t.BytesSent)
	case t.DataSegsOut == 0:
		return 0
	}
	return t.BytesAcked
}

// received is how many bytes came in. The kernel counts the FIN of the peer as one
// of them; whether that had come is known by the last state that was seen, or if
// nothing else has.
func received(last socket.State, t *socket.TCPInfo) uint64 {
	n := t.BytesReceived
	if t.DataSegsIn == 0 {
		return 0
	}
	switch last {
	case socket.CloseWait, socket.LastAck, socket.Closing, socket.TimeWait:
		return max(n, 1) - 1
	}
	return n
}

// appendSpan appends a time for reading.
func appendSpan(dst []byte, d time.Duration) []byte {
	switch {
	case d < time.Second:
		return append(strconv.AppendInt(dst, d.Milliseconds(), 10), "ms"...)
	case d < time.Minute:
		return append(strconv.AppendFloat(dst, d.Seconds(), 'f', 1, 64), 's')
	case d < time.Hour:
		dst = append(strconv.AppendInt(dst, int64(d/time.Minute), 10), "min"...)
		return append(strconv.AppendInt(dst, int64(d%time.Minute/time.Second), 10), 's')
	}
	dst = append(strconv.AppendInt(dst, int64(d/time.Hour), 10), 'h')
	return append(strconv.AppendInt(dst, int64(d%time.Hour/time.Minute), 10), "min"...)
}

// appendBytes appends a size for reading, three digits of it.
func appendBytes(dst []byte, n uint64) []byte {
	units := [...]string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}
	size, unit := float64(n), 0
	for size >= 999.5 && unit < len(units)-1 {
		size, unit = size/1000, unit+1
	}
	precision := 0
	if unit > 0 && size < 99.95 {
		precision = 1
	}
	dst = strconv.AppendFloat(dst, size, 'f', precision, 64)
	return append(dst, units[unit]...)
}
