package procfs

import (
	"errors"
	"io"
	"io/fs"
)

// Protocols returns how many sockets of each protocol the network namespace
// has, under the kernel's names: "TCP", "TCPv6", "UNIX-STREAM", "PACKET" and
// so on. A protocol whose module is not loaded is not in the map. The kernel's
// own netlink sockets are in the table of sockets and not in this count. The
// counts of names that come twice are added.
func (f FS) Protocols() (map[string]int, error) {
	file, err := f.openNet("protocols")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return ParseProtocols(file)
}

// ParseProtocols reads the table as Protocols does. A *MalformedError comes
// together with the good rows.
func ParseProtocols(r io.Reader) (map[string]int, error) {
	count := tally{table: "net/protocols"}
	sockets := make(map[string]int)
	err := count.each(r, func(line []byte) (bool, error) {
		w := words{line}
		name := w.next()
		_, okSize := decimal(w.next())
		n, okCount := decimal32(w.next())
		if len(name) == 0 || !okSize || !okCount {
			return false, nil
		}
		// The kernel prints a signed number.
		sockets[string(name)] += int(int32(n))
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return sockets, count.err()
}

// LacksIPv6 reports whether the tree has no list of IPv6 addresses, which every
// kernel with that family has (net/ipv6/addrconf.c). In a tree that has no
// network tables at all it proves nothing.
func (f FS) LacksIPv6() bool {
	file, err := f.openNet("if_inet6")
	if err == nil {
		file.Close()
	}
	return errors.Is(err, fs.ErrNotExist)
}
