//go:build linux

package mksock

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Each kind, as ss or /proc tells of it from outside. The patterns are matched
// against whole lines with runs of blanks squeezed; every line that the command
// prints must be wanted, and every wanted one must be there.
func TestKinds(t *testing.T) {
	tcp := []string{"ss", "-Htane"}
	for _, test := range []struct {
		name    string
		args    []string
		command []string
		want    []string
	}{
		{
			"listen",
			[]string{"tcp-listen:127.0.0.1:8080,backlog=7,label=web"},
			tcp,
			[]string{`LISTEN 0 7 127\.0\.0\.1:8080 0\.0\.0\.0:\* ino:{inode web} sk:{cookie web} .*`},
		},
		{
			"listen chosen port",
			[]string{"tcp-listen:127.0.0.1:0,label=web"},
			tcp,
			[]string{`LISTEN 0 16 127\.0\.0\.1:{port web} 0\.0\.0\.0:\* ino:{inode web} .*`},
		},
		{
			"dual stack",
			[]string{"tcp-listen:[::]:8080,dual,label=web"},
			tcp,
			[]string{`LISTEN 0 16 \*:8080 \*:\* ino:{inode web} .* v6only:0 .*`},
		},
		{
			"v6only",
			[]string{"tcp-listen:[::]:8080,v6only,label=web"},
			tcp,
			[]string{`LISTEN 0 16 \[::\]:8080 \[::\]:\* ino:{inode web} .* v6only:1 .*`},
		},
		{
			"device",
			[]string{"tcp-listen:0.0.0.0:8080,device=lo,label=web"},
			tcp,
			[]string{`LISTEN 0 16 0\.0\.0\.0%lo:8080 0\.0\.0\.0:\* ino:{inode web} .*`},
		},
		{
			"options",
			[]string{"tcp-pair:127.0.0.1:8080,mark=42,tos=16,congestion=reno,keepalive,rcvbuf=8192,shutdown=send,label=web"},
			[]string{"ss", "-Htainmoe", "--tos", "sport = :8080"},
			[]string{
				`FIN-WAIT-2 0 0 127\.0\.0\.1:8080 127\.0\.0\.1:{port web_client} timer:\(keepalive,.* fwmark:0x2a .*tos:0x10 .*`,
				`skmem:\(r0,rb16384,.*\) .* reno .*`,
			},
		},
		{
			"zone",
			[]string{"-link", "wan0,fe80::1/64", "tcp-listen:[fe80::1%wan0]:8080,label=web"},
			tcp,
			[]string{`LISTEN 0 16 \[fe80::1\]%wan0:8080 \[::\]:\* ino:{inode web} .*`},
		},
		{
			"reuseport group",
			[]string{"tcp-listen:127.0.0.1:8080,reuseport,count=2,label=web"},
			tcp,
			[]string{`LISTEN .*:8080 .* ino:{inode web} .*`, `LISTEN .*:8080 .* ino:{inode web_2} .*`},
		},
		{"pair", []string{"tcp-pair:127.0.0.1:8080,label=web"}, tcp, []string{
			`ESTAB 0 0 127\.0\.0\.1:8080 127\.0\.0\.1:{port web_client} .*ino:{inode web} .*`,
			`ESTAB 0 0 127\.0\.0\.1:{port web_client} 127\.0\.0\.1:8080 .*ino:{inode web_client} .*`,
		}},
		{"pair and listener", []string{"tcp-pair:[::]:8080,dual,to=127.0.0.1,from=127.0.0.1:20001,keep,label=web"}, tcp, []string{
			`LISTEN 0 16 \*:8080 .* ino:{inode web_listener} .*`,
			`ESTAB 0 0 \[::ffff:127\.0\.0\.1\]:8080 \[::ffff:127\.0\.0\.1\]:20001 .*ino:{inode web} .*`,
			`ESTAB 0 0 127\.0\.0\.1:20001 127\.0\.0\.1:8080 .*ino:{inode web_client} .*`,
		}},
		{"not accepted", []string{"tcp-unaccepted:127.0.0.1:8080,clients=2,label=web"}, tcp, []string{
			`LISTEN 2 16 127\.0\.0\.1:8080 .* ino:{inode web} .*`,
			`ESTAB 0 0 127\.0\.0\.1:8080 127\.0\.0\.1:{port web_client} (timer:\S+ )?ino:0 .*`,
			`ESTAB 0 0 127\.0\.0\.1:8080 127\.0\.0\.1:{port web_client2} (timer:\S+ )?ino:0 .*`,
			`ESTAB 0 0 127\.0\.0\.1:{port web_client} .*ino:{inode web_client} .*`,
			`ESTAB 0 0 127\.0\.0\.1:{port web_client2} .*ino:{inode web_client2} .*`,
		}},

		{
			"syn sent",
			[]string{"tcp-synsent:20001,label=c"},
			tcp,
			[]string{`SYN-SENT 0 1 192\.0\.2\.1:20001 192\.0\.2\.2:80 .*ino:{inode c} .*`},
		},
		{"syn received", []string{"tcp-synrecv:8080,label=c"}, tcp, []string{
			`LISTEN 0 16 192\.0\.2\.1:8080 .* ino:{inode c} .*`,
			`SYN-RECV 0 0 192\.0\.2\.1:8080 192\.0\.2\.2:50000 .*ino:0 .*`,
		}},
		{
			"established",
			[]string{"tcp-established:20001,label=c"},
			tcp,
			[]string{`ESTAB 0 0 192\.0\.2\.1:20001 192\.0\.2\.2:80 .*ino:{inode c} .*`},
		},
		{
			"fin wait 1",
			[]string{"tcp-finwait1:20001,label=c"},
			tcp,
			[]string{`FIN-WAIT-1 0 1 192\.0\.2\.1:20001 192\.0\.2\.2:80 .*ino:{inode c} .*`},
		},
		{
			"fin wait 2",
			[]string{"tcp-finwait2:20001,label=c"},
			tcp,
			[]string{`FIN-WAIT-2 0 0 192\.0\.2\.1:20001 192\.0\.2\.2:80 .*ino:{inode c} .*`},
		},
		{
			"fin wait 2, closed",
			[]string{"tcp-finwait2:20001,close,label=c"},
			tcp,
			[]string{`FIN-WAIT-2 0 0 192\.0\.2\.1:20001 192\.0\.2\.2:80 .*ino:0 .*`},
		},
		{
			"closing",
			[]string{"tcp-closing:20001,label=c"},
			tcp,
			[]string{`CLOSING 1 1 192\.0\.2\.1:20001 192\.0\.2\.2:80 .*ino:{inode c} .*`},
		},
		{
			"close wait",
			[]string{"tcp-closewait:20001,label=c"},
			tcp,
			[]string{`CLOSE-WAIT 1 0 192\.0\.2\.1:20001 192\.0\.2\.2:80 .*ino:{inode c} .*`},
		},
		{
			"last ack",
			[]string{"tcp-lastack:20001,label=c"},
			tcp,
			[]string{`LAST-ACK 1 1 192\.0\.2\.1:20001 192\.0\.2\.2:80 .*ino:{inode c} .*`},
		},
		{
			"last ack, closed",
			[]string{"tcp-lastack:20001,close,label=c"},
			tcp,
			[]string{`LAST-ACK 1 1 192\.0\.2\.1:20001 192\.0\.2\.2:80 .*ino:0 .*`},
		},
		{
			"time wait",
			[]string{"tcp-timewait:20001,label=c"},
			tcp,
			[]string{`TIME-WAIT 0 0 192\.0\.2\.1:20001 192\.0\.2\.2:80 .*ino:0 .*`},
		},
		{
			"orphan",
			[]string{"tcp-orphan:20001,label=c"},
			tcp,
			[]string{`FIN-WAIT-1 0 1 192\.0\.2\.1:20001 192\.0\.2\.2:80 .*ino:0 .*`},
		},
		{
			"all states at once",
			[]string{"tcp-synsent:1", "tcp-finwait1:2", "tcp-closing:3", "tcp-lastack:4"},
			tcp,
			[]string{`SYN-SENT .*`, `FIN-WAIT-1 .*`, `CLOSING .*`, `LAST-ACK .*`},
		},

		{
			"udp",
			[]string{"udp:127.0.0.1:53,label=dns"},
			[]string{"ss", "-Huane"},
			[]string{`UNCONN 0 0 127\.0\.0\.1:53 0\.0\.0\.0:\* ino:{inode dns} .*`},
		},
		{
			"udp connected",
			[]string{"udp-connected:127.0.0.1:53,from=127.0.0.1:20001,label=dns"},
			[]string{"ss", "-Huane"},
			[]string{`ESTAB 0 0 127\.0\.0\.1:20001 127\.0\.0\.1:53 ino:{inode dns} .*`},
		},
		{
			"udplite",
			[]string{"udplite:127.0.0.1:53,label=dns"},
			[]string{"cat", "/proc/net/udplite"},
			[]string{` *sl .*`, `.* 0100007F:0035 00000000:0000 07 .* {inode dns} .*`},
		},
		{"mptcp listen", []string{"mptcp-listen:127.0.0.1:8080,label=web"}, []string{"ss", "-HManeA", "mptcp,tcp"}, []string{
			`mptcp LISTEN 0 16 127\.0\.0\.1:8080 .* ino:{inode web} .*`,
			`tcp LISTEN 0 16 127\.0\.0\.1:8080 .* ino:{inode web} .*`,
		}},
		{"mptcp pair", []string{"mptcp-pair:127.0.0.1:8080,label=web"}, []string{"ss", "-HManeA", "mptcp"}, []string{
			`ESTAB 0 0 127\.0\.0\.1:8080 127\.0\.0\.1:{port web_client} ino:{inode web} .*`,
			`ESTAB 0 0 127\.0\.0\.1:{port web_client} 127\.0\.0\.1:8080 ino:{inode web_client} .*`,
		}},
		{
			"raw",
			[]string{"raw:icmp,bind=127.0.0.1,label=r"},
			[]string{"cat", "/proc/net/raw"},
			[]string{` *sl .*`, `.* 0100007F:0001 00000000:0000 07 .* {inode r} .*`},
		},
		{
			"raw v6",
			[]string{"raw:icmp6,v6,label=r"},
			[]string{"cat", "/proc/net/raw6"},
			[]string{` *sl .*`, `.* 0{32}:003A 0{32}:0000 07 .* {inode r} .*`},
		},
		{
			"ping",
			[]string{"ping:127.0.0.1:77,label=p"},
			[]string{"cat", "/proc/net/icmp"},
			[]string{` *sl .*`, `.* 0100007F:004D 00000000:0000 07 .* {inode p} .*`},
		},

		{"unix pair", []string{"unix-pair,type=seqpacket,label=u"}, []string{"ss", "-Hxane"}, []string{
			`u_seq ESTAB 0 0 \* {inode u} \* {inode u_peer} .*`,
			`u_seq ESTAB 0 0 \* {inode u_peer} \* {inode u} .*`,
		}},
		{
			"unix listen",
			[]string{"unix-listen:a.sock,backlog=3,label=u"},
			[]string{"ss", "-Hxane"},
			[]string{`u_str LISTEN 0 3 a\.sock {inode u} \* 0 .*`},
		},
		{
			"unix abstract",
			[]string{"unix-listen:@a b,label=u"},
			[]string{"ss", "-Hxane"},
			[]string{`u_str LISTEN 0 16 @a b {inode u} \* 0 .*`},
		},
		{
			"unix bound",
			[]string{"unix-bound:a.sock,label=u"},
			[]string{"ss", "-Hxane"},
			[]string{`u_str UNCONN 0 0 a\.sock {inode u} \* 0 .*`},
		},
		{
			"unix dgram",
			[]string{"unix-dgram:a.sock,label=u"},
			[]string{"ss", "-Hxane"},
			[]string{`u_dgr UNCONN 0 0 a\.sock {inode u} \* 0 .*`},
		},
		{
			"unix seqpacket",
			[]string{"unix-seqpacket:a.sock,label=u"},
			[]string{"ss", "-Hxane"},
			[]string{`u_seq LISTEN 0 16 a\.sock {inode u} \* 0 .*`},
		},
		{
			"unix deleted",
			[]string{"unix-deleted:a.sock,label=u"},
			[]string{"ss", "-Hxane"},
			[]string{`u_str LISTEN 0 16 a\.sock {inode u} \* 0 .*`},
		},
		{
			"unix newline",
			[]string{`unix-listen:a\nb\x2cc,label=u`},
			[]string{"cat", "/proc/net/unix"},
			[]string{`Num .*`, `.* 0001 01 {inode u} a`, `b,c`},
		},
		{"unix connected", []string{"unix-connected:a.sock,label=u"}, []string{"ss", "-Hxane"}, []string{
			`u_str LISTEN 0 16 a\.sock {inode u} .*`,
			`u_str ESTAB 0 0 \* {inode u_client} \* {inode u_accepted} .*`,
			`u_str ESTAB 0 0 a\.sock {inode u_accepted} \* {inode u_client} .*`,
		}},

		{"packet", []string{"packet:all,label=p", "packet:0x0800,type=dgram,device=lo,label=q"}, []string{"ss", "-OH0ane"}, []string{
			`p_raw UNCONN 0 0 \*:\* \* ino:{inode p} .*`,
			`p_dgr UNCONN 0 0 (ip|\[2048\]):lo \* ino:{inode q} .*`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, test.args...)
			for _, h := range s.order {
				if h.pid != 0 && h.link() != h.target() {
					t.Errorf("%s: descriptor is %s, want %s", h.label, h.link(), h.target())
				}
			}
			s.compare(s.run(test.command...), test.want)
		})
	}
}

