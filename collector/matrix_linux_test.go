package collector

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// The tests of this file ask the kernel whether why.Decide is right: they make
// sockets, let the collector find them, and compare what Decide makes of the
// rows with what bind and listen do.

// wish is a socket that somebody wants to bind, or has bound.
type wish struct {
	proto       socket.Proto
	addr        netip.Addr
	v6only      bool
	reuse, port bool
	uid         int
	device      string
	multipath   bool // MPTCP, in the table of TCP
}

func (w wish) String() string {
	return fmt.Sprintf("%s %s (v6only %v, reuseaddr %v, reuseport %v) uid %d dev %q", w.proto, w.addr, w.v6only, w.reuse, w.port, w.uid, w.device)
}

func (w wish) bind(port int) why.Bind {
	return why.Bind{
		Proto: w.proto, Addr: w.addr, Port: uint16(port), V6Only: socket.TriOf(w.v6only),
		ReuseAddr: w.reuse, ReusePort: w.port, UID: uint32(w.uid), Device: w.device, Privileged: socket.Yes,
	}
}

func (w wish) stream() bool { return w.proto == socket.TCP }

// open makes the socket with all its options, and does not bind it.
func (w wish) open() (fd int, err error) {
	family, kind, protocol := unix.AF_INET, unix.SOCK_DGRAM, 0
	if w.addr.Is6() {
		family = unix.AF_INET6
	}
	switch {
	case w.multipath:
		kind, protocol = unix.SOCK_STREAM, unix.IPPROTO_MPTCP
	case w.stream():
		kind = unix.SOCK_STREAM
	case w.proto == socket.UDPLite:
		protocol = unix.IPPROTO_UDPLITE
	}
	if fd, err = unix.Socket(family, kind|unix.SOCK_CLOEXEC, protocol); err != nil {
		return -1, err
	}
	set := func(level, option int, on bool) {
		if on {
			err = errors.Join(err, unix.SetsockoptInt(fd, level, option, 1))
		}
	}
	set(unix.SOL_SOCKET, unix.SO_REUSEADDR, w.reuse)
	set(unix.SOL_SOCKET, unix.SO_REUSEPORT, w.port)
	if family == unix.AF_INET6 && w.uid >= 0 {
		set(unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, w.v6only)
	}
	if w.device != "" {
		err = errors.Join(err, unix.BindToDevice(fd, w.device))
	}
	// The owner of a socket is that of its file.
	if w.uid > 0 {
		err = errors.Join(err, unix.Fchown(fd, w.uid, -1))
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// at is the wish's address as bind takes it.
func at(addr netip.Addr, port int) unix.Sockaddr {
	if addr.Is4() {
		return &unix.SockaddrInet4{Addr: addr.As4(), Port: port}
	}
	return &unix.SockaddrInet6{Addr: addr.As16(), Port: port, ZoneId: zoneID(addr.Zone())}
}

// zoneID is the number of an interface.
func zoneID(zone string) uint32 {
	if zone == "" {
		return 0
	}
	if l, err := net.InterfaceByName(zone); err == nil {
		return uint32(l.Index)
	}
	id, _ := strconv.Atoi(zone)
	return uint32(id)
}

// attempt binds, listens and closes, and tells the error.
func (w wish) attempt(port int) string {
	fd, err := w.open()
	if err != nil {
		return unix.ErrnoName(errnoOf(err))
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, at(w.addr, port)); err != nil {
		return unix.ErrnoName(errnoOf(err))
	}
	if w.stream() {
		if err := unix.Listen(fd, 5); err != nil {
			return unix.ErrnoName(errnoOf(err))
		}
	}
	return ""
}

func errnoOf(err error) unix.Errno {
	var errno unix.Errno
	errors.As(err, &errno)
	return errno
}

// bridge is an interface without addresses.
const bridge = "br9"

// notOnly is the address that the kernel gives to IPv6 sockets that have none of
// IPv4 (LOOPBACK4_IPV6).
var notOnly = netip.AddrFrom4([4]byte{127, 0, 0, 6})

// addresses are those that are wanted, and what IPV6_V6ONLY goes with them.
func addresses() []wish {
	mapped := func(s string) netip.Addr { return netip.AddrFrom16(netip.MustParseAddr(s).As16()) }
	return []wish{
		{addr: netip.MustParseAddr("127.0.0.1")},
		{addr: netip.MustParseAddr("127.0.0.2")},
		{addr: notOnly},
		{addr: netip.IPv4Unspecified()},
		{addr: netip.IPv6Loopback()},
		{addr: netip.IPv6Unspecified(), v6only: true},
		{addr: netip.IPv6Unspecified()},
		{addr: mapped("127.0.0.1")},
		{addr: mapped("0.0.0.0")},
	}
}

// wishes are all there are of a protocol.
func wishes(proto socket.Proto, uids []int, devices []string) []wish {
	var all []wish
	for _, w := range addresses() {
		for options := range 4 {
			for _, uid := range uids {
				for _, device := range devices {
					w.proto, w.reuse, w.port, w.uid, w.device = proto, options&1 != 0, options&2 != 0, uid, device
					all = append(all, w)
				}
			}
		}
	}
	return all
}

// arena is a network namespace of its own, and what Decide is told of it.
type arena struct {
	*testing.T
	rng     *rand.Rand
	machine *machine.Machine
	next    int // the next port that nobody had
	servers [2]int
	full    [2]int // listeners that take no more connections
	taken   []int  // what the servers have accepted
}

// The ports that the kernel chooses from, and those of the servers.
const (
	firstEphemeral, lastEphemeral = 40_000, 65_000
	serverPort, fullPort          = 900, 901
)

// newArena prepares the namespace that the test runs in.
func newArena(t *testing.T, seed uint64) *arena {
	t.Helper()
	var files unix.Rlimit
	if must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &files)); files.Cur < 15_000 {
		t.Skipf("needs 15000 descriptors and may have %d", files.Cur)
	}
	must(t, os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", fmt.Appendf(nil, "%d %d", firstEphemeral, lastEphemeral), 0))
	a := &arena{T: t, rng: rand.New(rand.NewPCG(seed, 0)), next: 10_000}
	lo, limit := machine.Link{
		Index: 1, Name: "lo", Up: true,
		Addr: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8"), netip.MustParsePrefix("::1/128")},
	}, uint16(1024)
	a.machine = &machine.Machine{
		UnprivilegedPorts: &limit, IPv6: socket.Yes, V6Only: socket.No,
		NonlocalBind4: socket.No, NonlocalBind6: socket.No, AcceptL3TCP: socket.No, AcceptL3UDP: socket.No,
		Local4: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Local6: []netip.Addr{netip.IPv6Loopback()}, HasLocal: true,
		Links: []machine.Link{lo}, HasLinks: true,
	}
	if fd := open(t, unix.AF_INET, unix.SOCK_DGRAM, 0); addBridge(fd) == nil {
		a.machine.Links = append(a.machine.Links, machine.Link{Index: 2, Name: bridge})
	}
	for i, loopback := range []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()} {
		a.servers[i] = a.serve(loopback, serverPort, 4096)
		a.full[i] = a.serve(loopback, fullPort, 0)
		must(t, unix.Connect(open(t, familyOf(loopback), unix.SOCK_STREAM, 0), at(loopback, fullPort)))
	}
	return a
}

