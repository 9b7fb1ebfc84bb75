package filter_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/filter/filtertest"
	"github.com/sockls/sockls/collector/socket"
)

const all = filtertest.All

func endpoint(addr string, port uint32) socket.Endpoint {
	return socket.Endpoint{Addr: netip.MustParseAddr(addr), Port: port}
}

func held(by ...socket.Process) []socket.Holder {
	var list []socket.Holder
	for _, p := range by {
		list = append(list, socket.Holder{Process: &p})
	}
	return list
}

// rows are the sockets that the evaluations look at.
func rows() map[string]*socket.Socket {
	return map[string]*socket.Socket{
		"web": {
			Proto: socket.TCP, Family: socket.IPv4, State: socket.Established,
			Local: endpoint("10.1.2.3", 443), Remote: endpoint("192.0.2.9", 50000), Device: "eth0",
			User: "www", UID: 33, HasUID: true, Inode: 77, RecvQ: 5,
			Processes: held(
				socket.Process{PID: 5, Name: "nginx", Command: "nginx: master -c x", Exe: "/usr/sbin/nginx", User: "root", HasUID: true, Dir: "/srv/www", Workload: &socket.Workload{
					Unit: "nginx.service", Container: &socket.Container{Runtime: "docker", Name: "web-1", ID: "0123456789abcdef", Pod: "uid"},
				}},
				socket.Process{PID: 6, Name: "a-very-long-pro", User: "", UID: 1001, HasUID: true},
			),
			NetNS: &socket.NetNS{Inode: 4026531840, Name: "blue"},
			Details: &socket.Details{Extended: &socket.Extended{
				Mark: 5, HasMark: true, CgroupID: 9, CgroupPath: "/system.slice/nginx.service", Autobound: socket.No,
			}},
		},
		"listener6": {
			Proto: socket.TCP, Family: socket.IPv6, State: socket.Listen, V6Only: socket.Yes,
			Local: endpoint("::", 80), NoProcess: socket.ReasonHidden,
			Details: &socket.Details{Extended: &socket.Extended{Autobound: socket.Yes}},
		},
		"mapped": {
			Proto: socket.TCP, Family: socket.IPv6, State: socket.TimeWait,
			Local: endpoint("::ffff:10.1.2.3", 80), Remote: endpoint("::ffff:127.0.0.1", 1), NoProcess: socket.ReasonTimeWait,
		},
		"link": {
			Proto: socket.UDP, Family: socket.IPv6, State: socket.Unconn,
			Local: endpoint("fe80::1%eth0", 53), NoProcess: socket.ReasonOtherPIDNS,
		},
		"multicast": {
			Proto: socket.UDP, Family: socket.IPv4, State: socket.Unconn, Local: endpoint("224.0.0.251", 5353),
		},
		"raw":  {Proto: socket.Raw, Family: socket.IPv4, State: socket.Unconn, Local: endpoint("0.0.0.0", 1)},
		"unix": {Proto: socket.Unix, Family: socket.FamilyUnix, State: socket.Listen, Local: socket.Endpoint{Name: "/Run/App.sock"}},
		"abstract": {
			Proto: socket.Unix, Family: socket.FamilyUnix, State: socket.Established,
			Local: socket.Endpoint{Name: "\x00a1f09"}, Remote: socket.Endpoint{Name: "\x00dbus"},
		},
		"packet": {
			Proto: socket.Packet, Family: socket.FamilyPacket, State: socket.Unconn,
			Local: socket.Endpoint{Port: 0x800, Node: 2, Name: "eth0"},
		},
		"netlink": {
			Proto: socket.Netlink, Family: socket.FamilyNetlink, State: socket.Unconn,
			Local: socket.Endpoint{Port: 0xfffff001, Node: 15},
		},
		"vsock": {
			Proto: socket.Vsock, Family: socket.FamilyVsock, State: socket.Listen,
			Local: socket.Endpoint{Port: 1024, Node: 2},
		},
	}
}

