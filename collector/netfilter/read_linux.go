package netfilter

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/netlink"
	"github.com/sockls/sockls/collector/socket"
)

// Read returns the rules of the calling thread's network namespace that send
// connections to this machine elsewhere, in the order in which the kernel asks
// them, and what could not be read. proc is where the proc file system is, ""
// for /proc. It starts no goroutine.
func Read(proc string) ([]machine.Forward, []socket.Notice) {
	if proc == "" {
		proc = "/proc"
	}
	// net is a link to the namespace of the leader of the thread group.
	net := filepath.Join(proc, "thread-self", "net")
	a := &attempt{net: net}
	a.known, a.err = newModules(proc)
	if a.err == nil {
		a.rules()
	}
	a.virtual()
	return a.forwards, a.notices()
}

// attempt is one reading of everything.
type attempt struct {
	net      string
	known    *modules
	forwards []machine.Forward
	hidden   bool // refused for lack of privilege
	blind    bool // it could not be told whether there are rules
	changing bool
	over     bool
	err      error
}

// tries is how often rules that change while they are read are read again.
const tries = 5

func (a *attempt) rules() {
	legacy, err := readLegacy(a.net)
	for range tries {
		a.err, a.hidden, a.changing = nil, false, false
		w := &walker{links: linkName}
		sets, r := a.nftables()
		w.walk(append(sets, legacy...)...)
		if r != nil {
			a.changing = !r.unchanged()
			r.conn.Close()
		}
		a.forwards, a.over = w.forwards(), w.over
		if !a.changing {
			break
		}
	}
	a.failed(err)
	for i := range a.forwards {
		// What comes before a rule may not have been seen.
		a.forwards[i].Partial = a.forwards[i].Partial || a.changing || a.over
	}
}

// nftables reads the rules, whose sets are read when they are needed. There is no
// reader where there are none.
func (a *attempt) nftables() ([]*ruleset, *reader) {
	switch a.known.canForward() {
	case socket.No:
		return nil, nil
	case socket.Unknown:
		a.blind = true
		return nil, nil
	}
	conn, err := netlink.Open(unix.NETLINK_NETFILTER, "nfnetlink")
	if errors.Is(err, unix.EPROTONOSUPPORT) {
		return nil, nil
	}
	if err != nil {
		a.failed(err)
		return nil, nil
	}
	r := newReader(conn)
	set, err := r.begin()
	if err != nil {
		conn.Close()
		a.failed(err)
		return nil, nil
	}
	return []*ruleset{set}, r
}

func (a *attempt) failed(err error) {
	var errno refusal
	switch {
	case err == nil:
	case errors.Is(err, os.ErrPermission), errors.As(err, &errno) && errno == errnoPerm:
		a.hidden = true
	default:
		a.err = err
	}
}

// virtual reads the servers of IPVS, which anybody may.
func (a *attempt) virtual() {
	file, err := os.Open(filepath.Join(a.net, "ip_vs"))
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		a.failed(err)
		return
	}
	defer file.Close()
	servers, err := parseIPVS(file)
	a.forwards = append(a.forwards, servers...)
	a.failed(err)
}

// linkName asks for the name of an interface.
func linkName(index uint32) (string, bool) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", false
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("-") // the kernel puts the name here
	if err != nil {
		return "", false
	}
	request.SetUint32(index)
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFNAME, request); err != nil {
		return "", false
	}
	return request.Name(), true
}

func (a *attempt) notices() []socket.Notice {
	var out []socket.Notice
	switch {
	case a.hidden:
		out = append(out, socket.Notice{
			Code:    "forwards-hidden",
			Message: "port forwards of the firewall could not be read",
			Hint:    "run as root",
		})
	case a.err != nil:
		out = append(out, socket.Notice{
			Code:    "forwards-unreadable",
			Message: "port forwards of the firewall could not be read: " + a.err.Error(),
		})
	case a.blind:
		out = append(out, socket.Notice{
			Code:    "forwards-unreadable",
			Message: "it could not be told whether the firewall forwards ports: what the kernel has built in is not shown",
		})
	}
	if a.changing {
		out = append(out, socket.Notice{
			Code:    "forwards-changing",
			Message: "the rules of the firewall changed while they were read, again and again",
			Hint:    "try again",
		})
	}
	if a.over {
		out = append(out, socket.Notice{
			Code:    "forwards-incomplete",
			Message: "the firewall has too many rules: not all port forwards were looked at",
		})
	}
	return out
}
