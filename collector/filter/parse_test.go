package filter_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// book is a filter.Names that needs no machine.
type book struct{}

func (book) Addresses(host string) ([]netip.Addr, error) {
	if host == "localhost" {
		return []netip.Addr{netip.MustParseAddr("::ffff:127.0.0.1"), netip.MustParseAddr("::1")}, nil
	}
	return nil, errors.New("no such\x1b[31m host")
}

func (book) Ports(service string) ([]uint16, error) {
	switch service {
	case "ssh":
		return []uint16{22}, nil
	case "http":
		return []uint16{80}, nil
	case "https":
		return []uint16{443}, nil
	case "two":
		return []uint16{6, 5}, nil
	}
	return nil, nil
}

func options() filter.Options {
	return filter.Options{Names: book{}, Interface: func(index uint32) (string, error) {
		if index == 1 {
			return "lo", nil
		}
		return "", errors.New("no such interface")
	}}
}

// TestParse shows the canonical spelling of what people write.
func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"", "any"},
		{" \n\t ", "any"},

		// ss's states
		{"state established", "state established"},
		{"state ESTABLISHED", "state established"},
		{"state SYN_SENT", "state syn-sent"},
		{"state estab", "state established"},
		{"state listen", "state listening"},
		{"state close", "state closed"},
		{"state unconnected", "state closed"},
		{"state syn-rcv", "state syn-recv"},
		{"state FIN_WAIT1", "state fin-wait-1"},
		{"state bound-inactive", "state bound"},
		{"state established,syn-sent", "state established,syn-sent"},
		{"state all", "state all"},
		{"state all,!listening", "state all,!listening"},
		{"state connected", "state connected"},
		{"state synchronized", "state synchronized"},
		{"state bucket", "state bucket"},
		{"state big", "state big"},
		{"state established state syn-sent", "state established,syn-sent"},
		{"state connected exclude established exclude syn-sent state syn-sent", "state all,!established,!listening,!bound,!unconn,!unbound"},
		{"exclude listening", "not state listening"},
		{"excl listening excl closed", "not state listening,unconn,unbound"},
		{"exclude all state listening", "state listening"},
		{"state established sport = :1 or sport = :2", "state established and (sport = 1 or sport = 2)"},
		{"state established and sport = :1 or sport = :2", "state established and sport = 1 or sport = 2"},
		{"state established or sport = :2", "state established or sport = 2"},
		{"sport = :1 state established", "sport = 1 and state established"},
		{"sport = :1 exclude established", "sport = 1 and not state established"},
		{"state established any", "state established and any"},

		// ss's ports
		{"sport = :80", "sport = 80"},
		{"sport == 80", "sport = 80"},
		{"sport eq :http", "sport = 80"},
		{"sport ssh", "sport = 22"},
		{"sport :80", "sport = 80"},
		{"sport=:80", "sport = 80"},
		{"dport != :80", "not dport = 80"},
		{"dport!=:80", "not dport = 80"},
		{"dport ne :80", "not dport = 80"},
		{"dport neq :80", "not dport = 80"},
		{"sport > :1024", "sport = 1025-65535"},
		{"sport gt 1024", "sport = 1025-65535"},
		{"sport >= :1024", "sport = 1024-65535"},
		{"sport ge 1024", "sport = 1024-65535"},
		{"sport geq 1024", "sport = 1024-65535"},
		{"sport < 1024", "sport = 0-1023"},
		{"sport lt 1024", "sport = 0-1023"},
		{"sport <= 1024", "sport = 0-1024"},
		{"sport le 1024", "sport = 0-1024"},
		{"sport leq 1024", "sport = 0-1024"},
		{"sport < 0", "sport = none"},
		{"sport > 65535", "sport = none"},
		{"sport = *", "sport = *"},
		{"sport = vsock::1234", "sport = vsock::1234"},
		{"sport = netlink::kernel", "sport = netlink::0"},
		{"dport > vsock::1023", "dport = vsock::1024-4294967295"},
		{"sport = inet::80", "family ipv4 and sport = 80"},
		{"sport = inet6::80", "family ipv6 and sport = 80"},
		{"sport = link::lo", "src = link:*:lo"},
		{"sport != link::3", "not src = link:*:3"},
		{"sport = two", "sport = 5-6"},

		// ss's addresses
		{"src 10.0.0.1", "src = 10.0.0.1"},
		{"src = 10.0.0.1:80", "src = 10.0.0.1 and sport = 80"},
		{"src != 10.0.0.1:80", "not (src = 10.0.0.1 and sport = 80)"},
		{"dst 193.233.7/24", "dst = 193.233.7.0/24"},
		{"dst 10/8", "dst = 10.0.0.0/8"},
		{"dst 10.9.8.7/8:http", "dst = 10.0.0.0/8 and dport = 80"},
		{"dst 0/0", "dst = 0.0.0.0/0"},
		{"src *", "any"},
		{"src *:*", "any"},
		{"src *:80", "sport = 80"},
		{"src :80", "sport = 80"},
		{"src any", "any"},
		{"src [::1]:80", "src = ::1 and sport = 80"},
		{"src [::1]", "src = ::1"},
		{"src [2001:db8::1]/32", "src = 2001:db8::/32"},
		{"src [2001:db8::1/32]:80", "src = 2001:db8::/32 and sport = 80"},
		{"src ::1", "src = ::1"},
		{"src ::/0", "src = ::/0"},
		{"src ::ffff:1.2.3.4", "src = ::ffff:1.2.3.4"},
		{"src fe80::1%eth0", "src = fe80::1%eth0"},
		{"src [fe80::%eth0]/64:22", "src = fe80::%eth0/64 and sport = 22"},
		{"src inet6:*", "family ipv6"},
		{"src inet:10/8", "src = 10.0.0.0/8"},
		{"src inet6:::1", "src = ::1"},
		{"src localhost", "src = 127.0.0.1 or src = ::1"},
		{"src inet:localhost", "src = 127.0.0.1"},
		{"dst localhost:ssh", "(dst = 127.0.0.1 or dst = ::1) and dport = 22"},
		{"src unix:/tmp/.X11-unix/*", "src = unix:/tmp/.X11-unix/*"},
		{"src /tmp/[!a]*", `src = "unix:/tmp/[!a]*"`},
		{"src @abc", "src = unix:@abc"},
		{`src "unix:/a b"`, `src = "unix:/a b"`},
		{"src link:*:eth0", "src = link:*:eth0"},
		{"src link:ip:lo", "src = link:0x800 and src = link:*:lo"},
		{"src link:*:2", "src = link:*:2"},
		{"src netlink:route", "src = netlink:route"},
		{"src netlink:RTNL:77", "src = netlink:route and sport = netlink::77"},
		{"src netlink:*:kernel", "sport = netlink::0"},
		{"src netlink:99", "src = netlink:99"},
		{"src vsock:2:1024", "src = vsock:2 and sport = vsock::1024"},
		{"src vsock:host", "src = vsock:2"},
		{"src vsock:*:5", "sport = vsock::5"},
		{"src vsock:*", "family vsock"},

		// the rest of ss
		{"dev eth0", "dev = eth0"},
		{"dev != eth0", "not dev = eth0"},
		{"dev 1", "dev = lo"},
		{"dev '1'", `dev = "1"`},
		{"fwmark = 0x01/0x03", "fwmark = 0x1/0x3"},
		{"fwmark != 5", "not fwmark = 0x5"},
		{"cgroup /sys/fs/cgroup/system.slice/", "cgroup = /system.slice"},
		{"cgroup = system.slice", "cgroup = /system.slice"},
		{"cgroup = /sys/fs/cgroup", "cgroup = /"},
		{"autobound", "autobound"},
		{"not autobound", "not autobound"},
		{"autobound = no", "not autobound"},

		// operators
		{"sport = :1 and sport = :2", "sport = 1 and sport = 2"},
		{"sport = :1 & sport = :2 && sport = :3", "sport = 1 and sport = 2 and sport = 3"},
		{"sport = :1 | sport = :2 || sport = :3", "sport = 1 or sport = 2 or sport = 3"},
		{"sport = :1 sport = :2", "sport = 1 and sport = 2"},
		{"! sport = :1", "not sport = 1"},
		{"not not sport = :1", "not not sport = 1"},
		{"NOT sport = :1 OR sport = :2", "not sport = 1 or sport = 2"},
		{"!(sport=:1||sport=:2)&&dport<5", "not (sport = 1 or sport = 2) and dport = 0-4"},
		{"sport = 1 or sport = 2 and sport = 3", "sport = 1 or sport = 2 and sport = 3"},
		{"(sport = 1 or sport = 2) and sport = 3", "(sport = 1 or sport = 2) and sport = 3"},
		{"sport = 1 or sport = 2 sport = 3", "sport = 1 or sport = 2 and sport = 3"},
		{"sport = 1 and (sport = 2 and sport = 3)", "sport = 1 and (sport = 2 and sport = 3)"},
		{"((sport = 1))", "sport = 1"},

		// what ss does not have
		{"port 80", "port = 80"},
		{"port 80,8000-8100,443,81", "port = 80-81,443,8000-8100"},
		{"port != 80-90", "not port = 80-90"},
		{"addr 10.0.0.1:80", "src = 10.0.0.1 and sport = 80 or dst = 10.0.0.1 and dport = 80"},
		{"host 10/8", "addr = 10.0.0.0/8"},
		{"addr vsock:2:5", "src = vsock:2 and sport = vsock::5 or dst = vsock:2 and dport = vsock::5"},
		{"proto tcp,udp", "proto tcp,udp"},
		{"proto != tcp", "not proto tcp"},
		{"proto inet", "proto inet"},
		{"proto all,!unix", "proto all,!unix"},
		{"family inet6", "family ipv6"},
		{"pid 1,5-9", "pid = 1,5-9"},
		{"pid > 4000000", "pid = 4000001-4194303"},
		{"process nginx", "process = nginx"},
		{"process ng*", "process = ng*"},
		{`process 'ng\*'`, `process = ng\*`},
		{`process "odd name"`, `process = "odd name"`},
		{`process 'it\'s'`, `process = "it's"`},
		{`process "\x01\n"`, `process = "\x01\x0a"`},
		{"process ~ ^(nginx|httpd)$", `process ~ "^(nginx|httpd)$"`},
		{"(process ~ nginx) or pid 1", `process ~ "nginx" or pid = 1`},
		{"process !~ 'a b'", `not process ~ "a b"`},
		{"process~nginx", `process ~ "nginx"`},
		{"command ~ java", `command ~ "java"`},
		{"exe = /usr/bin/*", "exe = /usr/bin/*"},
		{"process-user 33", "process-user = 33"},
		{"cwd /srv/*", "cwd = /srv/*"},
		{"unit != nginx.service", "not unit = nginx.service"},
		{"container ~ ^web", `container ~ "^web"`},
		{"user root", "user = root"},
		{"user 33", "uid = 33"},
		{"user '33'", `user = "33"`},
		{"uid >= 1000", "uid >= 1000"},
		{"range well-known", "sport = 0-1023"},
		{"range registered", "sport = 1024-49151"},
		{"range != dynamic", "not sport = 49152-65535"},
		{"local loopback", "local loopback"},
		{"remote != private", "not remote private"},
		{"scope public", "scope public"},
		{"v6only", "v6only = yes"},
		{"v6only no", "v6only = no"},
		{"v6only != yes and port 80", "not v6only = yes and port = 80"},
		{"recv-q > 0", "recv-q > 0"},
		{"recv-q >= 64KiB", "recv-q >= 64KiB"},
		{"send-q < 1.5k", "send-q < 1500"},
		{"inode 123", "inode = 123"},
		{"netns blue", "netns-name = blue"},
		{"netns 4026531840", "netns = 4026531840"},
		{"dev eth*", "device = eth*"},
		{"cgroup */ssh.service", "cgroup = */ssh.service"},

		// what people type first
		{":8080", "port = 8080"},
		{"8080", "port = 8080"},
		{"8000-8100,22", "port = 22,8000-8100"},
		{":ssh", "port = 22"},
		{"10.0.0.1", "addr = 10.0.0.1"},
		{"10/8", "addr = 10.0.0.0/8"},
		{"::1", "addr = ::1"},
		{"[::1]:80", "src = ::1 and sport = 80 or dst = ::1 and dport = 80"},
		{"localhost:80", "(src = 127.0.0.1 or src = ::1) and sport = 80 or (dst = 127.0.0.1 or dst = ::1) and dport = 80"},
		{"/run/*", "addr = unix:/run/*"},
		{"@abc", "addr = unix:@abc"},
		{"unix:*x*", "addr = unix:*x*"},
		{"tcp", "proto tcp"},
		{"tcp,udp", "proto tcp,udp"},
		{"listening", "state listening"},
		{"nginx", "process = nginx"},
		{"ng* :80", "process = ng* and port = 80"},
		{"'port'", "process = port"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			f, err := filter.Parse(test.text, options())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, f.Expr.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseUnits(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"rtt > 50ms", "rtt > 50ms"},
		{"rtt > 1min59s", "rtt > 119s"},
		{"busy >= 3h20min", "busy >= 200min"},
		{"rtt > 0.5s", "rtt > 500ms"},
		{"rtt >= 2min", "rtt >= 2min"},
		{"rtt = 0", "rtt = 0"},
		{"rtt < 0.5us", "rtt <= 0"},
		{"rtt >= 0.5us", "rtt > 0"},
		{"rtt = 0.5us", "rtt = none"},
		{"rtt 1-5ms", "rtt = 1ms-5ms"},
		{"rtt 0.5-2.5us", "rtt = 1us-2us"},
		{"rtt 1ms-5ms,7ms-max", "rtt = 1ms-5ms,7ms-max"},
		{"rtt != 5ms", "not rtt = 5ms"},
		{"lastsnd > 1.5s", "lastsnd > 1500ms"},
		{"lastsnd > 10us", "lastsnd > 0"},
		{"delivery-rate > 10Mbps", "delivery-rate > 10Mbps"},
		{"delivery-rate > 1MB/s", "delivery-rate > 8Mbps"},
		{"delivery-rate > 1MBps", "delivery-rate > 8Mbps"},
		{"delivery-rate > 10Mb/s", "delivery-rate > 10Mbps"},
		{"delivery-rate > 10mb/s", "delivery-rate > 10Mbps"},
		{"delivery-rate > 10mbps", "delivery-rate > 10Mbps"},
		{"delivery-rate > 100bps", "delivery-rate > 12B/s"},
		{"delivery-rate >= 100bps", "delivery-rate > 12B/s"},
		{"delivery-rate > 10mbit", "delivery-rate > 10Mbps"},
		{"bytes-acked > 3MiB", "bytes-acked > 3MiB"},
		{"bytes-acked > 3M", "bytes-acked > 3000000"},
		{"cwnd < 10", "cwnd < 10"},
		{"retrans > 0", "retrans > 0"},
		{"tos 0x10", "tos = 0x10"},
		{"tos 16", "tos = 0x10"},
		{"congestion bbr", "congestion = bbr"},
		{"congestion != cubic", "not congestion = cubic"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			f, err := filter.Parse(test.text, filter.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, f.Expr.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFamilyOption shows what -f changes.
func TestFamilyOption(t *testing.T) {
	t.Parallel()
	tests := []struct {
		family     socket.Family
		text, want string
	}{
		{socket.FamilyUnix, "src *X11*", "src = unix:*X11*"},
		{socket.FamilyUnix, "src inet:10/8", "src = 10.0.0.0/8"},
		{socket.FamilyVsock, "src 2:1024", "src = vsock:2 and sport = vsock::1024"},
		{socket.FamilyVsock, "sport = :1024", "sport = vsock::1024"},
		{socket.FamilyNetlink, "src route", "src = netlink:route"},
		{socket.FamilyPacket, "src *:lo", "src = link:*:lo"},
		{socket.IPv6, "src 10/8", "src = 10.0.0.0/8"},
	}
	for _, test := range tests {
		f, err := filter.Parse(test.text, filter.Options{Family: test.family})
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if diff := cmp.Diff(test.want, f.Expr.String()); diff != "" {
			t.Errorf("%s: %s", test.text, diff)
		}
	}
}

func TestParseFlags(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text   string
		states bool
		beyond bool
	}{
		{"", false, false},
		{"sport = 80 and not src 10/8", false, false},
		{"sport = 80,443 or autobound", false, false},
		{"src 10/8 uid 33", false, true},
		{"port 80", false, true},
		{"process nginx", false, true},
		{":80", false, true},
		{"nginx", false, true},
		{"tcp", false, true},
		{"not nginx or port 80", false, true},
		{"state established", true, false},
		{"exclude listening", true, false},
		{"listening", true, false},
		{":80 listening", true, true},
		{"port 80 and (dport 3 or state listening)", true, true},
	}
	for _, test := range tests {
		f, err := filter.Parse(test.text, filter.Options{})
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if f.NamesStates != test.states || f.BeyondSS != test.beyond {
			t.Errorf("%s: names states %t, beyond ss %t", test.text, f.NamesStates, f.BeyondSS)
		}
	}
}

// TestSSReading compares with how ss 6.1 was seen to read these on a namespace
// with listeners on the ports 1 to 3.
func TestSSReading(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"sport = :1 or sport = :2 and sport = :3", "(sport = 1 or sport = 2) and sport = 3"},
		{"sport = :1 or sport = :2 sport = :3", "(sport = 1 or sport = 2) and sport = 3"},
		{"sport = :3 and sport = :1 or sport = :2", ""},
		{"sport = :1 or sport = :2 or sport = :3 and dport = :3", "(sport = 1 or sport = 2 or sport = 3) and dport = 3"},
		{"not sport = :1 or sport = :2 and sport = :3", "(not sport = 1 or sport = 2) and sport = 3"},
		{"! sport = :1 and sport = :2", ""},
		{"sport = :1 or ( sport = :2 and sport = :3 )", ""},
		{"dst 10/8 or ( sport = :1 or sport = :2 and sport = :3 )", "dst = 10.0.0.0/8 or ((sport = 1 or sport = 2) and sport = 3)"},
		{"state established sport = :1 or dev lo and sport = :2", "state established and (sport = 1 or dev = lo) and sport = 2"},
		// the same meaning in both readings
		{"sport = :1 or sport = :2 and sport = :1 and sport = :2", "(sport = 1 or sport = 2) and sport = 1 and sport = 2"},
		{"sport = :1 or sport = :1 and sport = :1", ""},
		{"sport = :1 and sport = :2 or sport = :3 and sport = :3", "((sport = 1 and sport = 2) or sport = 3) and sport = 3"},
		// ss does not read these at all
		{"port 1 or sport = :2 and sport = :3", ""},
		{"sport = 1,2 or sport = :2 and sport = :3", ""},
		{"sport = :1 or nginx and sport = :3", ""},
		{"sport = :1 or state listening and sport = :3", ""},
		{strings.Repeat("sport = :1 or sport = :2 and ", 40) + "dev lo", "all from left to right, for it has no precedence of and over or"},
	}
	for _, test := range tests {
		f, err := filter.Parse(test.text, filter.Options{})
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if diff := cmp.Diff(test.want, f.SSReading); diff != "" {
			t.Errorf("%s: %s", test.text, diff)
		}
	}
}

func TestTree(t *testing.T) {
	t.Parallel()
	f, err := filter.Parse("state established (sport = :443 or not (dport = :1 dev lo)) and not src 10/8", filter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := `and
  state established
  or
    sport = 443
    not
      and
        dport = 1
        dev = lo
  not src = 10.0.0.0/8
`
	if diff := cmp.Diff(want, filter.Tree(f.Expr)); diff != "" {
		t.Error(diff)
	}
}
