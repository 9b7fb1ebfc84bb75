package rtnetlink

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

// kernel is a Conn with links that this one may not have. A question is the
// message type and the first number that tells requests of one type apart.
type kernel struct {
	wire
	answers map[string][][]byte
	errnos  map[string]syscall.Errno
	// restless lists change this often while they are read.
	restless int
	asked    []string
	queue    [][]byte
	silent   bool // an answer never ends
}

func (k *kernel) dial(int) (Conn, error) { return k, nil }
func (k *kernel) Close() error           { return nil }

func (k *kernel) Send(request []byte) error {
	m, _, err := k.message(request)
	if err != nil {
		return err
	}
	question := fmt.Sprint(m.kind)
	switch {
	case m.kind == rtmGetRoute:
		r, _ := k.route(m.payload)
		question += fmt.Sprintf(" table %d", r.table)
	case m.kind >= genlControl && m.kind != rtmGetLink && m.kind != rtmGetAddr:
		k.attributes(m.payload[genlmsgLen:], func(kind uint16, value []byte) {
			n, _ := k.u32(value)
			question += fmt.Sprintf(" %d=%d", kind, n)
		})
	}
	k.asked = append(k.asked, question)
	flags := uint16(0)
	if k.restless > 0 {
		k.restless--
		flags = flagDumpIntr
	}
	var datagram []byte
	for _, payload := range k.answers[question] {
		datagram = append(datagram, k.envelope(77, flags, m.seq-1, payload)...) // old
		datagram = append(datagram, k.envelope(77, flags, m.seq, payload)...)
		datagram = append(datagram, k.envelope(nlmsgNoop, flags, m.seq, nil)...)
	}
	if len(datagram) > 0 {
		k.queue = append(k.queue, datagram)
	}
	end := k.envelope(nlmsgDone, flags, m.seq, k.uint32(0))
	if errno := k.errnos[question]; errno != 0 {
		end = k.envelope(nlmsgError, 0, m.seq, append(k.uint32(uint32(-int32(errno))), request[:headerLen]...))
	} else if m.flags&flagAck != 0 && m.flags&flagDump == 0 {
		end = k.envelope(nlmsgError, 0, m.seq, append(k.uint32(0), request[:headerLen]...))
	}
	k.queue = append(k.queue, end)
	return nil
}

func (k *kernel) Receive(b []byte) (int, error) {
	if k.silent || len(k.queue) == 0 {
		return 0, syscall.ETIMEDOUT
	}
	next := k.queue[0]
	k.queue = k.queue[1:]
	return copy(b, next), nil
}

func newKernel(w wire) *kernel {
	return &kernel{wire: w, answers: map[string][][]byte{}, errnos: map[string]syscall.Errno{}}
}

// look reads a machine from it, with the settings of no kernel.
func (k *kernel) look(t *testing.T) (*machine.Machine, []string) {
	t.Helper()
	r := reading{
		settings: settings{proc: procfs.FS{Root: tree(t, plainSettings())}, sys: t.TempDir()},
		wire:     k.wire, dial: k.dial,
	}
	m, notices := r.read()
	var codes []string
	for _, n := range notices {
		codes = append(codes, fmt.Sprintf("%s %d", n.Code, n.Count))
	}
	return m, codes
}

