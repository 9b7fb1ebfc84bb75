package procfs

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// sockstatText is what Linux 6.18 prints.
const sockstatText = `sockets: used 9
TCP: inuse 7 orphan 1 tw 5 alloc 10 mem -2
UDP: inuse 3 mem 4
UDPLITE: inuse 0
RAW: inuse 2
FRAG: inuse 0 memory 0
`

const sockstat6Text = `TCP6: inuse 4
UDP6: inuse 1
UDPLITE6: inuse 0
RAW6: inuse 0
FRAG6: inuse 0 memory 0
`

// netstatText has fewer names than a real one.
const netstatText = `TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPTimeWaitOverflow TCPReqQFullDrop
TcpExt: 0 12 13 0 7
IpExt: InNoRoutes InOctets
IpExt: 0 18446744073709551
`

const snmpText = `Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens CurrEstab
Tcp: 1 200 120000 -1 561 6
Udp: InDatagrams NoPorts
Udp: 270 0
`

func countersTree(t testing.TB) FS {
	t.Helper()
	return writeTree(t, map[string]string{
		"net/sockstat": sockstatText, "net/sockstat6": sockstat6Text,
		"net/snmp": snmpText, "net/netstat": netstatText,
		"sys/net/ipv4/ip_local_port_range":     "32768\t60999\n",
		"sys/net/ipv4/ip_local_reserved_ports": "8080,40000-40009,50000\n",
		"sys/net/ipv4/tcp_max_tw_buckets":      "131072\n",
		"sys/net/ipv4/tcp_tw_reuse":            "2\n",
	})
}

