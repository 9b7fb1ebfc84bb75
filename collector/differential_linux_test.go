package collector

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

// compared are the protocols of the menagerie. Four are not in it: sctp and
// tipc, which few kernels have, xdp, which is in no table where its diag module
// is missing, and vsock, which has no namespace of its own, so that the sockets
// of strangers would be there.
var compared = []socket.Proto{
	socket.TCP, socket.MPTCP, socket.UDP, socket.UDPLite, socket.Raw, socket.Ping,
	socket.Unix, socket.Packet, socket.Netlink,
}

// TestAgainstSS compares the whole table with that of ss(8), both ways.
func TestAgainstSS(t *testing.T) {
	if !private(t, 0) {
		return
	}
	ss, err := exec.LookPath("ss")
	if err != nil {
		t.Skip("ss(8) is not installed")
	}
	menagerie(t)
	rows := collectStanding(t)
	var got []string
	for _, s := range rows {
		if line, shown := asShownBySS(s); shown {
			got = append(got, line)
		}
	}
	out, err := exec.Command(ss, "--no-header", "--all", "--numeric", "--extended", "--oneline", "--query=all").Output()
	must(t, err)
	var want []string
	for line := range strings.Lines(string(out)) {
		if row, kept := shownBySS(t, line); kept {
			want = append(want, row)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	// The kernel lists netlink sockets that are in multicast groups twice, and
	// ss prints them twice.
	want = slices.Compact(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-ss +sockls):\n%s", diff)
	}
	if len(want) < 60 {
		t.Errorf("only %d rows were compared", len(want))
	}
}

// collectStanding gathers all rows but those of the sockets that the collector
// itself had while it looked, and that are closed by now.
func collectStanding(t *testing.T) []*socket.Socket {
	t.Helper()
	rows, codes := collect(t, Options{}, everything(compared...))
	if len(codes) > 0 {
		t.Errorf("notices %v", codes)
	}
	return slices.DeleteFunc(rows, func(s *socket.Socket) bool {
		var st unix.Stat_t
		return len(s.Processes) == 1 && s.Processes[0].Process.PID == os.Getpid() &&
			(unix.Fstat(s.Processes[0].FD, &st) != nil || st.Ino != s.Inode)
	})
}

// asShownBySS puts a row into the words of shownBySS. It reports false for
// those that ss does not show:
//
//   - bound TCP sockets that neither listen nor connect, whose state it does
//     not ask for;
//   - sockets that are in no table (TCP before bind, UDP and netlink without
//     an address), which only their descriptor shows;
//   - UDP-Lite and ping sockets, which it does not know.
//
// Of the peer of a unix socket ss tells the inode only.
func asShownBySS(s *socket.Socket) (string, bool) {
	switch {
	case s.State == socket.Bound, s.Proto == socket.UDPLite, s.Proto == socket.Ping,
		s.Proto == socket.TCP && s.State == socket.Close,
		s.Proto == socket.UDP && s.Local.Port == 0:
		return "", false
	}
	line := s.Proto.String() + " " + stateOfSS(s)
	switch s.Proto {
	case socket.Unix:
		return fmt.Sprintf("%s %v %s %d -> %d", line, s.Type, nameOfSS(s.Local.Name), s.Inode, s.Remote.Node), true
	case socket.Netlink:
		return fmt.Sprintf("%s %d:%d", line, s.Local.Node, s.Local.Port), true
	case socket.Packet:
		return fmt.Sprintf("%s %v %d:%s ino:%d sk:%x", line, s.Type, s.Local.Port, s.Local.Name, s.Inode, s.Cookie), true
	}
	line += " " + endOfSS(s.Local, s.Device) + " " + endOfSS(s.Remote, "")
	if s.Proto != socket.Raw { // which ss reads from /proc/net, and leaves the inode out
		line += fmt.Sprintf(" ino:%d sk:%x", s.Inode, s.Cookie)
	}
	if s.State == socket.Listen {
		line += fmt.Sprintf(" %d/%d", s.RecvQ, s.SendQ)
	}
	return line, true
}

// stateOfSS names a state as ss does.
func stateOfSS(s *socket.Socket) string {
	switch s.State {
	case socket.Established:
		return "ESTAB"
	case socket.Close: // a unix stream socket without a peer
		return "UNCONN"
	case socket.FinWait1:
		return "FIN-WAIT-1"
	case socket.FinWait2:
		return "FIN-WAIT-2"
	}
	return strings.ReplaceAll(s.State.String(), "_", "-")
}

func nameOfSS(name string) string {
	if name == "" {
		return "*"
	}
	if name[0] == 0 {
		return "@" + name[1:]
	}
	return name
}

// endOfSS leaves the address out where it is the one that stands for all; ss
// writes that in three ways.
func endOfSS(e socket.Endpoint, device string) string {
	address, port := "*", "*"
	if e.Addr.IsValid() && !e.Addr.IsUnspecified() {
		address = e.Addr.String()
	}
	if device != "" {
		address += "%" + device
	}
	if e.Port != 0 {
		port = strconv.FormatUint(uint64(e.Port), 10)
	}
	return address + " " + port
}

// shownBySS parses one line of ss into the words of asShownBySS.
func shownBySS(t *testing.T, text string) (line string, kept bool) {
	t.Helper()
	w := strings.Fields(text)
	if len(w) < 6 {
		t.Fatalf("ss prints %q", text)
	}
	netid, state := w[0], w[1]
	attribute := func(name string) string {
		for _, one := range w[5:] {
			if value, found := strings.CutPrefix(one, name+":"); found {
				return value
			}
		}
		return "0"
	}
	switch netid {
	case "u_str", "u_seq", "u_dgr":
		kind := map[string]string{"u_str": "stream", "u_seq": "seqpacket", "u_dgr": "dgram"}[netid]
		return fmt.Sprintf("unix %s %s %s %s -> %s", state, kind, w[4], w[5], w[7]), true
	case "nl":
		if strings.HasPrefix(w[4], "4:") && w[4] != "4:0" {
			return "", false // the connection through which ss asks
		}
		return fmt.Sprintf("netlink %s %s", state, w[4]), true
	case "p_raw", "p_dgr":
		kind := map[string]string{"p_raw": "raw", "p_dgr": "dgram"}[netid]
		protocol, device := cutLast(w[4], ":")
		switch protocol = strings.Trim(protocol, "[]"); protocol {
		case "*":
			protocol = strconv.Itoa(unix.ETH_P_ALL)
		}
		if device == "*" {
			device = ""
		}
		return fmt.Sprintf("packet %s %s %s:%s ino:%s sk:%s", state, kind, protocol, device, attribute("ino"), attribute("sk")), true
	case "v_str", "v_dgr":
		return "", false // not compared
	}
	line = fmt.Sprintf("%s %s %s %s", netid, state, endInSS(w[4]), endInSS(w[5]))
	if netid != "raw" {
		line += fmt.Sprintf(" ino:%s sk:%s", attribute("ino"), attribute("sk"))
	}
	if state == "LISTEN" {
		line += " " + w[2] + "/" + w[3]
	}
	return line, true
}

func endInSS(text string) string {
	address, port := cutLast(text, ":")
	address, device, bound := strings.Cut(address, "%")
	switch address = strings.Trim(address, "[]"); address {
	case "0.0.0.0", "::", "*":
		address = "*"
	default:
		address = netip.MustParseAddr(address).String()
	}
	if bound {
		address += "%" + device
	}
	return address + " " + port
}

func cutLast(text, separator string) (before, after string) {
	i := strings.LastIndex(text, separator)
	return text[:i], text[i+1:]
}

// TestAgainstProcNet compares the whole table with /proc/net, both ways.
func TestAgainstProcNet(t *testing.T) {
	if !private(t, 0) {
		return
	}
	menagerie(t)
	must(t, allowPing())
	bound(t, unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP, &unix.SockaddrInet4{Port: 4242})
	bound(t, unix.AF_INET6, unix.SOCK_DGRAM, unix.IPPROTO_ICMPV6, &unix.SockaddrInet6{Port: 4243})

	rows := collectStanding(t)
	var got, want []string
	for _, s := range rows {
		if line, shown := asInProcNet(s); shown {
			got = append(got, line)
		}
	}
	take := func(s *socket.Socket) error {
		if line, shown := asInProcNet(s); shown {
			want = append(want, line)
		}
		return nil
	}
	var proc procfs.FS
	for _, p := range compared {
		switch p {
		case socket.MPTCP: // without a table there
		case socket.Unix:
			_, err := proc.Unix(take)
			must(t, err)
		case socket.Packet:
			must(t, proc.Packet(take))
		case socket.Netlink:
			must(t, proc.Netlink(take))
		default:
			must(t, proc.Inet(p, socket.IPv4, take))
			must(t, proc.Inet(p, socket.IPv6, take))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-/proc/net +sockls):\n%s", diff)
	}
	if len(want) < 60 {
		t.Errorf("only %d rows were compared", len(want))
	}
}

func allowPing() error {
	return os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte("0 2147483647"), 0o600)
}

