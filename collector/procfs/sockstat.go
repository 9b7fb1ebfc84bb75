package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// TCPAllocated returns how many TCP sockets of both families the machine has,
// those of other network namespaces included: the number that says how long a
// walk through the kernel's hash tables takes, which all namespaces share.
func (f FS) TCPAllocated() (int, error) {
	file, err := f.openNet("sockstat")
	if err != nil {
		return 0, err
	}
	defer file.Close()
	n, err := ParseSockstat(file)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", file.Name(), err)
	}
	return n, nil
}

// ParseSockstat reads the number behind "alloc" in the line "TCP:"
// (sockstat_seq_show in net/ipv4/proc.c).
func ParseSockstat(r io.Reader) (int, error) {
	lines := newLineReader(r, factBuffer)
	for {
		line, whole, err := lines.next()
		if err == io.EOF {
			return 0, errors.New("no line TCP")
		}
		if err != nil {
			return 0, err
		}
		rest, found := bytes.CutPrefix(line, []byte("TCP: "))
		if !found || !whole {
			continue
		}
		w := words{rest}
		for name := w.next(); len(name) > 0; name = w.next() {
			value, ok := decimal32(w.next())
			if ok && string(name) == "alloc" {
				return int(value), nil
			}
		}
		return 0, errors.New("no number alloc in line TCP")
	}
}
