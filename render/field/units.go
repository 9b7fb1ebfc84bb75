package field

import (
	"math"
	"strconv"
)

// The lengths of durations, in microseconds.
const (
	millisecond = 1_000
	second      = 1_000_000
	minute      = 60 * second
)

// appendDuration appends a duration in microseconds for reading: three
// significant digits below a minute ("28us", "1.53ms", "45.2s"), whole seconds
// below an hour ("1min59s") and whole minutes from there on ("3h20min").
func appendDuration(dst []byte, us int64) []byte {
	dst, n := appendSign(dst, us)
	if short := threeDigits(n); short < minute {
		switch {
		case short < millisecond:
			return append(strconv.AppendUint(dst, short, 10), "us"...)
		case short < second:
			return append(appendScaled(dst, short, millisecond), "ms"...)
		}
		return append(appendScaled(dst, short, second), 's')
	}
	// No sum below can overflow: n is at most the magnitude of an int64.
	high, low, highUnit, lowUnit := (n+second/2)/second, uint64(0), "min", "s"
	if high >= 60*60 {
		high, highUnit, lowUnit = (high+30)/60, "h", "min"
	}
	high, low = high/60, high%60
	dst = append(strconv.AppendUint(dst, high, 10), highUnit...)
	if low > 0 {
		dst = append(strconv.AppendUint(dst, low, 10), lowUnit...)
	}
	return dst
}

// rateUnits are powers of a thousand bits a second.
var rateUnits = [...]string{"bps", "kbps", "Mbps", "Gbps"}

// appendRate appends bytes a second as bits a second in three significant
// digits, the way that links are sold: "98.4Mbps".
func appendRate(dst []byte, bytes int64) []byte {
	dst, n := appendSign(dst, bytes)
	bits := uint64(math.MaxUint64)
	if n <= bits/8 {
		bits = n * 8
	}
	bits = threeDigits(bits)
	unit, scale := 0, uint64(1)
	for unit < len(rateUnits)-1 && bits/scale >= 1000 {
		unit, scale = unit+1, scale*1000
	}
	return append(appendScaled(dst, bits, scale), rateUnits[unit]...)
}

// appendSign appends the sign of a negative number, and returns its magnitude.
func appendSign(dst []byte, n int64) ([]byte, uint64) {
	if n >= 0 {
		return dst, uint64(n)
	}
	return append(dst, '-'), -uint64(n)
}

// threeDigits rounds n to three significant digits.
func threeDigits(n uint64) uint64 {
	step := uint64(1)
	for most := n / 1000; step <= most; {
		step *= 10
	}
	rounded := n / step * step
	if n-rounded >= step-step/2 && rounded <= math.MaxUint64-step {
		rounded += step
	}
	return rounded
}

// appendScaled appends n/scale without trailing zeros; scale is a power of ten.
func appendScaled(dst []byte, n, scale uint64) []byte {
	dst = strconv.AppendUint(dst, n/scale, 10)
	rest := n % scale
	if rest == 0 {
		return dst
	}
	dst = append(dst, '.')
	for ; rest > 0; rest %= scale {
		scale /= 10
		dst = append(dst, '0'+byte(rest/scale))
	}
	return dst
}
