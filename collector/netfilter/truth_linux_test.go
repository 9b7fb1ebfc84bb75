package netfilter

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// The world of the truth test: this machine has two addresses of each family,
// beside those of lo, and listens on some ports with TCP and UDP. Another machine
// is at the other end of v0.
var (
	worldAddrs = []netip.Addr{
		netip.MustParseAddr("10.9.0.1"), netip.MustParseAddr("10.9.0.5"), netip.MustParseAddr("127.0.0.1"),
		netip.MustParseAddr("fd09::1"), netip.MustParseAddr("fd09::5"), netip.MustParseAddr("::1"),
	}
	worldPorts = []uint16{8000, 8001, 8002, 8003, 8004, 8005}
)

// world makes connections and tells where they arrive.
type world struct {
	t    *testing.T
	peer chan func() // runs in the namespace of the other machine
	from uint16      // next port to connect from: none is used twice
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, peer: make(chan func()), from: 20000}
	ready := make(chan int)
	go func() {
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			ready <- -1
			return
		}
		ready <- unix.Gettid()
		for f := range w.peer {
			f()
		}
	}()
	tid := <-ready
	if tid < 0 {
		t.Skip("no second network namespace")
	}
	shell(t, fmt.Sprintf(`ip link add v0 type veth peer name v1 netns %[1]d
ip link set v0 up
for a in 10.9.0.1/24 10.9.0.5/24; do ip addr add $a dev v0; done
for a in fd09::1/64 fd09::5/64; do ip addr add $a dev v0 nodad; done
there="nsenter --net=/proc/%[2]d/task/%[1]d/ns/net"
$there ip link set lo up
$there ip link set v1 up
$there ip addr add 10.9.0.2/24 dev v1
$there ip addr add fd09::2/64 dev v1 nodad`, tid, os.Getpid()))
	for _, port := range worldPorts {
		w.listen(port)
	}
	return w
}

// listen answers on all addresses with the address that was connected to.
func (w *world) listen(port uint16) {
	must := func(err error) { must(w.t, err) }
	tcp, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(err)
	must(unix.Bind(tcp, &unix.SockaddrInet6{Port: int(port)}))
	must(unix.Listen(tcp, 64))
	go func() {
		for {
			fd, _, err := unix.Accept(tcp)
			if err != nil {
				return
			}
			if name, err := unix.Getsockname(fd); err == nil {
				_, _ = unix.Write(fd, []byte(addrPort(name).String()))
			}
			unix.Close(fd)
		}
	}()
	// What a datagram was sent to, a socket for each address tells.
	for _, addr := range worldAddrs {
		udp := w.socket(addr, unix.SOCK_DGRAM)
		must(unix.Bind(udp, sockaddr(netip.AddrPortFrom(addr, port))))
		go func() {
			b := make([]byte, 16)
			for {
				_, from, err := unix.Recvfrom(udp, b, 0)
				if err != nil {
					return
				}
				_ = unix.Sendto(udp, []byte(netip.AddrPortFrom(addr, port).String()), 0, from)
			}
		}()
	}
}

func (w *world) socket(addr netip.Addr, kind int) int {
	family := unix.AF_INET6
	if addr.Is4() {
		family = unix.AF_INET
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0)
	must(w.t, err)
	return fd
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Addr: a.Addr().As4(), Port: int(a.Port())}
	}
	return &unix.SockaddrInet6{Addr: a.Addr().As16(), Port: int(a.Port())}
}

func addrPort(s unix.Sockaddr) netip.AddrPort {
	switch s := s.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(s.Addr), uint16(s.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(s.Addr).Unmap(), uint16(s.Port))
	}
	return netip.AddrPort{}
}

// reach connects and returns the address that answers, an invalid one where none
// does.
func (w *world) reach(proto socket.Proto, to netip.AddrPort, here bool) (answers netip.AddrPort) {
	w.from++
	from, try := w.from, func() { answers = w.connect(proto, to, w.from) }
	if from > 60000 {
		w.t.Fatal("too many connections")
	}
	if here {
		try()
		return answers
	}
	done := make(chan struct{})
	w.peer <- func() {
		defer close(done)
		try()
	}
	<-done
	return answers
}

