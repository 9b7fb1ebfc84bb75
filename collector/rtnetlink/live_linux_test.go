package rtnetlink

import (
	"cmp"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

// look reads the thread's namespace, which has to work without notices.
func look(t *testing.T) *machine.Machine {
	t.Helper()
	m, notices := Read(procfs.FS{})
	if len(notices) > 0 || !m.HasLinks || !m.HasLocal {
		t.Errorf("notices %+v, %v, %v", notices, m.HasLinks, m.HasLocal)
	}
	return m
}

// ipLink is what ip -json says of a link.
type ipLink struct {
	Index int      `json:"ifindex"`
	Name  string   `json:"ifname"`
	Flags []string `json:"flags"`
	Info  struct {
		Kind string `json:"info_kind"`
		Data struct {
			Port uint16 `json:"port"`
		} `json:"info_data"`
	} `json:"linkinfo"`
	Addresses []struct {
		Local     string `json:"local"`
		Bits      int    `json:"prefixlen"`
		Tentative bool   `json:"tentative"`
		Failed    bool   `json:"dadfailed"`
	} `json:"addr_info"`
}

// fromIP builds the part of a machine that ip(8) tells.
func fromIP(t *testing.T) *machine.Machine {
	t.Helper()
	var links []ipLink
	query(t, &links, "address")
	m := &machine.Machine{}
	for _, l := range links {
		link := machine.Link{Index: l.Index, Name: l.Name, Kind: l.Info.Kind, Up: slices.Contains(l.Flags, "UP")}
		for _, a := range l.Addresses {
			addr := netip.MustParseAddr(a.Local)
			link.Addr = append(link.Addr, netip.PrefixFrom(addr, a.Bits))
			if addr.Is4() {
				continue
			}
			if addr.IsLinkLocalUnicast() {
				addr = addr.WithZone(l.Name)
			}
			if a.Tentative || a.Failed {
				m.Tentative6 = append(m.Tentative6, addr)
			} else {
				m.Local6 = append(m.Local6, addr)
			}
		}
		m.Links = append(m.Links, link)
		if l.Info.Kind == "vxlan" && link.Up {
			m.KernelPorts = append(m.KernelPorts, machine.KernelPort{Proto: socket.UDP, Port: l.Info.Data.Port, Kind: "vxlan", Link: l.Name})
		}
	}
	return sorted(m)
}

func sorted(m *machine.Machine) *machine.Machine {
	slices.SortFunc(m.Local6, netip.Addr.Compare)
	slices.SortFunc(m.Tentative6, netip.Addr.Compare)
	slices.SortFunc(m.Links, func(a, b machine.Link) int { return cmp.Compare(a.Index, b.Index) })
	slices.SortFunc(m.KernelPorts, comparePorts)
	return m
}

// sameAsIP compares all that ip(8) tells.
func sameAsIP(t *testing.T, m *machine.Machine) {
	t.Helper()
	got := sorted(&machine.Machine{Links: m.Links, Local6: m.Local6, Tentative6: m.Tentative6, KernelPorts: m.KernelPorts})
	if diff := gocmp.Diff(fromIP(t), got,
		gocmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
		gocmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("ip and Read differ (-ip +Read):\n%s", diff)
	}
}

func TestHere(t *testing.T) {
	t.Parallel()
	look(t)
}

func TestLinksAndAddresses(t *testing.T) {
	t.Parallel()
	nstest.Enter(t)
	set(t, "ipv6/conf/default/addr_gen_mode", "1") // no addresses but these
	batch(t,
		"link add v0 type veth peer name v1", "link add br0 type bridge", "link set v1 master br0",
		"link set v0 up", "link set v1 up", "link set br0 up",
		"address add 192.0.2.1/24 dev v0", "address add 192.0.2.9 peer 192.0.2.10 dev v0",
		"address add 2001:db8::1/64 dev v0 nodad", "address add 2001:db8::9 peer 2001:db8::10 dev v0 nodad",
		"address add 2001:db8:1::1/64 dev br0 nodad", "address add fe80::5/64 dev br0 nodad",
		"link add vx4 type vxlan id 1 dstport 4789 remote 192.0.2.7 dev v0", "link set vx4 up",
		"link add vx6 type vxlan id 2 dstport 8472 remote 2001:db8::7 dev v0", "link set vx6 up",
		"link add vxm type vxlan external dstport 4790", "link set vxm up",
		"link add down type vxlan id 3 dstport 4800 remote 192.0.2.7 dev v0",
		"link add mv link v0 type macvlan mode bridge",
	)
	m := look(t)
	sameAsIP(t, m)
	if len(m.KernelPorts) != 3 || len(m.Links) < 9 {
		t.Errorf("%+v", m)
	}
	if l, ok := m.LinkNamed("mv"); !ok || l.Kind != "macvlan" {
		t.Errorf("macvlan: %+v", l)
	}
}

// TestMovedTunnel: the socket of a tunnel stays in the namespace it was made in.
func TestMovedTunnel(t *testing.T) {
	t.Parallel()
	nstest.Enter(t)
	away := exec.Command("sleep", "60")
	must(t, away.Start()) // a name for this namespace
	t.Cleanup(func() {
		_ = away.Process.Kill()
		_ = away.Wait()
	})
	destination, err := os.Open("/proc/thread-self/ns/net")
	must(t, err)
	defer destination.Close()
	nstest.Enter(t)
	batch(t, "link add vx type vxlan id 1 dstport 4789", "link set vx up", "link set vx netns "+strconv.Itoa(away.Process.Pid))
	must(t, unix.Setns(int(destination.Fd()), unix.CLONE_NEWNET))
	batch(t, "link set vx up")
	m := look(t)
	if l, ok := m.LinkNamed("vx"); !ok || !l.Up || len(m.KernelPorts) > 0 {
		t.Errorf("%+v", m)
	}
}

// TestTentative: an address that is being checked for duplicates is known, and
// not among those that can be bound.
func TestTentative(t *testing.T) {
	t.Parallel()
	nstest.Enter(t)
	set(t, "ipv6/conf/default/addr_gen_mode", "1")
	batch(t, "link add v0 type veth peer name v1")
	set(t, "ipv6/conf/v0/dad_transmits", "60")
	batch(t, "link set v1 up", "link set v0 up", "address add 2001:db8::1/64 dev v0")
	m := look(t)
	sameAsIP(t, m)
	addr := netip.MustParseAddr("2001:db8::1")
	if !slices.Contains(m.Tentative6, addr) || slices.Contains(m.Local6, addr) {
		t.Errorf("tentative %v, local %v", m.Tentative6, m.Local6)
	}
	if err := bindable6(addr); err != unix.EADDRNOTAVAIL {
		t.Errorf("the kernel says %v", err)
	}
}

func bindable6(addr netip.Addr) error {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Bind(fd, &unix.SockaddrInet6{Addr: addr.As16()})
}

func bindable4(addr netip.Addr) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Bind(fd, &unix.SockaddrInet4{Addr: addr.As4()})
}

