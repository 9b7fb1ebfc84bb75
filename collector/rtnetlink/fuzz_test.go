package rtnetlink

import (
	"bytes"
	"net/netip"
	"strconv"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

// FuzzDecode feeds every decoder; none may panic, and what they accept has to
// make sense.
func FuzzDecode(f *testing.F) {
	for _, w := range orders() {
		f.Add(w.newLink(3, iffUp, w.named("v"), w.ofKind("vxlan", w.attribute(iflaVXLANPort, bigEndian(8472)))))
		f.Add(w.newLink(9, iffUp, w.named("red"), w.ofKind("vrf", w.attribute(iflaVRFTable, w.uint32(1000)))))
		f.Add(w.newAddress(2, "2001:db8::1/64"))
		f.Add(w.newRoute("10.1.0.0/16", rtnLocal, 70000))
		f.Add(generic(w.attribute(ctrlAttrName, terminated("fou")), w.attribute(ctrlAttrFamilyID, w.uint16(33))))
		f.Add(generic(w.attribute(nfsdAttrSockAddr, w.attribute(nfsdAttrTransport, terminated("tcp")))))
		f.Add(w.envelope(nlmsgError, 0, 1, w.uint32(1)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, w := range orders() {
			if l, ok := w.link(b); ok && (l.Index <= 0 || l.Name == "" || bytes.IndexByte([]byte(l.Name), 0) >= 0) {
				t.Errorf("link %+v", l)
			}
			if a, ok := w.address(b); ok && !a.prefix.IsValid() {
				t.Errorf("address %+v", a)
			}
			if r, ok := w.route(b); ok && (!r.prefix.IsValid() || !r.prefix.Addr().Is4() || r.prefix != r.prefix.Masked()) {
				t.Errorf("route %+v", r)
			}
			w.family(b)
			w.wireguard(b)
			if p, ok := w.fou(b); ok && p.Port == 0 {
				t.Error("fou without a port")
			}
			if p, ok := w.l2tp(b); ok && p.Port == 0 {
				t.Error("l2tp without a port")
			}
			for _, p := range w.nfsd(b) {
				if p.Port == 0 || p.Proto == 0 {
					t.Errorf("nfsd %+v", p)
				}
			}
			for rest := b; len(rest) > 0; {
				m, next, err := w.message(rest)
				if err != nil {
					break
				}
				w.errno(m)
				if len(next) >= len(rest) {
					t.Fatal("no progress")
				}
				rest = next
			}
		}
	})
}

// FuzzBindable makes routes of the bytes and compares with looking up the
// longest one that matches.
func FuzzBindable(f *testing.F) {
	f.Add([]byte{10, 1, 0, 0, 16, 1, 10, 1, 2, 0, 24, 0}, []byte{10, 1, 2, 3})
	f.Add([]byte{0, 0, 0, 0, 0, 1, 128, 0, 0, 0, 1, 0, 192, 0, 2, 1, 32, 1}, []byte{192, 0, 2, 1})
	f.Add([]byte{10, 0, 0, 0, 8, 0, 10, 0, 0, 0, 8, 1}, []byte{10, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b, address []byte) {
		var routes []route
		for len(b) >= 6 && len(routes) < 64 {
			addr, _ := netip.AddrFromSlice(b[:4])
			routes = append(routes, route{prefix: netip.PrefixFrom(addr, int(b[4]%33)).Masked(), bindable: b[5]&1 != 0})
			b = b[6:]
		}
		addr, ok := netip.AddrFromSlice(address)
		if !ok || !addr.Is4() {
			return
		}
		best, want := -1, false
		for _, r := range routes {
			if r.prefix.Contains(addr) && r.prefix.Bits() > best {
				best, want = r.prefix.Bits(), r.bindable
			}
		}
		want = want || addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255})
		got := false
		for _, p := range bindable(routes) {
			got = got || p.Contains(addr)
		}
		if got != want {
			t.Errorf("%v of %+v: %v, want %v", addr, routes, got, want)
		}
	})
}

func FuzzSection(f *testing.F) {
	f.Add([]byte("Main:\n  x\nLocal:\n  x\n"))
	f.Add([]byte("Id 510:\n  y\nMain:\n  x\nId 766:\n  z\nLocal:\n  x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, heading := range []string{"Main:\n", "Local:\n"} {
			if got := section(b, heading); len(got) > 0 && (got[0] != ' ' || !bytes.Contains(b, got)) {
				t.Errorf("%q of %q: %q", heading, b, got)
			}
		}
		oneTrie(b)
	})
}