func addBridge(fd int) error {
	name := append([]byte(bridge), 0)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCBRADDBR, uintptr(unsafe.Pointer(&name[0]))); errno != 0 {
		return errno
	}
	return nil
}

func familyOf(a netip.Addr) int {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

func (a *arena) serve(addr netip.Addr, port, backlog int) int {
	a.Helper()
	fd := bound(a.T, familyOf(addr), unix.SOCK_STREAM, 0, at(addr, port))
	must(a.T, unix.Listen(fd, backlog))
	return fd
}

// devices are the interfaces that sockets can be bound to.
func (a *arena) devices() []string {
	all := []string{""}
	for _, l := range a.machine.Links {
		all = append(all, l.Name)
	}
	return all
}

// rows are what the collector tells of the ports where nothing is on its way
// from one state to another. An acknowledgement may be put off for some time, and
// never comes where two connections differ by their interface only.
func (a *arena) rows() map[int][]*socket.Socket {
	a.Helper()
	q := everything(socket.TCP, socket.UDP, socket.UDPLite)
	q.Details |= socket.DetailReuse | socket.DetailTimer
	var byPort map[int][]*socket.Socket
	var moving map[int]bool
	for last, same := 0, 0; same < 5; {
		all, _ := report(a.T, Options{}, q)
		byPort, moving = map[int][]*socket.Socket{}, map[int]bool{}
		for _, s := range all {
			port := int(s.Local.Port)
			byPort[port] = append(byPort[port], s)
			if s.State == socket.FinWait1 || s.State == socket.Closing || s.State == socket.LastAck {
				moving[port] = true
			}
		}
		if len(moving) == 0 {
			return byPort
		}
		if same++; len(moving) != last {
			last, same = len(moving), 0
		}
		time.Sleep(50 * time.Millisecond)
	}
	if len(moving) > len(byPort)/20 {
		a.Fatalf("%d of %d connections do not come to an end", len(moving), len(byPort))
	}
	for port := range moving {
		delete(byPort, port)
	}
	return byPort
}

// score counts how it went.
type score struct{ total, free, taken, refused, unclear, wrong int }

// judge compares Decide with the kernel for one wish on one port, and tells
// whether the kernel let it have the port: then it remembers that, and the port
// is no longer what the rows tell.
func (a *arena) judge(n *score, what string, w wish, port int, rows []*socket.Socket) (passed bool) {
	a.Helper()
	got := why.Decide(w.bind(port), a.machine, rows)
	errno := w.attempt(port)
	n.total++
	fine := false
	switch got.Verdict {
	case why.Unclear:
		n.unclear++
		fine = errno == "" || errno == "EADDRINUSE"
		if fine && a.needless(w, port, rows, got) {
			n.wrong++
			a.Errorf("%s\nwanted %s\nUnclear without need, the kernel says %q\n%s", what, w, errno, tellRows(rows))
			return errno == ""
		}
	case why.Free:
		n.free++
		fine = errno == ""
	case why.Taken:
		n.taken++
		fine = errno == got.Errno
	case why.Refused:
		n.refused++
		fine = errno == got.Errno
	}
	if !fine {
		n.wrong++
		a.Errorf("%s\nwanted %s\nthe kernel says %q, Decide %v %s %+v\n%s", what, w, errno, got.Verdict, got.Errno, tellClashes(got), tellRows(rows))
	}
	if n.wrong > 20 {
		a.Fatal("and so on")
	}
	return errno == ""
}

// needless tells whether an Unclear is one that need not be: where everything is
// known of the sockets, and the kernel's memory of the port is out of the
// question; or where it is the same answer whatever the unknown may be.
func (a *arena) needless(w wish, port int, rows []*socket.Socket, got why.Decision) bool {
	unknown := false
	for _, s := range rows {
		unknown = unknown || s.Proto == w.proto && (s.Details == nil || s.Details.Reuse == nil)
	}
	if w.addr == notOnly && !w.stream() {
		return false // it depends on how many others are in a slot of the hash table
	}
	if !unknown {
		return !w.port || !remembered(w, rows)
	}
	seen := map[why.Verdict]bool{}
	for fill := range 1 << 4 {
		seen[why.Decide(w.bind(port), a.machine, filled(rows, fill, w.uid)).Verdict] = true
	}
	return len(seen) == 1 && !seen[why.Unclear]
}

// remembered tells whether rows have what the kernel may remember a port for.
func remembered(w wish, rows []*socket.Socket) bool {
	for _, s := range rows {
		if s.Proto == w.proto && s.Details.Reuse.Port == socket.Yes {
			return true
		}
	}
	return false
}

// filled are rows in which the unknown is as the bits of fill say.
func filled(rows []*socket.Socket, fill, uid int) []*socket.Socket {
	all := make([]*socket.Socket, len(rows))
	bit := func(n int) socket.Tri { return socket.TriOf(fill&(1<<n) != 0) }
	for i, s := range rows {
		c := *s
		if c.Details = c.Details.Clone(); c.Details == nil {
			c.Details = &socket.Details{}
		}
		if c.Details.Reuse == nil {
			c.Details.Reuse = &socket.Reuse{Address: bit(0), Port: bit(1)}
		}
		if c.Family == socket.IPv6 && c.V6Only == socket.Unknown {
			c.V6Only = bit(2)
		}
		if !c.HasUID {
			c.HasUID, c.UID = true, uint32(uid)
			if bit(3) == socket.No {
				c.UID++
			}
		}
		all[i] = &c
	}
	return all
}

func tellRows(rows []*socket.Socket) string {
	var b strings.Builder
	for _, s := range rows {
		fmt.Fprintf(&b, "  %s %s %s -> %s dev %q uid %d/%v v6only %d inode %d", s.Proto, s.State, s.Local.Addr, s.Remote.Addr, s.Device, s.UID, s.HasUID, s.V6Only, s.Inode)
		if s.Details != nil && s.Details.Reuse != nil {
			fmt.Fprintf(&b, " reuse %+v", *s.Details.Reuse)
		}
		if s.Details != nil && s.Details.Timer != nil {
			fmt.Fprintf(&b, " timer %+v", *s.Details.Timer)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func tellClashes(d why.Decision) string {
	var b strings.Builder
	for _, c := range d.Clashes {
		fmt.Fprintf(&b, "[%s blocking %d shares %d]", c.Overlap, c.Blocking, c.Shares)
	}
	return b.String()
}
