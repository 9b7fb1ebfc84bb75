package rendertest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/collector/workload"
)

// Short names for what the tables below repeat.
const (
	tcp, udp    = socket.TCP, socket.UDP
	listen      = socket.Listen
	established = socket.Established
	unconn      = socket.Unconn
	yes, no     = socket.Yes, socket.No
)

// nginx is a service of two processes.
func nginx() []*socket.Process {
	master := in("nginx.service", by(812, "nginx", "nginx: master process /usr/sbin/nginx"))
	worker := in("nginx.service", by(813, "nginx", "nginx: worker process", socket.Ancestor{PID: 812, Name: "nginx"}))
	worker.User, worker.UID = "www-data", 33
	return []*socket.Process{master, worker}
}

func node(pid int) *socket.Process { return shell(pid, "node", "node server.js") }

// Situations are one for each thing that can stand in the way of a bind.
func Situations() []Situation {
	return slices.Concat(addresses(), waysToHold(), remains(), obstacles(), nobodies(), keepers(), surroundings())
}

// addresses are the ways in which addresses collide, and do not.
func addresses() []Situation {
	web := func(local string) *socket.Socket { return options(yes, no, of(tcp, listen, local, "", nginx()[0])) }
	return []Situation{
		situation("same-address", wish(tcp, "0.0.0.0:8080"), web("0.0.0.0:8080")),
		situation("wildcard", wish(tcp, "127.0.0.1:8080"), web("0.0.0.0:8080")),
		situation("includes", wish(tcp, "0.0.0.0:8080"), web("127.0.0.1:8080")),
		situation("dual-stack", wish(tcp, "0.0.0.0:8080"), web("[::]:8080")),
		situation("own-dual-stack", wish(tcp, "[::]:8080"), web("127.0.0.1:8080")),
		situation("v6only", wish(tcp, "0.0.0.0:8080"), v6only(web("[::]:8080"))),
		situation("v4-mapped", wish(tcp, "[::ffff:127.0.0.1]:8080"), web("127.0.0.1:8080")),
		situation("other-address", wish(tcp, "127.0.0.1:8080"), web("192.168.1.10:8080")),
		situation("any-address", wish(tcp, ":8080"), web("127.0.0.1:8080")),
		situation("other-device", wish(tcp, "0.0.0.0:8080"), on("eth0", web("0.0.0.0:8080"))).with(func(s *why.Situation) {
			s.Bind.Device = "wg0"
		}),
	}
}