func TestEval(t *testing.T) {
	t.Parallel()
	const yes, no, unknown = socket.Yes, socket.No, socket.Unknown
	tests := []struct {
		row, text string
		have      socket.Detail
		want      socket.Tri
	}{
		{"web", "any", 0, yes},
		{"web", "none", 0, no},
		{"web", "state established", 0, yes},
		{"web", "state bucket", 0, no},
		{"mapped", "state bucket", 0, yes},
		{"unix", "proto inet", 0, no},
		{"link", "family inet6", 0, yes},

		// ports
		{"web", "sport = 443", 0, yes},
		{"web", "dport = 443", 0, no},
		{"web", "port = 443", 0, yes},
		{"web", "port = 50000", 0, yes},
		{"web", "sport > 443", 0, no},
		{"web", "range well-known", 0, yes},
		{"listener6", "dport = 0", 0, yes},
		{"listener6", "dport != 80", 0, yes},
		{"raw", "sport = 1", 0, no},
		{"raw", "sport != 1", 0, yes},
		{"vsock", "sport = 1024", 0, no},
		{"vsock", "sport = vsock::1024", 0, yes},
		{"netlink", "sport = vsock::1024-4294967295", 0, no},

		// addresses
		{"web", "src 10/8", 0, yes},
		{"web", "src 10.1.2.3", 0, yes},
		{"web", "src 10.1.2.2", 0, no},
		{"web", "dst 10/8", 0, no},
		{"web", "addr 192.0.2.9:50000", 0, yes},
		{"web", "addr 192.0.2.9:443", 0, no},
		{"web", "src ::/0", 0, no},
		{"mapped", "src 10/8", 0, yes},
		{"mapped", "src 0/0", 0, yes},
		{"mapped", "src ::/0", 0, yes},
		{"mapped", "src ::ffff:10.1.2.3", 0, yes},
		{"mapped", "dst ::ffff:0:0/96", 0, yes},
		{"link", "src 0/0", 0, no},
		{"link", "src fe80::/10", 0, yes},
		{"link", "src fe80::1%eth0", socket.DetailIdentity, yes},
		{"link", "src fe80::1%eth1", socket.DetailIdentity, no},
		{"listener6", "dst ::", 0, yes},
		{"listener6", "dst 0/0", 0, no},
		{"multicast", "dst 0.0.0.0", 0, yes},
		{"multicast", "dst ::", 0, no},
		{"unix", "src 0/0", 0, no},

		// scopes
		{"web", "local private", 0, yes},
		{"web", "remote public", 0, yes},
		{"mapped", "remote loopback", 0, yes},
		{"link", "local private", 0, yes},
		{"link", "remote wildcard", 0, yes},
		{"listener6", "local wildcard", 0, yes},
		{"multicast", "local public", 0, no},
		{"unix", "local wildcard", 0, no},

		// other families
		{"unix", "src /run/*.SOCK", 0, yes},
		{"unix", "dst /run/*.SOCK", socket.DetailPeer, no},
		{"unix", "addr unix:*app*", 0, yes},
		{"abstract", "@a1f09", 0, yes},
		{"abstract", "dst @D*", socket.DetailPeer, yes},
		{"abstract", "src @D*", 0, no},
		{"packet", "src link:ip:eth0", 0, yes},
		{"packet", "src link:arp:eth0", 0, no},
		{"packet", "src link:*:2", 0, yes},
		{"netlink", "src netlink:uevent", 0, yes},
		{"netlink", "src netlink:route", 0, no},
		{"vsock", "src vsock:2:1024", 0, yes},
		{"vsock", "src vsock:3:1024", 0, no},
		{"vsock", "src vsock:*", 0, yes},

		{"web", "dev eth0", socket.DetailIdentity, yes},
		{"web", "dev != eth0", socket.DetailIdentity, no},
		{"listener6", "dev != eth0", socket.DetailIdentity, yes},

		// marks, cgroups, chosen ports
		{"web", "fwmark 5", 0, unknown},
		{"web", "fwmark 5", socket.DetailMark, yes},
		{"web", "fwmark 1/3", socket.DetailMark, yes},
		{"web", "fwmark 4", socket.DetailMark, no},
		{"listener6", "fwmark 0", socket.DetailMark, unknown},
		{"unix", "fwmark 0", socket.DetailMark, no},
		{"web", "cgroup /system.slice/nginx.service", socket.DetailExtended, unknown},
		{"web", "cgroup /system.slice/nginx.service", all, yes},
		{"web", "cgroup /system.slice", all, no},
		{"mapped", "cgroup /system.slice", all, no},
		{"web", "autobound", all, no},
		{"listener6", "autobound", all, yes},
		{"mapped", "autobound", all, unknown},
		{"abstract", "autobound", 0, yes},
		{"unix", "autobound", 0, no},
		{"packet", "autobound", 0, no},
		{"netlink", "autobound", 0, yes},
		{"vsock", "autobound", 0, yes},

		// facts
		{"web", "recv-q > 4", all, yes},
		{"web", "recv-q > 4", 0, unknown},
		{"web", "inode 77", all, yes},
		{"web", "uid 33", all, yes},
		{"web", "user 33", all, yes},
		{"web", "user www", all, yes},
		{"web", "user www", 0, unknown},
		{"web", "user ~ ^w", all, yes},
		{"mapped", "uid 0", all, no},
		{"mapped", "uid != 0", all, yes},
		{"web", "netns blue", all, yes},
		{"web", "netns 4026531840", all, yes},
		{"web", "netns blue", 0, unknown},
		{"listener6", "v6only", all, yes},
		{"listener6", "v6only no", all, no},
		{"web", "v6only", all, no},
		{"web", "rtt > 0", all, no},
		{"web", "rtt > 0", 0, unknown},

		// processes
		{"web", "pid 5", all, yes},
		{"web", "pid 7", all, no},
		{"web", "pid 5", 0, unknown},
		{"web", "process nginx", socket.DetailOwners, yes},
		{"web", "process NGINX", all, no},
		{"web", "process ng*", all, yes},
		{"web", "process a-very-long-process-name", all, yes},
		{"web", "process a-very-long-process*", all, no},
		{"web", "command ~ master", socket.DetailOwners, unknown},
		{"web", "command ~ master", all, yes},
		{"web", "exe /usr/sbin/nginx", all, yes},
		{"web", "exe /bin/sh", all, unknown}, // one that may not be read
		{"web", "process-user root", all, yes},
		{"web", "process-user 0", all, yes},
		{"web", "process-user 1001", all, yes},
		{"web", "process-user 7", all, no},
		{"web", "cwd /srv/www", all, yes},
		{"web", "cwd /srv/*", socket.DetailOwners | socket.DetailDir, yes},
		{"web", "cwd /srv/*", socket.DetailOwners, unknown},
		{"web", "cwd /", all, unknown}, // nor may its directory
		{"web", "unit nginx.service", all, yes},
		{"web", "unit nginx", all, yes},
		{"web", "unit ng*", all, yes},
		{"web", "unit ~ ^nginx$", all, unknown},
		{"web", "unit ngin", all, unknown},
		{"web", "unit nginx", socket.DetailOwners, unknown},
		{"web", "container web-1", socket.DetailOwners | socket.DetailWorkload, yes},
		{"web", "container 0123456789abcdef", all, yes},
		{"web", "container 0123456789ab", all, yes},
		{"web", "container 0123456789a", all, unknown},
		{"web", "container 0123456789*", all, yes},
		{"web", "container uid", all, yes},
		{"web", "container docker", all, unknown},
		{"mapped", "unit nginx", all, no},
		{"listener6", "process nginx", all, unknown},
		{"listener6", "not process nginx", all, unknown},
		{"link", "pid 1", all, unknown},
		{"mapped", "process nginx", all, no},
		{"mapped", "not process nginx", all, yes},
		{"multicast", "process nginx", all, unknown},

		// What a table did not tell is unknown, unless the family decides.
		{"link", "src fe80::1%eth0", 0, unknown},
		{"link", "src fe80::2%eth0", 0, no},
		{"web", "dev eth0", 0, unknown},
		{"abstract", "dst @D*", 0, unknown},
		{"web", "dst @D*", 0, no},
		{"web", "fwmark 5", 0, unknown},
		{"unix", "fwmark 5", 0, no},

		// Kleene
		{"listener6", "process nginx and port 81", all, no},
		{"listener6", "process nginx and port 80", all, unknown},
		{"listener6", "process nginx or port 80", all, yes},
		{"listener6", "process nginx or port 81", all, unknown},
		{"listener6", "not (process nginx and port 81)", all, yes},
	}
	sockets := rows()
	for _, test := range tests {
		f, err := filter.Parse(test.text, filter.Options{})
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if got := filter.Eval(f.Expr, sockets[test.row], test.have); got != test.want {
			t.Errorf("%s of %s: %d, not %d", test.text, test.row, got, test.want)
		}
	}
}

