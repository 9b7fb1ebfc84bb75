package rtnetlink

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

func TestLink(t *testing.T) {
	t.Parallel()
	eachOrder(t, func(t *testing.T, w wire) {
		slave := w.attribute(iflaLinkinfo, w.attribute(iflaInfoSlaveKind, terminated("vrf")))
		bridged := w.attribute(iflaLinkinfo, w.attribute(iflaInfoSlaveKind, terminated("bridge")))
		master := w.attribute(iflaMaster, w.uint32(9))
		tests := []struct {
			name string
			in   []byte
			want link
			bad  bool
		}{
			{"hardware", w.newLink(2, iffUp, w.named("eth0")), link{Link: machine.Link{Index: 2, Name: "eth0", Up: true}}, false},
			{"down", w.newLink(2, 2, w.named("eth0")), link{Link: machine.Link{Index: 2, Name: "eth0"}}, false},
			{
				"vxlan", w.newLink(3, iffUp, w.named("v"), w.ofKind("vxlan", w.attribute(1, w.uint32(7)), w.attribute(iflaVXLANPort, bigEndian(8472)))),
				link{Link: machine.Link{Index: 3, Name: "v", Kind: "vxlan", Up: true}, port: 8472},
				false,
			},
			{
				"data before kind", w.newLink(3, iffUp, w.named("v"), w.attribute(iflaLinkinfo,
					w.attribute(iflaInfoData, w.attribute(iflaGenevePort, bigEndian(6081))), w.attribute(iflaInfoKind, terminated("geneve")))),
				link{Link: machine.Link{Index: 3, Name: "v", Kind: "geneve", Up: true}, port: 6081},
				false,
			},
			{
				"bareudp", w.newLink(3, iffUp, w.named("v"), w.ofKind("bareudp", w.attribute(iflaBareudpPort, bigEndian(6635)))),
				link{Link: machine.Link{Index: 3, Name: "v", Kind: "bareudp", Up: true}, port: 6635},
				false,
			},
			{
				"amt", w.newLink(3, iffUp, w.named("v"), w.ofKind("amt", w.attribute(iflaAMTRelayPort, bigEndian(2268)))),
				link{Link: machine.Link{Index: 3, Name: "v", Kind: "amt", Up: true}, port: 2268},
				false,
			},
			{
				"the data of another kind", w.newLink(3, iffUp, w.named("v"), w.ofKind("macvlan", w.attribute(iflaBareudpPort, bigEndian(6635)))),
				link{Link: machine.Link{Index: 3, Name: "v", Kind: "macvlan", Up: true}},
				false,
			},
			{
				"vrf", w.newLink(9, iffUp, w.named("red"), w.ofKind("vrf", w.attribute(iflaVRFTable, w.uint32(1000)))),
				link{Link: machine.Link{Index: 9, Name: "red", Kind: "vrf", Up: true}, table: 1000},
				false,
			},
			{
				"in a vrf", w.newLink(4, 0, w.named("eth1"), master, slave),
				link{Link: machine.Link{Index: 4, Name: "eth1"}, master: 9, slaveOfVRF: true},
				false,
			},
			{
				"in a bridge", w.newLink(4, 0, w.named("eth1"), master, bridged),
				link{Link: machine.Link{Index: 4, Name: "eth1"}, master: 9},
				false,
			},
			{
				"of another namespace", w.newLink(4, 0, w.named("v"), w.attribute(iflaLinkNetnsid, w.uint32(0))),
				link{Link: machine.Link{Index: 4, Name: "v"}, elsewhere: true},
				false,
			},
			{"hostile name", w.newLink(4, 0, w.named("\x1b[31m\xff")), link{Link: machine.Link{Index: 4, Name: "\x1b[31m\xff"}}, false},
			{"no name", w.newLink(4, 0), link{}, true},
			{"no index", w.newLink(0, 0, w.named("x")), link{}, true},
			{"short", w.newLink(4, 0)[:ifinfomsgLen-1], link{}, true},
		}
		for _, tt := range tests {
			got, ok := w.link(tt.in)
			if ok == tt.bad {
				t.Errorf("%s: ok = %v", tt.name, ok)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(link{})); ok && diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, diff)
			}
		}
	})
}

func TestAddress(t *testing.T) {
	t.Parallel()
	eachOrder(t, func(t *testing.T, w wire) {
		ip := func(s string) []byte { return netip.MustParseAddr(s).AsSlice() }
		old := w.newAddress(2, "2001:db8::1/64")
		old[2] = ifaTentative // in the header, from before IFA_FLAGS
		tests := []struct {
			name      string
			in        []byte
			want      string // "" for none
			tentative bool
		}{
			{"IPv4", w.newAddress(2, "192.0.2.1/24"), "192.0.2.1/24", false},
			{"IPv6", w.newAddress(2, "2001:db8::1/64"), "2001:db8::1/64", false},
			{"point to point", w.newAddress(2, "192.0.2.1/32", w.attribute(ifaAddress, ip("192.0.2.9")), w.attribute(ifaLocal, ip("192.0.2.1"))), "192.0.2.1/32", false},
			{"tentative", w.newAddress(2, "2001:db8::1/64", w.attribute(ifaAddress, ip("2001:db8::1")), w.attribute(ifaFlags, w.uint32(ifaTentative|0x100))), "2001:db8::1/64", true},
			{"tentative in the header", old, "2001:db8::1/64", true},
			{"optimistic", w.newAddress(2, "2001:db8::1/64", w.attribute(ifaAddress, ip("2001:db8::1")), w.attribute(ifaFlags, w.uint32(ifaTentative|ifaOptimistic))), "2001:db8::1/64", false},
			{"of another length", w.newAddress(2, "192.0.2.1/24", w.attribute(ifaAddress, ip("2001:db8::1"))), "", false},
			{"none", w.newAddress(2, "192.0.2.1/24", w.attribute(99)), "", false},
			{"no interface", w.newAddress(0, "192.0.2.1/24"), "", false},
			{"short", []byte{2, 32, 0, 0, 1, 0, 0}, "", false},
		}
		for _, tt := range tests {
			got, ok := w.address(tt.in)
			if ok != (tt.want != "") || ok && (got.prefix.String() != tt.want || got.tentative != tt.tentative || got.index != 2) {
				t.Errorf("%s: %+v, %v", tt.name, got, ok)
			}
		}
	})
}