func (w *world) connect(proto socket.Proto, to netip.AddrPort, from uint16) netip.AddrPort {
	kind := unix.SOCK_STREAM
	if proto == socket.UDP {
		kind = unix.SOCK_DGRAM
	}
	fd := w.socket(to.Addr(), kind)
	defer unix.Close(fd)
	any := netip.IPv4Unspecified()
	if to.Addr().Is6() {
		any = netip.IPv6Unspecified()
	}
	timeout := unix.NsecToTimeval(int64(time.Second))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		return netip.AddrPort{}
	}
	if err := unix.Bind(fd, sockaddr(netip.AddrPortFrom(any, from))); err != nil {
		return netip.AddrPort{}
	}
	if err := unix.Connect(fd, sockaddr(to)); err != nil {
		return netip.AddrPort{}
	}
	if proto == socket.UDP {
		if _, err := unix.Write(fd, []byte{1}); err != nil {
			return netip.AddrPort{}
		}
	}
	b := make([]byte, 64)
	n, err := unix.Read(fd, b)
	if err != nil {
		return netip.AddrPort{}
	}
	answer, _ := netip.ParseAddrPort(string(b[:n]))
	return answer
}

// check compares what the rules are said to do with what becomes of connections
// to all addresses and ports. It returns how often nothing was said.
func (w *world) check(forwards []machine.Forward, explain func() string) (asked, unknown int) {
	for _, proto := range [...]socket.Proto{socket.TCP, socket.UDP} {
		for _, addr := range worldAddrs {
			for _, port := range worldPorts {
				for _, here := range [...]bool{true, false} {
					if !here && addr.IsLoopback() {
						continue
					}
					asked++
					if !w.agrees(forwards, proto, netip.AddrPortFrom(addr, port), here, explain) {
						unknown++
					}
				}
			}
		}
	}
	return asked, unknown
}

// agrees returns false where nothing is said about the connection.
func (w *world) agrees(forwards []machine.Forward, proto socket.Proto, to netip.AddrPort, here bool, explain func() string) bool {
	var by *machine.Forward
	for i := range forwards {
		f := &forwards[i]
		catches := f.CatchesFromOutside
		if here {
			catches = f.CatchesFromHere
		}
		switch catches(proto, to.Addr(), to.Port()) {
		case socket.Unknown:
			return false
		case socket.Yes:
			if by != nil {
				w.t.Errorf("%s %s here=%t: caught by both\n\t%s\n\t%s\n%s", proto, to, here, by, f, explain())
				return true
			}
			by = f
		}
	}
	got := w.reach(proto, to, here)
	if by == nil {
		if got != to {
			w.t.Errorf("%s %s here=%t: nothing catches it, and %s answers\n%s", proto, to, here, got, explain())
		}
		return true
	}
	wants := by.Targets
	if wants == nil {
		wants = []netip.AddrPort{by.Target}
	}
	for _, want := range wants {
		port := want.Port()
		if port == 0 {
			port = to.Port()
		}
		if got.Port() == port && (!want.Addr().IsValid() || want.Addr() == got.Addr()) {
			return true
		}
	}
	w.t.Errorf("%s %s here=%t: %s answers, and it is caught by\n\t%s\n%s", proto, to, here, got, by, explain())
	return true
}

func TestTruthNftables(t *testing.T)        { truth(t, "nft", 1) }
func TestTruthIptablesNft(t *testing.T)     { truth(t, "iptables-nft", 2) }
func TestTruthIptablesLegacy(t *testing.T)  { truth(t, "iptables-legacy", 3) }
func TestTruthIP6tablesNft(t *testing.T)    { truth(t, "ip6tables-nft", 4) }
func TestTruthIP6tablesLegacy(t *testing.T) { truth(t, "ip6tables-legacy", 5) }

// truth makes rules at random and looks whether connections really go where the
// rules that are read say.
func truth(t *testing.T, kind string, stream uint64) {
	if !private(t) {
		return
	}
	w := newWorld(t)
	asked, unknown, rules := 0, 0, 0
	for seed := range uint64(truthRounds) {
		g := generator{rand.New(rand.NewPCG(seed, stream)), strings.HasPrefix(kind, "ip6")}
		script := g.script(kind)
		shell(t, flush+script)
		forwards, notices := Read("")
		if len(notices) > 0 {
			t.Fatal(notices)
		}
		a, u := w.check(forwards, func() string {
			return fmt.Sprintf("seed %d\n%s\n%s", seed, script, strings.Join(tellAll(forwards), "\n"))
		})
		asked, unknown, rules = asked+a, unknown+u, rules+len(forwards)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d connections, %d of them not decided, by %d rules", asked, unknown, rules)
	if unknown*3 > asked || rules < 2*truthRounds {
		t.Error("the rules say too little")
	}
}

// truthRounds is how many rulesets are made of each kind, of 120 connections each;
// it has been run with 300.
const truthRounds = 12
