package rtnetlink

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

// settings reads /proc/sys/net, which shows the calling thread's namespace.
type settings struct {
	proc    procfs.FS
	sys     string
	unknown []string // names of those that could not be read
}

// read fills in what the settings decide.
func (s *settings) read(m *machine.Machine) {
	if first, last, err := s.proc.LocalPorts(); err == nil {
		m.Ephemeral = &machine.Ports{First: first, Last: last}
	} else {
		s.unknown = append(s.unknown, "ip_local_port_range")
	}
	if err := s.proc.ReservedPorts(func(first, last uint16) {
		m.Reserved = append(m.Reserved, machine.Ports{First: first, Last: last})
	}); err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.Reserved = nil
		s.unknown = append(s.unknown, "ip_local_reserved_ports")
	}
	// Before Linux 4.11 the limit could not be moved.
	if n, ok := s.number("ipv4", "ip_unprivileged_port_start", 1024); ok && n >= 0 && n <= 0xffff {
		start := uint16(n)
		m.UnprivilegedPorts = &start
	}
	m.NonlocalBind4 = s.tri("ipv4", "ip_nonlocal_bind", 0)
	// A kernel without L3 master devices has no VRFs, and finds sockets as one
	// does that accepts across them (inet_bound_dev_eq).
	m.AcceptL3TCP = s.tri("ipv4", "tcp_l3mdev_accept", 1)
	m.AcceptL3UDP = s.tri("ipv4", "udp_l3mdev_accept", 1)
	if m.IPv6 = s.ipv6(); m.IPv6 == socket.Yes {
		m.NonlocalBind6 = s.tri("ipv6", "ip_nonlocal_bind", 0)
		m.V6Only = s.tri("ipv6", "bindv6only", 0)
	}
}

// ipv6 tells whether there is IPv6. Asking the kernel for a socket would load
// the module, so where there is none, nobody knows what a program would get.
func (s *settings) ipv6() socket.Tri {
	if isDir(s.proc.Dir(), "sys/net/ipv6") {
		return socket.Yes
	}
	if isDir(s.sys, "module/ipv6") && isDir(s.proc.Dir(), "sys/net/ipv4") {
		return socket.No // ipv6.disable=1
	}
	return socket.Unknown
}

// tri is a setting that is a number which stands for no when it is 0.
func (s *settings) tri(family, name string, absent int) socket.Tri {
	n, ok := s.number(family, name, absent)
	if !ok {
		return socket.Unknown
	}
	return socket.TriOf(n != 0)
}

// number reads a setting; absent is its value in a kernel that does not have it.
func (s *settings) number(family, name string, absent int) (int, bool) {
	b, err := os.ReadFile(filepath.Join(s.proc.Dir(), "sys/net", family, name))
	if errors.Is(err, fs.ErrNotExist) && isDir(s.proc.Dir(), "sys/net", family) {
		return absent, true
	}
	n, parseErr := strconv.Atoi(string(bytes.TrimSpace(b)))
	if err != nil || parseErr != nil {
		s.unknown = append(s.unknown, name)
		return 0, false
	}
	return n, true
}

// notices tells what could not be read.
func (s *settings) notices() []socket.Notice {
	if len(s.unknown) == 0 {
		return nil
	}
	return []socket.Notice{{
		Code: "settings-unreadable", Count: len(s.unknown),
		Message: "settings of the network could not be read: " + strings.Join(s.unknown, ", "),
		Hint:    "look whether /proc/sys is mounted, and whole",
	}}
}

func isDir(elem ...string) bool {
	info, err := os.Stat(filepath.Join(elem...))
	return err == nil && info.IsDir()
}