func TestRoute(t *testing.T) {
	t.Parallel()
	eachOrder(t, func(t *testing.T, w wire) {
		change := func(b []byte, f func([]byte)) []byte { f(b); return b }
		local := func() []byte { return w.newRoute("10.1.0.0/16", rtnLocal, 70000) }
		tests := []struct {
			name string
			in   []byte
			want string
		}{
			{"local", local(), "10.1.0.0/16 70000 true"},
			{"broadcast", w.newRoute("10.1.255.255/32", rtnBroadcast, tableLocal), "10.1.255.255/32 255 true"},
			{"unicast", w.newRoute("10.1.0.0/16", 1, tableMain), "10.1.0.0/16 254 false"},
			{"unreachable default", w.newRoute("0.0.0.0/0", 7, tableMain), "0.0.0.0/0 254 false"},
			{"for one type of service", change(local(), func(b []byte) { b[3] = 8 }), ""},
			{"dead", change(local(), func(b []byte) { w.order.PutUint32(b[8:], rtnhDead) }), ""},
			{"IPv6", change(local(), func(b []byte) { b[0] = afInet6 }), ""},
			{"too long", change(local(), func(b []byte) { b[1] = 33 }), ""},
			{"short", local()[:rtmsgLen-1], ""},
		}
		for _, tt := range tests {
			r, ok := w.route(tt.in)
			got := ""
			if ok {
				got = r.prefix.String() + " " + itoa(int(r.table)) + map[bool]string{true: " true", false: " false"}[r.bindable]
			}
			if got != tt.want {
				t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
			}
		}
	})
}

func TestGeneric(t *testing.T) {
	t.Parallel()
	eachOrder(t, func(t *testing.T, w wire) {
		check := func(name string, got, want any) {
			t.Helper()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		one := func(p machine.KernelPort, ok bool) []machine.KernelPort {
			if !ok {
				return nil
			}
			return []machine.KernelPort{p}
		}
		none := []machine.KernelPort(nil)
		udp := func(kind string, number uint16) []machine.KernelPort {
			return []machine.KernelPort{{Proto: socket.UDP, Port: number, Kind: kind}}
		}
		name, id := w.family(generic(w.attribute(ctrlAttrName, terminated("fou")), w.attribute(ctrlAttrFamilyID, w.uint16(33))))
		check("family", []any{name, id}, []any{"fou", uint16(33)})
		check("fou", one(w.fou(generic(w.attribute(fouAttrPort, bigEndian(5555)), w.attribute(fouAttrType, []byte{1})))), udp("fou", 5555))
		check("gue", one(w.fou(generic(w.attribute(fouAttrType, []byte{fouTypeGUE}), w.attribute(fouAttrPort, bigEndian(6080))))), udp("gue", 6080))
		check("fou without a port", one(w.fou(generic())), none)
		check("l2tp", one(w.l2tp(generic(w.attribute(l2tpAttrEncapType, w.uint16(l2tpEncapUDP)), w.attribute(l2tpAttrUDPSport, w.uint16(1701))))), udp("l2tp", 1701))
		check("l2tp over IP", one(w.l2tp(generic(w.attribute(l2tpAttrEncapType, w.uint16(1)), w.attribute(l2tpAttrUDPSport, w.uint16(1701))))), none)
		check("wireguard", w.wireguard(generic(w.attribute(3, make([]byte, 32)), w.attribute(wgAttrListenPort, w.uint16(51820)))), uint16(51820))
		check("wireguard, more peers", w.wireguard(generic(w.attribute(8))), uint16(0))
		listener := func(transport string, family uint16, number uint16) []byte {
			addr := append(append(w.uint16(family), bigEndian(number)...), make([]byte, 124)...)
			return w.attribute(nfsdAttrSockAddr, w.attribute(nfsdAttrTransport, terminated(transport)), w.attribute(nfsdAttrAddr, addr))
		}
		check("nfsd", w.nfsd(generic(listener("tcp", afInet, 2049), listener("udp", afInet6, 2049), listener("rdma", afInet, 20049), listener("tcp", 1, 2050))),
			[]machine.KernelPort{{Proto: socket.TCP, Port: 2049, Kind: "nfsd"}, {Proto: socket.UDP, Port: 2049, Kind: "nfsd"}})
		check("nfsd without", w.nfsd(generic()), none)
	})
}
