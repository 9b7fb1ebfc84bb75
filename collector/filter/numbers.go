package filter

import (
	"math"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/fact"
)

const (
	maxPort      = 1<<16 - 1
	maxEthertype = 1<<16 - 1
	maxUint32    = 1<<32 - 1
	maxPID       = 1<<22 - 1 // PID_MAX_LIMIT, include/linux/threads.h
)

func spellInt(n int64) string { return strconv.FormatInt(n, 10) }

func spellHex(n int64) string {
	if n < 0 {
		return spellInt(n)
	}
	return "0x" + strconv.FormatInt(n, 16)
}

// spell writes ranges as a list.
func (r Ranges) spell(low, high int64, spell func(int64) string) string {
	if len(r) == 0 {
		return "none"
	}
	parts := make([]string, len(r))
	for i, x := range r {
		switch {
		case x.First == x.Last:
			parts[i] = spell(x.First)
		case x.First <= low && x.Last >= high:
			parts[i] = "*"
		default:
			parts[i] = bound(x.First, low, "min", spell) + "-" + bound(x.Last, high, "max", spell)
		}
	}
	return strings.Join(parts, ",")
}

// bound writes one end of a range. The ends of what a number can be are words
// where they are not numbers that one would write.
func bound(n, end int64, name string, spell func(int64) string) string {
	if n == end && (end == math.MinInt64 || end == math.MaxInt64) {
		return name
	}
	return spell(n)
}

// spellCompare writes the operator and the operand of a comparison.
func spellCompare(kind fact.Kind, r Ranges) string {
	spell := spellerOf(kind)
	if len(r) == 1 {
		switch x := r[0]; {
		case x.First == x.Last:
			return "= " + spell(x.First)
		case x.First == math.MinInt64 && x.Last == math.MaxInt64:
		case x.Last == math.MaxInt64:
			return rounder(">", x.First-1, ">=", x.First, spell)
		case x.First == math.MinInt64:
			return rounder("<", x.Last+1, "<=", x.Last, spell)
		}
	}
	return "= " + r.spell(math.MinInt64, math.MaxInt64, spell)
}

// rounder writes the one of two spellings of the same bound that has the
// rounder number: "> 50ms" and not ">= 50001us", ">= 1000" and not "> 999".
func rounder(strict string, a int64, wide string, b int64, spell func(int64) string) string {
	x, y := spell(a), spell(b)
	if significant(x) <= significant(y) {
		return strict + " " + x
	}
	return wide + " " + y
}

// significant counts the digits of a number before the zeros at its end.
func significant(text string) int {
	digits := strings.TrimFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	return len(strings.TrimRight(digits, "0"))
}

// unit is a name for so many of something.
type unit struct {
	name string
	// of is how many of the unit of the kind one of this is; where that is less
	// than one, it is 1/per.
	of, per int64
}

// The units. Up to the one that is the unit of the kind, the largest that
// divides a number is the one it is printed in; what follows is read only. A
// number of bytes needs no unit.
var (
	microsecondUnits = [...]unit{
		{"h", 3600e6, 1},
		{"min", 60e6, 1},
		{"s", 1e6, 1},
		{"ms", 1e3, 1},
		{"us", 1, 1},
		{"µs", 1, 1},
		{"μs", 1, 1},
		{"m", 60e6, 1},
		{"sec", 1e6, 1},
		{"msec", 1e3, 1},
		{"usec", 1, 1},
	}
	millisecondUnits = [...]unit{
		{"h", 3600e3, 1},
		{"min", 60e3, 1},
		{"s", 1e3, 1},
		{"ms", 1, 1},
		{"m", 60e3, 1},
		{"sec", 1e3, 1},
		{"msec", 1, 1},
		{"us", 1, 1000},
		{"µs", 1, 1000},
		{"μs", 1, 1000},
		{"usec", 1, 1000},
	}
	byteUnits = [...]unit{
		{"TiB", 1 << 40, 1},
		{"GiB", 1 << 30, 1},
		{"MiB", 1 << 20, 1},
		{"KiB", 1 << 10, 1},
		{"B", 1, 1},
		{"TB", 1e12, 1},
		{"GB", 1e9, 1},
		{"MB", 1e6, 1},
		{"kB", 1e3, 1},
		{"T", 1e12, 1},
		{"G", 1e9, 1},
		{"M", 1e6, 1},
		{"k", 1e3, 1},
		{"bytes", 1, 1},
	}
	rateUnits = [...]unit{
		{"Gbps", 1e9, 8},
		{"Mbps", 1e6, 8},
		{"kbps", 1e3, 8},
		{"bps", 1, 8},
		{"GiB/s", 1 << 30, 1},
		{"MiB/s", 1 << 20, 1},
		{"KiB/s", 1 << 10, 1},
		{"GB/s", 1e9, 1},
		{"MB/s", 1e6, 1},
		{"kB/s", 1e3, 1},
		{"B/s", 1, 1},
		{"Gbit", 1e9, 8},
		{"Mbit", 1e6, 8},
		{"kbit", 1e3, 8},
		{"bit", 1, 8},
		{"GBps", 1e9, 1},
		{"MBps", 1e6, 1},
		{"kBps", 1e3, 1},
		{"Bps", 1, 1},
		{"Gb/s", 1e9, 8},
		{"Mb/s", 1e6, 8},
		{"kb/s", 1e3, 8},
		{"b/s", 1, 8},
		{"Gbit/s", 1e9, 8},
		{"Mbit/s", 1e6, 8},
		{"kbit/s", 1e3, 8},
		{"bit/s", 1, 8},
	}
	countUnits = [...]unit{{"k", 1e3, 1}, {"M", 1e6, 1}, {"G", 1e9, 1}}
)

func unitsOf(kind fact.Kind) []unit {
	switch kind {
	case fact.Microseconds:
		return microsecondUnits[:]
	case fact.Milliseconds:
		return millisecondUnits[:]
	case fact.Bytes:
		return byteUnits[:]
	case fact.ByteRate:
		return rateUnits[:]
	case fact.Count:
		return countUnits[:]
	}
	return nil
}

func spellerOf(kind fact.Kind) func(int64) string {
	switch kind {
	case fact.Count:
		return spellInt
	case fact.Flag:
		return spellFlag
	case fact.Hex:
		return spellHex
	}
	units := unitsOf(kind)
	return func(n int64) string { return spellUnit(n, units) }
}

func spellFlag(n int64) string {
	switch n {
	case 0:
		return "no"
	case 1:
		return "yes"
	}
	return spellInt(n)
}

// spellUnit writes a number in the largest unit of which it is a whole number.
func spellUnit(n int64, units []unit) string {
	for _, u := range units {
		size := u.of / u.per // 0 for what does not divide
		if u.of%u.per == 0 && n != 0 && n%size == 0 && u.name != "B" {
			return spellInt(n/size) + u.name
		}
		if u.of == u.per {
			break // the rest are other names
		}
	}
	return spellInt(n)
}