// asInProcNet names what /proc/net tells of a row. It reports false for those
// that are not there: MPTCP, which has no table, bound TCP sockets that neither
// listen nor connect, and those that only a descriptor shows. Connections that
// wait on a unix socket are in that table only: unix_diag leaves out what has
// no inode (sk_diag_dump in net/unix/diag.c).
func asInProcNet(s *socket.Socket) (string, bool) {
	switch {
	case s.Proto == socket.MPTCP, s.State == socket.Bound,
		s.Proto == socket.TCP && s.State == socket.Close,
		s.Proto == socket.UDP && s.Local.Port == 0,
		s.Proto == socket.Unix && s.Inode == 0:
		return "", false
	}
	switch s.Proto {
	case socket.Unix: // its table knows no peers
		return fmt.Sprintf("unix %v %v %q %d", s.Type, s.State, s.Local.Name, s.Inode), true
	case socket.Packet:
		return fmt.Sprintf("packet %v %d/%d %d", s.Type, s.Local.Port, s.Local.Node, s.Inode), true
	case socket.Netlink:
		return fmt.Sprintf("netlink %d:%d %d", s.Local.Node, s.Local.Port, s.Inode), true
	}
	return fmt.Sprintf("%v %v %v %s -> %s %d", s.Proto, s.Family, s.State, endOfSS(s.Local, ""), endOfSS(s.Remote, ""), s.Inode), true
}