// waysToHold are programs that have the port.
func waysToHold() []Situation {
	group := func(uid uint32, local string, pids ...int) []*socket.Socket {
		var all []*socket.Socket
		for _, pid := range pids {
			p := in("api.service", by(pid, "api", "/usr/bin/api --workers 3", socket.Ancestor{PID: 900, Name: "api"}))
			p.User, p.UID = "api", uid
			all = append(all, options(yes, yes, of(tcp, listen, local, "", p)))
		}
		return all
	}
	mdns := func(pid int, name string) *socket.Socket {
		p := by(pid, name, "/usr/bin/"+name)
		p.Exe = "/usr/bin/" + name
		return options(yes, no, of(udp, unconn, "0.0.0.0:5353", "", p))
	}
	first, second := shell(910, "api", "/usr/bin/api"), by(911, "metrics", "/usr/bin/metrics")
	second.UID, second.User = 1000, "ana"
	waiting := of(tcp, established, "127.0.0.1:8080", "127.0.0.1:41001")
	waiting.Inode, waiting.HasUID, waiting.NoProcess = 0, false, socket.ReasonNotAccepted
	leaking := options(no, no, of(tcp, socket.CloseWait, "192.168.1.10:8080", "10.1.2.3:51000", node(905)))
	return []Situation{
		situation("bound", wish(tcp, "0.0.0.0:8080"), options(no, no, of(tcp, socket.Bound, "0.0.0.0:8080", "", node(905)))),
		situation("bound-reuseaddr", wish(tcp, "0.0.0.0:8080"), options(yes, no, of(tcp, socket.Bound, "0.0.0.0:8080", "", node(905)))),
		situation("group", wish(tcp, "0.0.0.0:8080"), group(0, "0.0.0.0:8080", 901, 902, 903)...),
		situation("group-other-user", wish(tcp, "0.0.0.0:8080"), group(990, "0.0.0.0:8080", 901, 902)...).with(func(s *why.Situation) {
			s.Bind.ReusePort = true
		}),
		situation("group-joined", wish(tcp, "0.0.0.0:8080"), group(0, "0.0.0.0:8080", 901, 902)...).with(func(s *why.Situation) {
			s.Bind.ReusePort = true
		}),
		situation("accidental", wish(tcp, "0.0.0.0:8080"),
			options(no, yes, of(tcp, listen, "0.0.0.0:8080", "", first)), options(no, yes, of(tcp, listen, "0.0.0.0:8080", "", second))),
		situation("accidental-udp", wish(udp, "0.0.0.0:5353"), mdns(920, "avahi-daemon"), mdns(921, "chromium")),
		situation("udp", wish(udp, "0.0.0.0:53"), options(no, no, of(udp, unconn, "127.0.0.1:53", "", in("dnsmasq.service", by(930, "dnsmasq", "dnsmasq -k"))))),
		situation("outgoing", wish(tcp, "0.0.0.0:45000"),
			chosen(yes, options(no, no, of(tcp, established, "192.168.1.10:45000", "93.184.216.34:443", shell(940, "curl", "curl https://example.com"))))),
		situation("outgoing-udp", wish(udp, "0.0.0.0:45000"),
			chosen(yes, options(no, no, of(udp, established, "192.168.1.10:45000", "9.9.9.9:53", in("unbound.service", by(941, "unbound", "unbound -d")))))),
		situation("either-way", wish(tcp, "0.0.0.0:45000"),
			chosen(yes, options(no, no, of(tcp, established, "192.168.1.10:45000", "10.1.2.3:51000", node(905))))),
		situation("accepted", wish(tcp, "0.0.0.0:8080"),
			options(no, no, of(tcp, listen, "0.0.0.0:8080", "", node(905))),
			chosen(yes, options(no, no, of(tcp, established, "127.0.0.1:8080", "127.0.0.1:41000", node(905)))), waiting),
		situation("child", wish(tcp, "0.0.0.0:8080"), chosen(yes, options(no, no, of(tcp, established, "192.168.1.10:8080", "10.1.2.3:51000", node(905))))),
		situation("child-reuseaddr", wish(tcp, "0.0.0.0:8080"), chosen(yes, options(yes, no, of(tcp, established, "192.168.1.10:8080", "10.1.2.3:51000", node(905))))),
		situation("bound-before-connect", wish(tcp, "0.0.0.0:900"), chosen(no, options(no, no, of(tcp, established, "192.168.1.10:900", "10.1.2.3:2049", by(950, "rsh", "rsh far"))))),
		situation("close-wait", wish(tcp, "0.0.0.0:8080"), chosen(yes, leaking)),
	}
}

// remains are what programs leave behind.
func remains() []Situation {
	wait := func(peer int, ms uint32) *socket.Socket {
		return gone(socket.ReasonTimeWait, socket.TimerTimeWait, ms, of(tcp, socket.TimeWait, "127.0.0.1:8080", fmt.Sprintf("127.0.0.1:%d", peer)))
	}
	var thousand []*socket.Socket
	for i := range 1000 {
		thousand = append(thousand, wait(40000+i, uint32(20000+37*i)))
	}
	end := func(state socket.State, timer socket.TimerKind) *socket.Socket {
		return gone(socket.ReasonOrphan, timer, 41300, of(tcp, state, "192.168.1.10:8080", "10.1.2.3:51000"))
	}
	return []Situation{
		situation("time-wait", wish(tcp, "0.0.0.0:8080"), wait(41000, 42100)),
		situation("time-wait-reuseaddr", wish(tcp, "0.0.0.0:8080"), wait(41000, 42100)).with(func(s *why.Situation) { s.Bind.ReuseAddr = true }),
		situation("time-wait-thousand", wish(tcp, "0.0.0.0:8080"), thousand...),
		situation("fin-wait2", wish(tcp, "0.0.0.0:8080"), end(socket.FinWait2, socket.TimerTimeWait)),
		situation("last-ack", wish(tcp, "0.0.0.0:8080"), end(socket.LastAck, socket.TimerOn)),
	}
}