// TestMoreHolders: whether a holder that cannot be seen has that name, nobody
// knows.
func TestMoreHolders(t *testing.T) {
	t.Parallel()
	s := &socket.Socket{
		Proto: socket.TCP, State: socket.Listen, MoreHolders: true,
		Processes: []socket.Holder{{Process: &socket.Process{PID: 7, Name: "worker"}}},
	}
	for text, want := range map[string]socket.Tri{
		"process worker": socket.Yes, "process master": socket.Unknown, "not process master": socket.Unknown,
		"not process worker": socket.No, "pid 7": socket.Yes, "pid 8": socket.Unknown,
	} {
		f, err := filter.Parse(text, filter.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := filter.Eval(f.Expr, s, all); got != want {
			t.Errorf("%s: %d, not %d", text, got, want)
		}
	}
}

// TestWorkloadOfNone: a process that has no unit and no container is known not
// to have that of the filter.
func TestWorkloadOfNone(t *testing.T) {
	t.Parallel()
	s := &socket.Socket{
		Proto: socket.TCP, State: socket.Listen,
		Processes: []socket.Holder{{Process: &socket.Process{PID: 7, Dir: "/", Workload: &socket.Workload{Cgroup: "/"}}}},
	}
	for text, want := range map[string]socket.Tri{
		"unit nginx": socket.No, "not unit *": socket.Yes, "container *": socket.No, `container ""`: socket.No,
		`unit ""`: socket.No, "cwd /": socket.Yes, "cwd /srv": socket.No,
	} {
		f, err := filter.Parse(text, filter.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := filter.Eval(f.Expr, s, all); got != want {
			t.Errorf("%s: %d, not %d", text, got, want)
		}
	}
}

// TestEvalDetails holds that an expression is never unknown for want of a detail
// that Details did not name, and that more details change no answer.
func TestEvalDetails(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		e, s := filtertest.RandomExpr(rng, 3), filtertest.RandomSocket(rng)
		full := filter.Eval(e, s, all)
		if enough := filter.Eval(e, s, filter.Details(e)); enough != full {
			t.Fatalf("%s: %d with its details, %d with all", e, enough, full)
		}
		if none := filter.Eval(e, s, 0); none != socket.Unknown && none != full {
			t.Fatalf("%s: %d without details, %d with all", e, none, full)
		}
		if not := filter.Eval(filter.Not{X: e}, s, all); not+full != socket.Yes+socket.No && (not != socket.Unknown || full != not) {
			t.Fatalf("%s: %d, and its negation %d", e, full, not)
		}
	}
}

func TestDetails(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]socket.Detail{
		"sport = 80 and src 10/8 and dev lo": socket.DetailIdentity,
		"src fe80::1%eth0 or cookie 5":       socket.DetailIdentity,
		"dst @x":                             socket.DetailPeer,
		"src @x":                             0,
		"pid 5 or not command ~ x":           socket.DetailOwners | socket.DetailCommand,
		"cwd x or unit y and container z":    socket.DetailOwners | socket.DetailDir | socket.DetailWorkload,
		"exe x process-user y":               socket.DetailOwners | socket.DetailExe | socket.DetailProcessUser,
		"fwmark 1 and autobound":             socket.DetailMark | socket.DetailAutobound,
		"cgroup /x":                          socket.DetailExtended | socket.DetailCgroupPath,
		"rtt > 5ms":                          socket.DetailTCPInfo,
		"recv-q > 0":                         socket.DetailQueues,
		"user root":                          socket.DetailUser | socket.DetailUID,
		"uid 0":                              socket.DetailUID,
	} {
		f, err := filter.Parse(text, filter.Options{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := filter.Details(f.Expr); got != want {
			t.Errorf("%s: %b, not %b", text, got, want)
		}
	}
	if got := filter.Details(filter.Cgroup{Path: "/x", ID: 5}); got != socket.DetailExtended {
		t.Errorf("a cgroup with an id: %b", got)
	}
}

func TestMentioned(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]socket.ProtoSet{
		"port 80":                      0,
		"proto tcp,vsock":              socket.ProtoSetOf(socket.TCP, socket.Vsock),
		"/run/x or sport = vsock::5":   socket.ProtoSetOf(socket.Unix, socket.Vsock),
		"src link:*:eth0":              socket.ProtoSetOf(socket.Packet),
		"not src netlink:route or tcp": socket.ProtoSetOf(socket.Netlink, socket.TCP),
	} {
		f, err := filter.Parse(text, filter.Options{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := filter.Mentioned(f.Expr); got != want {
			t.Errorf("%s: %b, not %b", text, got, want)
		}
	}
}

// TestMap holds that a tree is rebuilt and the old one left alone.
func TestMap(t *testing.T) {
	t.Parallel()
	e := filter.And{filter.Not{X: filter.Cgroup{Path: "/x"}}, filter.Or{filter.Cgroup{Path: "/x"}, filter.Device{Name: "lo"}}}
	mapped := filter.Map(e, func(leaf filter.Expr) filter.Expr {
		if c, ok := leaf.(filter.Cgroup); ok {
			c.ID = 7
			return c
		}
		return leaf
	})
	want := filter.And{filter.Not{X: filter.Cgroup{Path: "/x", ID: 7}}, filter.Or{filter.Cgroup{Path: "/x", ID: 7}, filter.Device{Name: "lo"}}}
	if !filter.Equal(mapped, want) || filter.Equal(e, want) {
		t.Errorf("%#v", mapped)
	}
}

// TestFactNames holds that every fact can be written in a filter.
func TestFactNames(t *testing.T) {
	t.Parallel()
	for _, f := range fact.All() {
		operand := " = 0"
		switch f.Kind {
		case fact.Text:
			operand = " ~ x"
		case fact.Flag:
			operand = " = yes"
		}
		parsed, err := filter.Parse(f.Name+operand, filter.Options{})
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		switch parsed.Expr.(type) {
		case filter.Compare, filter.Text, filter.Autobound:
		default:
			t.Errorf("%s is read as %#v", f.Name, parsed.Expr)
		}
	}
}

func TestEvalAllocates(t *testing.T) {
	f, err := filter.Parse("state established (sport = 443 or src 10/8) not dst @x* rtt > 5ms process ng* process-user 7 remote public dev eth*", filter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sockets := rows()
	if n := testing.AllocsPerRun(100, func() {
		for _, s := range sockets {
			filter.Eval(f.Expr, s, all)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkEval(b *testing.B) {
	f, err := filter.Parse("sport = 443 and not src 10/8 or dport = 80", filter.Options{})
	if err != nil {
		b.Fatal(err)
	}
	s := rows()["web"]
	for b.Loop() {
		filter.Eval(f.Expr, s, all)
	}
}

func BenchmarkEvalFact(b *testing.B) {
	f, err := filter.Parse("recv-q > 5000", filter.Options{})
	if err != nil {
		b.Fatal(err)
	}
	s := rows()["web"]
	for b.Loop() {
		filter.Eval(f.Expr, s, all)
	}
}
