package procfs

import (
	"errors"
	"fmt"
	"io"
)

// Numbers are what a file of counters says, by line and name: "TCP.alloc",
// "TcpExt.ListenDrops". A number that the kernel does not print is not there.
type Numbers map[string]int64

// TCPAllocated returns how many TCP sockets of both families the machine has,
// those of other network namespaces included: the number that says how long a
// walk through the kernel's hash tables takes, which all namespaces share.
func (f FS) TCPAllocated() (int, error) {
	numbers, err := f.Sockstat()
	if n, ok := numbers["TCP.alloc"]; ok {
		return int(n), nil
	}
	if err == nil {
		err = errors.New("no number alloc in line TCP of net/sockstat")
	}
	return 0, err
}

// Sockstat returns the counts of sockets (sockstat_seq_show in
// net/ipv4/proc.c). "TCP.alloc", "TCP.orphan" and all that is called "mem" are
// of the whole machine, the others of this network namespace. "TCP.inuse" are
// the sockets in the kernel's hash tables, of IPv4 here: neither TIME_WAIT nor
// what is only bound.
func (f FS) Sockstat() (Numbers, error) { return f.counters("sockstat", ParseSockstat) }

// Sockstat6 returns the counts of IPv6 sockets (sockstat6_seq_show in
// net/ipv6/proc.c). A kernel without that family has no such file.
func (f FS) Sockstat6() (Numbers, error) { return f.counters("sockstat6", ParseSockstat) }

func (f FS) counters(table string, parse func(io.Reader) (Numbers, error)) (Numbers, error) {
	file, err := f.openNet(table)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	numbers, err := parse(file)
	if err != nil {
		return numbers, fmt.Errorf("read %s: %w", file.Name(), err)
	}
	return numbers, nil
}

// ParseSockstat reads lines of a name and a colon, then pairs of a name and a
// number. A *MalformedError comes together with the numbers of good lines.
func ParseSockstat(r io.Reader) (Numbers, error) {
	count := tally{table: "net/sockstat"}
	numbers := Numbers{}
	lines := newLineReader(r, factBuffer)
	for {
		line, whole, err := lines.next()
		if err == io.EOF {
			return numbers, count.err()
		}
		if err != nil {
			return numbers, err
		}
		if !whole || !numbers.addPairs(line) {
			count.add(line)
		}
	}
}

// addPairs adds a line of pairs, or nothing of one that is malformed.
func (n Numbers) addPairs(line []byte) bool {
	title, rest, ok := cutTitle(line)
	if !ok {
		return false
	}
	for check := (words{rest}); len(check.next()) > 0; {
		if _, ok := signed(check.next()); !ok {
			return false
		}
	}
	for w := (words{rest}); ; {
		name := w.next()
		if len(name) == 0 {
			return true
		}
		n[title+"."+string(name)], _ = signed(w.next())
	}
}
