package procfs

import (
	"bytes"
	"errors"
	"fmt"
)

// maxSysctl is far above the longest list of reserved ports.
const maxSysctl = 512 << 10

// LocalPorts returns the first and the last port that the kernel chooses from
// when a socket is given one (sys/net/ipv4/ip_local_port_range, of both
// families in spite of its place).
func (f FS) LocalPorts() (first, last uint16, err error) {
	path := f.path("sys", "net", "ipv4", "ip_local_port_range")
	b, err := f.readSetting(path, maxSysctl)
	if err != nil {
		return 0, 0, err
	}
	if first, last, err = parseLocalPorts(b); err != nil {
		return 0, 0, fmt.Errorf("read %s: %w", path, err)
	}
	return first, last, nil
}

func parseLocalPorts(b []byte) (first, last uint16, err error) {
	w := words{bytes.TrimSuffix(b, []byte{'\n'})}
	first, okFirst := port(w.next())
	last, okLast := port(w.next())
	if !okFirst || !okLast || first > last || len(w.next()) > 0 {
		return 0, 0, errors.New("not two ports")
	}
	return first, last, nil
}

// ReservedPorts calls yield with the first and the last port of each range that
// the kernel leaves out when it chooses one
// (sys/net/ipv4/ip_local_reserved_ports).
func (f FS) ReservedPorts(yield func(first, last uint16)) error {
	path := f.path("sys", "net", "ipv4", "ip_local_reserved_ports")
	b, err := f.readSetting(path, maxSysctl)
	if err != nil {
		return err
	}
	if err := parseReservedPorts(b, yield); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// parseReservedPorts reads the kernel's list of a bitmap: "8080,9148-9150", or
// an empty line (proc_do_large_bitmap in kernel/sysctl.c).
func parseReservedPorts(b []byte, yield func(first, last uint16)) error {
	b = bytes.TrimSuffix(b, []byte{'\n'})
	if len(b) == 0 {
		return nil
	}
	for element := range bytes.SplitSeq(b, []byte{','}) {
		from, to, isRange := bytes.Cut(element, []byte{'-'})
		if !isRange {
			to = from
		}
		first, okFirst := port(from)
		last, okLast := port(to)
		if !okFirst || !okLast || first > last {
			return errors.New("not a list of ports")
		}
		yield(first, last)
	}
	return nil
}

func port(word []byte) (uint16, bool) {
	n, ok := decimal(word)
	return uint16(n), ok && n <= 0xffff
}

// TimeWaitLimit returns how many TIME_WAIT sockets the network namespace may
// have; connections beyond that end without one (tcp_max_tw_buckets).
func (f FS) TimeWaitLimit() (int64, error) { return f.ipv4Number("tcp_max_tw_buckets") }

// TimeWaitReuse returns tcp_tw_reuse: whether connect() may take over the port
// of a TIME_WAIT socket to the same destination, 0 never, 1 always, 2 over
// loopback.
func (f FS) TimeWaitReuse() (int64, error) { return f.ipv4Number("tcp_tw_reuse") }

// ipv4Number reads a setting that is one number.
func (f FS) ipv4Number(name string) (int64, error) {
	path := f.path("sys", "net", "ipv4", name)
	b, err := f.readSetting(path, factBuffer)
	if err != nil {
		return 0, err
	}
	n, ok := signed(bytes.TrimSuffix(b, []byte{'\n'}))
	if !ok {
		return 0, fmt.Errorf("read %s: not a number", path)
	}
	return n, nil
}
