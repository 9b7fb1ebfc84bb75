package collector

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// TestMatrixObstacles compares Decide with the kernel where no socket is in the
// way: addresses of all kinds, here and elsewhere, with each interface, port and
// user.
func TestMatrixObstacles(t *testing.T) {
	if !private(t, 0) {
		return
	}
	a := newArena(t, 5)
	if len(a.machine.Links) < 2 {
		t.Skip("the kernel has no bridges")
	}
	a.settle()
	sysctl := func(name string, on socket.Tri) {
		must(t, os.WriteFile("/proc/sys/net/"+name, fmt.Appendf(nil, "%d", on-socket.No), 0))
	}
	n := 0
	for _, nonlocal := range []socket.Tri{socket.No, socket.Yes} {
		sysctl("ipv4/ip_nonlocal_bind", nonlocal)
		sysctl("ipv6/ip_nonlocal_bind", nonlocal)
		a.machine.NonlocalBind4, a.machine.NonlocalBind6 = nonlocal, nonlocal
		for _, only := range []socket.Tri{socket.No, socket.Yes} {
			sysctl("ipv6/bindv6only", only)
			a.machine.V6Only = only
			for _, privileged := range []bool{true, false} {
				asUser(t, privileged, func() {
					for _, b := range a.lonely() {
						b.Privileged = socket.TriOf(privileged)
						a.judgeAlone(b)
						n++
					}
				})
			}
		}
	}
	t.Logf("%d combinations", n)
}

// pair is an interface with addresses and a neighbour.
const pair = "v0"

// settle gives the interfaces addresses, one of which stays tentative.
func (a *arena) settle() {
	a.Helper()
	for _, line := range []string{
		"link add " + pair + " type veth peer name v1", "link set " + pair + " up", "link set v1 up",
		"address add 10.9.8.7/24 broadcast + dev " + pair,
		"address add fe80::1/64 nodad dev lo", "address add 2001:db8::1/64 nodad dev lo",
		"address add fe80::2/64 nodad dev " + pair, "address add 2001:db8::2/64 nodad dev " + pair,
		"address add 2001:db8::3/64 dev " + bridge, // which has no carrier, so that nothing can be found out
	} {
		if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			a.Fatalf("ip %s: %v\n%s", line, err, out)
		}
	}
	addresses := func(all ...string) (prefixes []netip.Prefix) {
		for _, p := range all {
			prefixes = append(prefixes, netip.MustParsePrefix(p))
		}
		return prefixes
	}
	index, err := net.InterfaceByName(pair)
	must(a.T, err)
	links := a.machine.Links
	links[0].Addr = append(links[0].Addr, addresses("fe80::1/64", "2001:db8::1/64")...)
	links[1].Addr = addresses("2001:db8::3/64")
	a.machine.Links = append(links, machine.Link{
		Index: index.Index, Name: pair, Up: true, Addr: addresses("10.9.8.7/24", "fe80::2/64", "2001:db8::2/64"),
	})
	a.machine.Local4 = append(a.machine.Local4, addresses("10.9.8.7/32", "10.9.8.255/32")...)
	for _, p := range addresses("fe80::1/64", "2001:db8::1/64", "fe80::2/64", "2001:db8::2/64") {
		a.machine.Local6 = append(a.machine.Local6, p.Addr())
	}
	a.machine.Tentative6 = []netip.Addr{netip.MustParseAddr("2001:db8::3")}
}

// asUser runs f as root or, on a thread of its own, as somebody.
func asUser(t *testing.T, root bool, f func()) {
	t.Helper()
	if root {
		f()
		return
	}
	done := make(chan unix.Errno)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		_, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, 1000, 1000, 1000)
		if errno == 0 {
			f()
		}
		done <- errno
	}()
	if errno := <-done; errno != 0 {
		t.Fatalf("setresuid: %v", errno)
	}
}

// lonely are binds that no socket is in the way of.
func (a *arena) lonely() []why.Bind {
	var all []why.Bind
	for _, text := range []string{
		"0.0.0.0", "0.0.0.1", "127.0.0.1", "127.9.9.9", "255.255.255.255", "224.0.0.1", "240.0.0.1",
		"10.9.8.7", "10.9.8.255", "10.9.8.8", "192.0.2.1",
		"::", "::1", "::1%" + pair, "2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::9", "2001:db8::9%lo",
		"fe80::1", "fe80::1%lo", "fe80::1%" + pair, "fe80::2%" + pair, fmt.Sprintf("fe80::2%%%d", zoneID(pair)), "fe80::2%99", "fe80::9%lo",
		"ff01::1", "ff02::1", "ff02::1%lo", "ff02::1%99", "ff05::1",
		"::ffff:0.0.0.0", "::ffff:127.0.0.1", "::ffff:10.9.8.7", "::ffff:192.0.2.1", "::ffff:224.0.0.1",
	} {
		for _, proto := range []socket.Proto{socket.TCP, socket.UDP} {
			for _, only := range []socket.Tri{socket.Unknown, socket.No, socket.Yes} {
				for _, device := range []string{"", "lo", pair, "nowhere"} {
					for _, port := range []uint16{80, 1024} {
						all = append(all, why.Bind{Proto: proto, Addr: netip.MustParseAddr(text), Port: port, V6Only: only, Device: device})
					}
				}
			}
		}
	}
	return all
}

// judgeAlone compares what Decide says of a bind where there is no socket. Threads
// of other users come here, so it must not end the test.
func (a *arena) judgeAlone(b why.Bind) {
	got := why.Decide(b, a.machine, nil)
	if errno := bindAlone(b); got.Errno != errno || (got.Verdict == why.Free) != (errno == "") || got.Verdict == why.Unclear {
		a.Errorf("%+v: the kernel says %q, Decide %v %s %s", b, errno, got.Verdict, got.Errno, got.Obstacle)
	}
}

// bindAlone does what b says.
func bindAlone(b why.Bind) string {
	w := wish{proto: b.Proto, addr: b.Addr, device: b.Device, uid: -1}
	fd, err := w.open()
	if err == nil {
		defer unix.Close(fd)
		if b.V6Only != socket.Unknown && b.Addr.Is6() {
			err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, int(b.V6Only-socket.No))
		}
	}
	if err == nil {
		err = unix.Bind(fd, at(b.Addr, int(b.Port)))
	}
	if err == nil && w.stream() {
		err = unix.Listen(fd, 1)
	}
	if err == nil {
		return ""
	}
	return unix.ErrnoName(errnoOf(err))
}