// obstacles are there whoever has the port.
func obstacles() []Situation {
	user := func(s *why.Situation) { s.Bind.UID, s.Bind.Privileged = 1000, no }
	return []Situation{
		situation("privileged", wish(tcp, "0.0.0.0:80")).with(user),
		situation("privileged-taken", wish(tcp, "0.0.0.0:80"), options(yes, no, of(tcp, listen, "0.0.0.0:80", "", nginx()[0]))).with(user),
		situation("privileged-unknown", wish(tcp, "0.0.0.0:80")).with(func(s *why.Situation) {
			s.Bind.UID, s.Bind.Privileged = 1000, socket.Unknown
		}),
		situation("address-not-here", wish(tcp, "192.168.1.11:8080")),
		situation("address-unknown", wish(tcp, "192.168.1.11:8080")).with(func(s *why.Situation) { s.Machine.HasLocal = false }),
		situation("address-tentative", wish(tcp, "[2001:db8::6]:8080")).with(func(s *why.Situation) {
			s.Machine.Tentative6 = append(s.Machine.Tentative6, s.Bind.Addr)
		}),
		situation("device-not-here", wish(tcp, "0.0.0.0:8080")).with(func(s *why.Situation) { s.Bind.Device = "eth7" }),
		situation("scope-missing", wish(tcp, "[fe80::1]:8080")),
		situation("address-impossible", wish(tcp, "[ff02::1%eth0]:8080")),
		situation("v4-mapped-v6only", wish(tcp, "[::ffff:127.0.0.1]:8080")).with(func(s *why.Situation) { s.Bind.V6Only = yes }),
		situation("no-ipv6", wish(tcp, "[::]:8080")).with(func(s *why.Situation) { s.Machine.IPv6 = no }),
		situation("unseen", wish(tcp, "0.0.0.0:8080")).with(func(s *why.Situation) { s.Unseen = true }),
	}
}

// nobodies are sockets of which no process is shown.
func nobodies() []Situation {
	vxlan := func(s *why.Situation) {
		s.Machine.KernelPorts = append(s.Machine.KernelPorts, machine.KernelPort{Proto: udp, Port: 4789, Kind: "vxlan", Link: "vx0"})
	}
	hidden := nobody(socket.ReasonHidden, of(tcp, listen, "0.0.0.0:8080", ""))
	hidden.UID, hidden.User = 33, "www-data"
	bound := nobody(socket.ReasonHidden, of(tcp, socket.Bound, "0.0.0.0:8080", ""))
	more := options(no, no, of(tcp, listen, "0.0.0.0:8080", "", node(905)))
	more.MoreHolders = true
	return []Situation{
		situation("hidden", wish(tcp, "0.0.0.0:8080"), hidden),
		situation("hidden-reuseaddr", wish(tcp, "0.0.0.0:8080"), bound).with(func(s *why.Situation) { s.Bind.ReuseAddr = true }),
		situation("more-holders", wish(tcp, "0.0.0.0:8080"), more),
		situation("other-pid-namespace", wish(tcp, "0.0.0.0:8080"), nobody(socket.ReasonOtherPIDNS, of(tcp, listen, "0.0.0.0:8080", ""))),
		situation("in-flight", wish(tcp, "0.0.0.0:8080"), nobody(socket.ReasonInFlight, of(tcp, listen, "0.0.0.0:8080", ""))),
		situation("kernel-vxlan", wish(udp, "0.0.0.0:4789"), nobody(socket.ReasonKernel, of(udp, unconn, "0.0.0.0:4789", ""))).with(vxlan),
		situation("kernel-idle", wish(udp, "0.0.0.0:4789")).with(vxlan),
		situation("kernel-unknown", wish(udp, "0.0.0.0:4790"), nobody(socket.ReasonKernel, of(udp, unconn, "0.0.0.0:4790", ""))),
		situation("kernel-nfsd", wish(tcp, "0.0.0.0:2049"), nobody(socket.ReasonKernel, of(tcp, listen, "0.0.0.0:2049", ""))).with(func(s *why.Situation) {
			s.Machine.KernelPorts = []machine.KernelPort{{Proto: tcp, Port: 2049, Kind: "nfsd"}}
		}),
	}
}