func TestCounters(t *testing.T) {
	t.Parallel()
	tree := countersTree(t)
	tests := []struct {
		name string
		read func() (Numbers, error)
		want Numbers
	}{
		{"sockstat", tree.Sockstat, Numbers{
			"sockets.used": 9, "TCP.inuse": 7, "TCP.orphan": 1, "TCP.tw": 5, "TCP.alloc": 10, "TCP.mem": -2,
			"UDP.inuse": 3, "UDP.mem": 4, "UDPLITE.inuse": 0, "RAW.inuse": 2, "FRAG.inuse": 0, "FRAG.memory": 0,
		}},
		{"sockstat6", tree.Sockstat6, Numbers{
			"TCP6.inuse": 4, "UDP6.inuse": 1, "UDPLITE6.inuse": 0, "RAW6.inuse": 0, "FRAG6.inuse": 0, "FRAG6.memory": 0,
		}},
		{"snmp", tree.SNMP, Numbers{
			"Tcp.RtoAlgorithm": 1, "Tcp.RtoMin": 200, "Tcp.RtoMax": 120000, "Tcp.MaxConn": -1,
			"Tcp.ActiveOpens": 561, "Tcp.CurrEstab": 6, "Udp.InDatagrams": 270, "Udp.NoPorts": 0,
		}},
		{"netstat", tree.Netstat, Numbers{
			"TcpExt.SyncookiesSent": 0, "TcpExt.ListenOverflows": 12, "TcpExt.ListenDrops": 13,
			"TcpExt.TCPTimeWaitOverflow": 0, "TcpExt.TCPReqQFullDrop": 7,
			"IpExt.InNoRoutes": 0, "IpExt.InOctets": 18446744073709551,
		}},
	}
	for _, tt := range tests {
		got, err := tt.read()
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	if n, err := tree.TCPAllocated(); n != 10 || err != nil {
		t.Errorf("TCPAllocated: %d, %v", n, err)
	}
}

// TestCountersMalformed: a bad line spoils itself and no other.
func TestCountersMalformed(t *testing.T) {
	t.Parallel()
	stat := func(text string) (Numbers, error) { return ParseSockstat(strings.NewReader(text)) }
	snmp := func(text string) (Numbers, error) { return ParseSNMP(strings.NewReader(text)) }
	tests := []struct {
		name  string
		parse func(string) (Numbers, error)
		text  string
		want  Numbers
		bad   int
	}{
		{"no title", stat, "used 9\nTCP: a 1\n", Numbers{"TCP.a": 1}, 1},
		{"empty title", stat, ": a 1\n", Numbers{}, 1},
		{"half a pair", stat, "TCP: a 1 b\nUDP: a 2", Numbers{"UDP.a": 2}, 1},
		{"no number", stat, "TCP: a 1 b x\nUDP: a 2\n", Numbers{"UDP.a": 2}, 1},
		{"beyond any number", stat, "TCP: a 9223372036854775808\n", Numbers{}, 1},
		{"nothing", stat, "", Numbers{}, 0},
		{"long", stat, "TCP: " + strings.Repeat("a 1 ", factBuffer) + "\nUDP: a 2\n", Numbers{"UDP.a": 2}, 1},
		{"other title", snmp, "Tcp: A\nUdp: 1\nIp: B\nIp: 2\n", Numbers{"Ip.B": 2}, 1},
		{"too few", snmp, "Tcp: A B\nTcp: 1\nIp: B\nIp: 2\n", Numbers{"Ip.B": 2}, 1},
		{"too many", snmp, "Tcp: A\nTcp: 1 2\n", Numbers{}, 1},
		{"no number below", snmp, "Tcp: A\nTcp: B\n", Numbers{}, 1},
		{"broken off", snmp, "Ip: B\nIp: 2\nTcp: A\n", Numbers{"Ip.B": 2}, 1},
	}
	for _, tt := range tests {
		got, err := tt.parse(tt.text)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		bad := 0
		var malformed *MalformedError
		if errors.As(err, &malformed) {
			bad = malformed.Lines
		}
		if bad != tt.bad || (err != nil) != (tt.bad > 0) {
			t.Errorf("%s: error %v, want %d bad lines", tt.name, err, tt.bad)
		}
	}
}

// TestCountersGone: what cannot be read is an error that hides no cause, and
// what is not printed is not zero.
func TestCountersGone(t *testing.T) {
	t.Parallel()
	empty := FS{Root: t.TempDir()}
	_, sockstatErr := empty.Sockstat()
	_, sockstat6Err := empty.Sockstat6()
	_, snmpErr := empty.SNMP()
	_, netstatErr := empty.Netstat()
	_, allocErr := empty.TCPAllocated()
	_, _, portsErr := empty.LocalPorts()
	_, limitErr := empty.TimeWaitLimit()
	_, reuseErr := empty.TimeWaitReuse()
	for name, err := range map[string]error{
		"Sockstat": sockstatErr, "Sockstat6": sockstat6Err, "SNMP": snmpErr, "Netstat": netstatErr,
		"TCPAllocated": allocErr, "LocalPorts": portsErr, "TimeWaitLimit": limitErr, "TimeWaitReuse": reuseErr,
		"ReservedPorts": empty.ReservedPorts(func(uint16, uint16) { t.Error("a range of nothing") }),
	} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := iotest.ErrReader(os.ErrClosed)
	if _, err := ParseSockstat(broken); !errors.Is(err, os.ErrClosed) {
		t.Errorf("ParseSockstat: %v", err)
	}
	if _, err := ParseSNMP(broken); !errors.Is(err, os.ErrClosed) {
		t.Errorf("ParseSNMP: %v", err)
	}
	bare := writeTree(t, map[string]string{"net/sockstat": "TCP: inuse 1\n"})
	if _, err := bare.TCPAllocated(); err == nil {
		t.Error("TCPAllocated made up a number")
	}
}

func TestLocalPorts(t *testing.T) {
	t.Parallel()
	tree := countersTree(t)
	if first, last, err := tree.LocalPorts(); first != 32768 || last != 60999 || err != nil {
		t.Errorf("LocalPorts: %d-%d, %v", first, last, err)
	}
	var got [][2]uint16
	if err := tree.ReservedPorts(func(first, last uint16) { got = append(got, [2]uint16{first, last}) }); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([][2]uint16{{8080, 8080}, {40000, 40009}, {50000, 50000}}, got); diff != "" {
		t.Errorf("reserved (-want +got):\n%s", diff)
	}
	if n, err := tree.TimeWaitLimit(); n != 131072 || err != nil {
		t.Errorf("TimeWaitLimit: %d, %v", n, err)
	}
	if n, err := tree.TimeWaitReuse(); n != 2 || err != nil {
		t.Errorf("TimeWaitReuse: %d, %v", n, err)
	}
	for _, text := range []string{"", "\n", "1\n", "1 2 3\n", "2 1\n", "1 65536\n", "-1 5\n", "a b\n"} {
		if first, last, err := parseLocalPorts([]byte(text)); err == nil {
			t.Errorf("%q is %d-%d", text, first, last)
		}
	}
	for _, text := range []string{",", "1,", "1-", "2-1", "65536", "1--2", "x"} {
		if err := parseReservedPorts([]byte(text), func(uint16, uint16) {}); err == nil {
			t.Errorf("%q is a list of ports", text)
		}
	}
	if err := parseReservedPorts([]byte("\n"), func(uint16, uint16) { t.Error("a range of nothing") }); err != nil {
		t.Error(err)
	}
	if n, err := writeTree(t, map[string]string{"sys/net/ipv4/tcp_tw_reuse": "yes\n"}).TimeWaitReuse(); err == nil {
		t.Errorf("yes is %d", n)
	}
}

// FuzzParseCounters: no text makes a parser panic or count a line twice.
func FuzzParseCounters(f *testing.F) {
	for _, text := range []string{sockstatText, sockstat6Text, snmpText, netstatText} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Count(text, "\n") + 1
		stat, statErr := ParseSockstat(strings.NewReader(text))
		snmp, snmpErr := ParseSNMP(strings.NewReader(text))
		for _, result := range []struct {
			numbers Numbers
			err     error
		}{{stat, statErr}, {snmp, snmpErr}} {
			var malformed *MalformedError
			if errors.As(result.err, &malformed) && malformed.Lines > lines {
				t.Errorf("%d malformed lines of %d", malformed.Lines, lines)
			}
			if result.numbers == nil || len(result.numbers) > len(text)/2 {
				t.Errorf("%d numbers of %q", len(result.numbers), text)
			}
		}
	})
}

func FuzzParsePorts(f *testing.F) {
	f.Add([]byte("32768\t60999\n"))
	f.Add([]byte("8080,40000-40009\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if first, last, err := parseLocalPorts(text); err == nil && first > last {
			t.Errorf("%q is %d-%d", text, first, last)
		}
		_ = parseReservedPorts(text, func(first, last uint16) {
			if first > last {
				t.Errorf("%q has %d-%d", text, first, last)
			}
		})
	})
}