// TestLocalRoutes asks the kernel about addresses, each by binding it.
func TestLocalRoutes(t *testing.T) {
	t.Parallel()
	nstest.Enter(t)
	batch(t,
		"link add v0 type veth peer name v1", "link set v0 up", "link set v1 up",
		"address add 192.0.2.1/24 brd + dev v0",
		"route add local 10.1.0.0/16 dev lo", "route add unreachable 10.1.128.0/17 table local", "route add local 10.1.200.0/24 dev lo",
		"route add throw 127.7.0.0/16 table local",
		"route add local 10.2.0.0/16 tos 8 dev lo",
		"route add 10.1.2.0/24 dev v0", "route add local 10.7.0.0/16 dev lo table main",
		"route add local 10.8.0.0/16 dev lo table 100", "route add default dev v0",
	)
	addresses := strings.Fields(`127.0.0.1 127.255.255.255 127.1.2.3 127.7.0.1 192.0.2.1 192.0.2.2 192.0.2.0 192.0.2.255
		10.1.0.0 10.1.1.1 10.1.2.3 10.1.127.255 10.1.128.0 10.1.200.7 10.1.201.0 10.2.0.1 10.7.0.1 10.8.0.1
		224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 198.51.100.1`)
	compare := func(when string) (free []string) {
		m := look(t)
		for _, text := range addresses {
			addr := netip.MustParseAddr(text)
			got := slices.ContainsFunc(m.Local4, func(p netip.Prefix) bool { return p.Contains(addr) })
			err := bindable4(addr)
			if got != (err == nil) {
				t.Errorf("%s: %s: %v, and the kernel: %v", when, text, got, err)
			}
			if got {
				free = append(free, text)
			}
		}
		return free
	}
	one := compare("tables in one")
	batch(t, "rule add pref 100 from 198.51.100.9 table main")
	two := compare("tables apart")
	batch(t, "rule del pref 100")
	if again := compare("tables apart without a rule"); !slices.Equal(again, two) || slices.Equal(one, two) {
		t.Errorf("with the tables in one: %v\napart: %v\nwithout a rule again: %v", one, two, again)
	}
}

func TestSettingsHere(t *testing.T) {
	t.Parallel()
	nstest.Enter(t)
	set(t, "ipv4/ip_unprivileged_port_start", "80")
	set(t, "ipv4/ip_local_port_range", "2000 3000")
	set(t, "ipv4/ip_local_reserved_ports", "2100,2200-2300")
	set(t, "ipv4/ip_nonlocal_bind", "1")
	set(t, "ipv6/bindv6only", "1")
	m := look(t)
	start := uint16(80)
	want := &machine.Machine{
		UnprivilegedPorts: &start, Ephemeral: &machine.Ports{First: 2000, Last: 3000},
		Reserved:      []machine.Ports{{First: 2100, Last: 2100}, {First: 2200, Last: 2300}},
		NonlocalBind4: socket.Yes, NonlocalBind6: socket.No, IPv6: socket.Yes, V6Only: socket.Yes,
		AcceptL3TCP: m.AcceptL3TCP, AcceptL3UDP: m.AcceptL3UDP,
		Local4: m.Local4, Local6: m.Local6, HasLocal: true, Links: m.Links, HasLinks: true,
	}
	if diff := gocmp.Diff(want, m, gocmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
		gocmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestMany: a machine with thousands of addresses and hundreds of links.
func TestMany(t *testing.T) {
	t.Parallel()
	nstest.Enter(t)
	const addresses, links = 5000, 100
	var lines []string
	for i := range addresses / 2 {
		lines = append(lines,
			fmt.Sprintf("address add 10.%d.%d.1/32 dev lo", i>>8, i&0xff),
			fmt.Sprintf("address add 2001:db8::%x/128 dev lo nodad", i+1))
	}
	for i := range links / 2 {
		lines = append(lines, fmt.Sprintf("link add a%d type veth peer name b%d", i, i))
	}
	batch(t, lines...)
	start := time.Now()
	m := look(t)
	took := time.Since(start)
	t.Logf("%v for %d links and %d addresses", took, len(m.Links), addresses)
	if len(m.Links) != links+1 || len(m.Local6) != addresses/2+1 || len(m.Local4) < addresses/2 {
		t.Errorf("%d links, %d and %d addresses", len(m.Links), len(m.Local4), len(m.Local6))
	}
	if took > time.Second {
		t.Errorf("it took %v", took)
	}
}

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		Read(procfs.FS{})
	}
}
