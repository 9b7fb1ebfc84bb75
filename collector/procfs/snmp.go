package procfs

import (
	"bytes"
	"errors"
	"io"
	"math"
)

// SNMP returns the counters of net/snmp (snmp_seq_show in net/ipv4/proc.c).
// They are of this network namespace, and of both families where they are
// about TCP.
func (f FS) SNMP() (Numbers, error) { return f.counters("snmp", ParseSNMP) }

// Netstat returns the counters of net/netstat (netstat_seq_show in
// net/ipv4/proc.c), counted since the network namespace was made.
func (f FS) Netstat() (Numbers, error) { return f.counters("netstat", ParseSNMP) }

// ParseSNMP reads pairs of lines that begin with the same name and a colon: the
// first names what the second counts. New kernels add names at any place. A
// *MalformedError comes together with the numbers of good pairs.
func ParseSNMP(r io.Reader) (Numbers, error) {
	count := tally{table: "net/snmp"}
	numbers := Numbers{}
	lines := newLineReader(r, tableBuffer)
	for {
		line, whole, err := lines.next()
		if err == io.EOF {
			return numbers, count.err()
		}
		if err != nil {
			return numbers, err
		}
		names := bytes.Clone(line)
		values, wholeToo, err := lines.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return numbers, err
		}
		if !whole || !wholeToo || !numbers.addColumns(names, values) {
			count.add(names)
		}
	}
}

// addColumns adds a pair of lines, or nothing of one that is malformed.
func (n Numbers) addColumns(names, values []byte) bool {
	title, names, ok := cutTitle(names)
	same, values, okToo := cutTitle(values)
	if !ok || !okToo || title != same {
		return false
	}
	for name, value := (words{names}), (words{values}); ; {
		key, word := name.next(), value.next()
		if len(key) == 0 && len(word) == 0 {
			break
		}
		if _, ok := signed(word); !ok || len(key) == 0 {
			return false
		}
	}
	for name, value := (words{names}), (words{values}); ; {
		key := name.next()
		if len(key) == 0 {
			return true
		}
		n[title+"."+string(key)], _ = signed(value.next())
	}
}

// cutTitle cuts the name and the colon that a line of counters begins with.
func cutTitle(line []byte) (title string, rest []byte, ok bool) {
	before, rest, ok := bytes.Cut(line, []byte(": "))
	return string(before), rest, ok && len(before) > 0
}

// signed reads a decimal number with or without a sign.
func signed(word []byte) (int64, bool) {
	digits, negative := bytes.CutPrefix(word, []byte{'-'})
	n, ok := decimal(digits)
	if !ok || n > math.MaxInt64 {
		return 0, false
	}
	if negative {
		return -int64(n), true
	}
	return int64(n), true
}