// keepers are what processes belong to.
func keepers() []Situation {
	id := strings.Repeat("0123456789abcdef", 4)
	boxed := func(pid int, c socket.Container) *socket.Process {
		p := by(pid, "gunicorn", "gunicorn app:app")
		p.InnerPID, p.Workload = 7, &socket.Workload{Cgroup: "/x", Container: &c}
		return p
	}
	proxy := in("docker.service", by(960, "docker-proxy", "/usr/bin/docker-proxy -proto tcp -host-port 8080"))
	proxy.Workload.Proxy = &socket.Proxy{
		Proto: tcp, Host: netip.MustParseAddrPort("0.0.0.0:8080"), Inside: netip.MustParseAddrPort("172.17.0.2:80"),
		Container: &socket.Container{Runtime: "docker", ID: id, Name: "web"},
	}
	owned := shell(970, "syncthing", "syncthing serve")
	owned.Workload = &socket.Workload{Unit: "syncthing.service", Manager: 1000, HasManager: true}
	systemd := by(1, "systemd", "/sbin/init")
	systemd.Parents, systemd.Workload = []socket.Ancestor{}, &socket.Workload{Unit: "init.scope"}
	sshd := in("ssh.service", by(971, "sshd", "sshd: /usr/sbin/sshd -D"))
	var fifty []*socket.Process
	for i := range 50 {
		fifty = append(fifty, in("php-fpm.service", by(2000+i, "php-fpm", "php-fpm: pool www", socket.Ancestor{PID: 2000, Name: "php-fpm"})))
	}
	sleep := by(981, "sleep", "sleep 1000")
	listener := func(holders ...*socket.Process) *socket.Socket {
		return options(yes, no, of(tcp, listen, "0.0.0.0:8080", "", holders...))
	}
	all := wish(tcp, "0.0.0.0:8080")
	return []Situation{
		situation("inherited", all, listener(nginx()...)),
		situation("passed", all, listener(shell(980, "python3", "python3 -m http.server 8080"), sleep)),
		situation("fifty-holders", all, listener(fifty...)),
		situation("two-listeners", all, listener(node(905)), options(yes, no, of(tcp, listen, "127.0.0.1:8080", "", by(906, "java", "java -jar shop.jar")))),
		situation("user-unit", all, listener(owned)),
		situation("docker", all, listener(boxed(990, socket.Container{Runtime: "docker", ID: id, Name: "shop"}))),
		situation("docker-proxy", all, listener(proxy)).with(func(s *why.Situation) { s.Forwards = []machine.Forward{dnat()} }),
		situation("podman", all, listener(boxed(991, socket.Container{Runtime: "podman", ID: id}))),
		situation("pod", all, listener(boxed(992, socket.Container{Runtime: "containerd", ID: id, Pod: "6c1e2d3f-1111-2222-3333-444455556666"}))),
		situation("socket-unit", wish(tcp, "[::]:22"), of(tcp, listen, "[::]:22", "", systemd, sshd)).with(func(s *why.Situation) {
			s.Units = []workload.SocketUnit{
				unit("cups.socket", "cups.service", workload.Listen{Proto: tcp, Port: 631}),
				unit("ssh.socket", "ssh.service", workload.Listen{Proto: tcp, Port: 22}),
			}
		}),
		situation("socket-unit-unknown", wish(tcp, "[::]:22"), of(tcp, listen, "[::]:22", "", systemd)),
	}
}

// dnat is a rule as Docker makes it for a published port.
func dnat() machine.Forward {
	return machine.Forward{
		Source: "nftables", Where: "ip nat DOCKER", Proto: tcp, Family: socket.IPv4, Local: true,
		Ports: []machine.Ports{{First: 8080, Last: 8080}}, Incoming: true, Target: netip.MustParseAddrPort("172.17.0.2:80"),
	}
}

// surroundings are what is in nobody's way.
func surroundings() []Situation {
	inside := func(pid int, name string) *socket.Process {
		p := by(pid, name, "/usr/bin/"+name)
		p.InnerPID = 7
		return p
	}
	there := within("web", 4026532001, of(tcp, listen, "0.0.0.0:8080", "", inside(42, "nginx")))
	unnamed := within("", 4026532002, of(tcp, listen, "0.0.0.0:8080", "", inside(43, "caddy")))
	return []Situation{
		situation("free", wish(tcp, "127.0.0.1:8080")),
		situation("ephemeral", wish(tcp, "0.0.0.0:45000")),
		situation("reserved", wish(tcp, "0.0.0.0:50051")),
		situation("other-namespace", wish(tcp, ":8080")).with(func(s *why.Situation) { s.Elsewhere = []*socket.Socket{there} }),
		situation("other-namespaces", wish(tcp, ":8080")).with(func(s *why.Situation) { s.Elsewhere = []*socket.Socket{there, unnamed} }),
		situation("taken-everywhere", wish(tcp, ":8080"), options(no, no, of(tcp, listen, "0.0.0.0:8080", "", node(905)))).with(func(s *why.Situation) {
			s.Elsewhere = []*socket.Socket{there}
		}),
		situation("other-protocol", wish(tcp, "0.0.0.0:53"), of(udp, unconn, "0.0.0.0:53", "", in("dnsmasq.service", by(930, "dnsmasq", "dnsmasq -k")))),
		situation("forwarded", wish(tcp, "0.0.0.0:8080")).with(func(s *why.Situation) {
			f := dnat()
			f.Where, f.Comment = "ip nat prerouting", "shop, see ticket 12"
			s.Forwards = []machine.Forward{f}
		}),
	}
}