func TestMachine(t *testing.T) {
	t.Parallel()
	eachOrder(t, func(t *testing.T, w wire) {
		k := newKernel(w)
		inVRF := []([]byte){w.attribute(iflaMaster, w.uint32(9)), w.attribute(iflaLinkinfo, w.attribute(iflaInfoSlaveKind, terminated("vrf")))}
		k.answers["18"] = [][]byte{
			w.newLink(9, iffUp, w.named("red"), w.ofKind("vrf", w.attribute(iflaVRFTable, w.uint32(1000)))),
			w.newLink(1, iffUp, w.named("lo")),
			w.newLink(3, iffUp, append(inVRF, w.named("eth1"))...),
			w.newLink(4, iffUp, w.named("wg0"), w.ofKind("wireguard")),
			w.newLink(5, 0, w.named("wg1"), w.ofKind("wireguard")),
			w.newLink(6, iffUp, w.named("gnv"), w.ofKind("geneve", w.attribute(iflaGenevePort, bigEndian(6081)))),
			w.newLink(7, iffUp, w.named("away"), w.attribute(iflaLinkNetnsid, w.uint32(0)), w.ofKind("vxlan", w.attribute(iflaVXLANPort, bigEndian(4789)))),
			w.newLink(8, 0, w.named("down"), w.ofKind("vxlan", w.attribute(iflaVXLANPort, bigEndian(4790)))),
		}
		tentative := w.newAddress(1, "2001:db8::2/64")
		tentative[2] = ifaTentative
		k.answers["22"] = [][]byte{
			w.newAddress(1, "127.0.0.1/8"), w.newAddress(1, "2001:db8::1/64"), tentative,
			w.newAddress(1, "fe80::1/64"), w.newAddress(3, "2001:db8:1::1/64"), w.newAddress(99, "2001:db8:9::1/64"),
		}
		k.answers["26 table 255"] = [][]byte{w.newRoute("127.0.0.0/8", rtnLocal, 255), w.newRoute("10.0.0.0/8", rtnLocal, 7)}
		k.answers["26 table 1000"] = [][]byte{w.newRoute("192.0.2.1/32", rtnLocal, 1000), w.newRoute("192.0.2.0/24", 1, 1000)}
		k.errnos["26 table 254"] = syscall.ENOENT
		for name, id := range map[string]uint16{"wireguard": 40, "fou": 41, "l2tp": 42, "nfsd": 43, "nlctrl": 16} {
			k.answers["16"] = append(k.answers["16"], generic(w.attribute(ctrlAttrName, terminated(name)), w.attribute(ctrlAttrFamilyID, w.uint16(id))))
		}
		k.answers["40 1=4"] = [][]byte{generic(w.attribute(wgAttrListenPort, w.uint16(51820))), generic(w.attribute(8))}
		k.answers["41"] = [][]byte{generic(w.attribute(fouAttrPort, bigEndian(5555)))}
		k.answers["42"] = [][]byte{generic(w.attribute(l2tpAttrEncapType, w.uint16(0)), w.attribute(l2tpAttrUDPSport, w.uint16(1701)))}
		k.errnos["43"] = syscall.EOPNOTSUPP
		m, codes := k.look(t)
		if len(codes) > 0 {
			t.Errorf("notices %v", codes)
		}
		prefixes := func(texts ...string) (all []netip.Prefix) {
			for _, text := range texts {
				all = append(all, netip.MustParsePrefix(text))
			}
			return all
		}
		addresses := func(texts ...string) (all []netip.Addr) {
			for _, text := range texts {
				all = append(all, netip.MustParseAddr(text))
			}
			return all
		}
		start := uint16(1024)
		want := &machine.Machine{
			UnprivilegedPorts: &start, Ephemeral: &machine.Ports{First: 32768, Last: 60999},
			NonlocalBind4: socket.No, NonlocalBind6: socket.No, IPv6: socket.Yes, V6Only: socket.No,
			AcceptL3TCP: socket.No, AcceptL3UDP: socket.No,
			Local4:     prefixes("127.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32"),
			Local6:     addresses("2001:db8::1", "fe80::1%lo"),
			Tentative6: addresses("2001:db8::2"),
			HasLocal:   true, HasLinks: true,
			Links: []machine.Link{
				{Index: 1, Name: "lo", Up: true, Addr: prefixes("127.0.0.1/8", "2001:db8::1/64", "2001:db8::2/64", "fe80::1/64")},
				{Index: 3, Name: "eth1", VRF: 9, Up: true, Addr: prefixes("2001:db8:1::1/64")},
				{Index: 4, Name: "wg0", Kind: "wireguard", Up: true},
				{Index: 5, Name: "wg1", Kind: "wireguard"},
				{Index: 6, Name: "gnv", Kind: "geneve", Up: true},
				{Index: 7, Name: "away", Kind: "vxlan", Up: true},
				{Index: 8, Name: "down", Kind: "vxlan"},
				{Index: 9, Name: "red", Kind: "vrf", VRF: 9, Up: true, Local4: prefixes("192.0.2.1/32", "224.0.0.0/4", "255.255.255.255/32")},
			},
			KernelPorts: []machine.KernelPort{
				{Proto: socket.UDP, Port: 1701, Kind: "l2tp"},
				{Proto: socket.UDP, Port: 5555, Kind: "fou"},
				{Proto: socket.UDP, Port: 6081, Kind: "geneve", Link: "gnv"},
				{Proto: socket.UDP, Port: 51820, Kind: "wireguard", Link: "wg0"},
			},
		}
		if diff := cmp.Diff(want, m, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestNoModuleIsLoaded: families that are not there are not asked for by name.
func TestNoModuleIsLoaded(t *testing.T) {
	t.Parallel()
	k := newKernel(orders()["little-endian"])
	k.answers["18"] = [][]byte{k.newLink(4, iffUp, k.named("wg0"), k.ofKind("wireguard"))}
	k.look(t)
	if diff := cmp.Diff("18,22,26 table 255,26 table 254,16", strings.Join(k.asked, ",")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestWiped: the keys that come with the port of a wireguard do not stay.
func TestWiped(t *testing.T) {
	t.Parallel()
	k := newKernel(orders()["little-endian"])
	key := []byte("this is a private key, 32 bytes.")
	k.answers["40 1=4"] = [][]byte{generic(k.attribute(3, key), k.attribute(wgAttrListenPort, k.uint16(51820)))}
	c := client{wire: k.wire, conn: k, buf: make([]byte, receiveSize)}
	p, err := c.readWireguard(40, link{Link: machine.Link{Index: 4}})
	if err != nil || p.Port != 51820 {
		t.Fatal(p, err)
	}
	if strings.Contains(string(c.buf), string(key)) {
		t.Error("the key is in the buffer")
	}
}

func TestNotices(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		set  func(*kernel)
		want string
		ok   bool // links and addresses are known
	}{
		{"nothing wrong", func(*kernel) {}, "", true},
		{"links are refused", func(k *kernel) { k.errnos["18"] = syscall.EPERM }, "links-unreadable 0", false},
		{"addresses are refused", func(k *kernel) { k.errnos["22"] = syscall.EPERM }, "addresses-unreadable 0", false},
		{"routes are refused", func(k *kernel) { k.errnos["26 table 255"] = syscall.EPERM }, "routes-unreadable 0", false},
		{"families are refused", func(k *kernel) { k.errnos["16"] = syscall.EPERM }, "kernel-ports-unreadable 0", true},
		{"the list settles", func(k *kernel) { k.restless = attempts - 1 }, "", true},
		{"the list never settles", func(k *kernel) { k.restless = attempts }, "links-unreadable 0", true},
		{"wireguard is refused", func(k *kernel) {
			k.answers["18"] = [][]byte{k.newLink(4, iffUp, k.named("wg0"), k.ofKind("wireguard")), k.newLink(5, iffUp, k.named("wg1"), k.ofKind("wireguard"))}
			k.answers["16"] = [][]byte{generic(k.attribute(ctrlAttrName, terminated("wireguard")), k.attribute(ctrlAttrFamilyID, k.uint16(40)))}
			k.errnos["40 1=4"], k.errnos["40 1=5"] = syscall.EPERM, syscall.EPERM
		}, "wireguard-ports-hidden 2", true},
		{"wireguard is gone", func(k *kernel) {
			k.answers["18"] = [][]byte{k.newLink(4, iffUp, k.named("wg0"), k.ofKind("wireguard"))}
			k.answers["16"] = [][]byte{generic(k.attribute(ctrlAttrName, terminated("wireguard")), k.attribute(ctrlAttrFamilyID, k.uint16(40)))}
			k.errnos["40 1=4"] = syscall.ENODEV
		}, "", true},
		{"silence", func(k *kernel) { k.silent = true }, "links-unreadable 0,addresses-unreadable 0,routes-unreadable 0,kernel-ports-unreadable 0", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := newKernel(orders()["little-endian"])
			tt.set(k)
			m, codes := k.look(t)
			if diff := cmp.Diff(tt.want, strings.Join(codes, ",")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if m.HasLocal != tt.ok {
				t.Errorf("HasLocal = %v", m.HasLocal)
			}
		})
	}
}

// TestNoNetlink: a connection that cannot be opened is told, and what is in
// files is known still.
func TestNoNetlink(t *testing.T) {
	t.Parallel()
	r := reading{
		settings: settings{proc: procfs.FS{Root: tree(t, plainSettings())}, sys: t.TempDir()},
		dial:     func(int) (Conn, error) { return nil, errors.New("no netlink") },
		wire:     orders()["big-endian"],
	}
	m, notices := r.read()
	if m.HasLinks || m.HasLocal || m.Ephemeral == nil || len(notices) != 4 {
		t.Errorf("%+v\n%+v", m, notices)
	}
}

// TestLongRoutingTable: a router's table is not read to its end.
func TestLongRoutingTable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ local, want string }{
		{"192.0.2.1/32", ""},
		{"10.0.0.0/8", "routes-unreadable 0"},
	} {
		k := newKernel(orders()["little-endian"])
		k.answers["26 table 255"] = [][]byte{k.newRoute("127.0.0.0/8", rtnLocal, 255), k.newRoute(tt.local, rtnLocal, 255)}
		entry := k.newRoute("10.1.0.0/16", 1, tableMain)
		for range maxMain + 1 {
			k.answers["26 table 254"] = append(k.answers["26 table 254"], entry)
		}
		c := client{wire: k.wire, conn: &pages{kernel: k}, buf: make([]byte, receiveSize)}
		r := reading{}
		r.route(&c)
		var codes []string
		for _, n := range r.notices {
			codes = append(codes, fmt.Sprintf("%s %d", n.Code, n.Count))
		}
		if diff := cmp.Diff(tt.want, strings.Join(codes, ",")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.local, diff)
		}
	}
}

// pages cuts long answers as the kernel does.
type pages struct {
	*kernel
	rest []byte
}

func (p *pages) Receive(b []byte) (int, error) {
	for len(p.rest) == 0 {
		if len(p.queue) == 0 {
			return 0, syscall.ETIMEDOUT
		}
		p.rest, p.queue = p.queue[0], p.queue[1:]
	}
	n := 0
	for n < len(p.rest) {
		next := align4(int(p.order.Uint32(p.rest[n:])))
		if n+next > 32<<10 {
			break
		}
		n += next
	}
	copy(b, p.rest[:n])
	p.rest = p.rest[n:]
	return n, nil
}