// compare matches lines and patterns one to one, in any order.
func (s *stage) compare(output string, want []string) {
	s.t.Helper()
	blanks := regexp.MustCompile(`\s+`)
	var lines []string
	for line := range strings.Lines(output) {
		lines = append(lines, blanks.ReplaceAllString(strings.TrimSpace(line), " "))
	}
	for _, pattern := range want {
		re := regexp.MustCompile("^" + strings.TrimPrefix(s.expand(pattern), " *") + "$")
		found := -1
		for i, line := range lines {
			if re.MatchString(line) {
				found = i
				break
			}
		}
		if found < 0 {
			s.t.Errorf("no line matches %s in\n%s", re, output)
			continue
		}
		lines = append(lines[:found], lines[found+1:]...)
	}
	for _, line := range lines {
		s.t.Errorf("unexpected line %s", line)
	}
}

// Sockets that no table tells of are only to be seen through their descriptor.
func TestDescriptorOnly(t *testing.T) {
	for _, test := range []struct {
		name, spec, protocol string
	}{
		{"tcp unbound", "tcp-unbound:4,label=x", "TCP"},
		{"udp unbound", "udp-unbound:6,label=x", "UDPv6"},
		{"vsock", "vsock-listen:47113,label=x", "AF_VSOCK"},
		{"xdp bare", "xdp,label=x", "XDP"},
		{"xdp bound", "xdp:wan0,label=x", "XDP"},
		{"netlink", "netlink:route,label=x", "NETLINK"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "-link", "wan0", test.spec)
			h := s.held["x"]
			if h.link() != h.target() {
				t.Fatalf("descriptor is %s, want %s", h.link(), h.target())
			}
			// The protocol name is what the kernel tells of an open socket.
			buffer := make([]byte, 64)
			n, err := getxattr(h, "system.sockprotoname", buffer)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimRight(string(buffer[:n]), "\x00"); got != test.protocol {
				t.Errorf("protocol is %s, want %s", got, test.protocol)
			}
		})
	}
}

func TestNetlinkGroups(t *testing.T) {
	t.Parallel()
	s := start(t, "netlink:route,groups=0x11,port=4242,label=n")
	table := s.run("cat", "/proc/net/netlink")
	re := regexp.MustCompile(s.expand(`(?m)^\S+ +0 +4242 +00000011 .* {inode n} *$`))
	if !re.MatchString(table) {
		t.Errorf("no line matches %s in\n%s", re, table)
	}
}

func TestDeletedPath(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dir := t.TempDir()
	startIn(t, dir, "-netns", "unix-deleted:gone.sock", "unix-listen:here.sock")
	if _, err := os.Lstat(dir + "/gone.sock"); !os.IsNotExist(err) {
		t.Errorf("deleted path: %v", err)
	}
	if _, err := os.Lstat(dir + "/here.sock"); err != nil {
		t.Errorf("path of listener: %v", err)
	}
}
