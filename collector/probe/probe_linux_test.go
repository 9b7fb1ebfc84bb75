package probe

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// wish is a Bind of TCP with the port of all tests.
func wish(addr string, change ...func(*why.Bind)) why.Bind {
	b := why.Bind{Proto: socket.TCP, Port: port}
	if addr != "" {
		b.Addr = netip.MustParseAddr(addr)
	}
	for _, f := range change {
		f(&b)
	}
	return b
}

func udp(b *why.Bind)        { b.Proto = socket.UDP }
func reuseAddr(b *why.Bind)  { b.ReuseAddr = true }
func reusePort(b *why.Bind)  { b.ReusePort = true }
func v6only(b *why.Bind)     { b.V6Only = socket.Yes }
func dual(b *why.Bind)       { b.V6Only = socket.No }
func privileged(b *why.Bind) { b.Port, b.Privileged = 80, socket.Yes }
func plain(b *why.Bind)      { b.Port, b.Privileged = 80, socket.No }

func device(name string) func(*why.Bind) { return func(b *why.Bind) { b.Device = name } }
func user(uid uint32) func(*why.Bind)    { return func(b *why.Bind) { b.UID = uid } }

func TestProbe(t *testing.T) {
	t.Parallel()
	const here = "127.0.0.1"
	tests := []struct {
		name  string
		there []existing
		bind  why.Bind
		want  string
	}{
		{"nothing there", nil, wish(here), ""},
		{"a listener", []existing{{listen: true}}, wish(here), "EADDRINUSE"},
		{"a wildcard", []existing{{addr: "0.0.0.0", listen: true}}, wish(here), "EADDRINUSE"},
		{"another address", []existing{{addr: "127.0.0.2", listen: true}}, wish(here), ""},
		{"TCP only", []existing{{listen: true}}, wish(here, udp), ""},
		{"UDP only", []existing{{udp: true}}, wish(here, udp), "EADDRINUSE"},
		{"bound, both reuse", []existing{{reuseAddr: true}}, wish(here, reuseAddr), ""},
		{"bound, one reuses", []existing{{reuseAddr: true}}, wish(here), "EADDRINUSE"},
		{"listening, both reuse", []existing{{reuseAddr: true, listen: true}}, wish(here, reuseAddr), "EADDRINUSE"},
		{"UDP, both reuse", []existing{{udp: true, reuseAddr: true}}, wish(here, udp, reuseAddr), ""},
		{"a group", []existing{{reusePort: true, listen: true}}, wish(here, reusePort), ""},
		{"a group of another user", []existing{{reusePort: true, listen: true, uid: 1000}}, wish(here, reusePort), "EADDRINUSE"},
		{"a group of that user", []existing{{reusePort: true, listen: true, uid: 1000}}, wish(here, reusePort, user(1000)), ""},
		{"dual stack there", []existing{{addr: "::", listen: true}}, wish(here), "EADDRINUSE"},
		{"IPv6 only there", []existing{{addr: "::", v6only: true, listen: true}}, wish(here), ""},
		{"dual stack wanted", []existing{{listen: true}}, wish("::", dual), "EADDRINUSE"},
		{"IPv6 only wanted", []existing{{listen: true}}, wish("::", v6only), ""},
		{"no address wanted", []existing{{listen: true}}, wish(""), "EADDRINUSE"},
		{"no address wanted, nothing there", nil, wish(""), ""},
		{"mapped", []existing{{listen: true}}, wish("::ffff:127.0.0.1"), "EADDRINUSE"},
		{"mapped and IPv6 only", nil, wish("::ffff:127.0.0.1", v6only), "EINVAL"},
		{"address of another machine", nil, wish("192.0.2.1"), "EADDRNOTAVAIL"},
		{"link-local without zone", nil, wish("fe80::1"), "EINVAL"},
		{"link-local with zone", nil, wish("fe80::1%lo"), ""},
		{"link-local with the number of a zone", nil, wish("fe80::1%1"), ""},
		{"no such zone", nil, wish("fe80::1%nothing"), "ENODEV"},
		{"device", nil, wish(here, device("lo")), ""},
		{"another device there", []existing{{device: "v0", listen: true}}, wish(here, device("lo")), ""},
		{"any device there", []existing{{listen: true}}, wish(here, device("lo")), "EADDRINUSE"},
		{"no such device", nil, wish(here, device("nothing")), "ENODEV"},
		{"privileged", nil, wish(here, privileged), ""},
		{"not privileged", nil, wish(here, plain), "EACCES"},
	}
	nstest.Enter(t)
	command(t, "ip", "address", "add", "fe80::1/64", "dev", "lo")
	command(t, "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
	still(t)
	for _, tt := range tests {
		end := makeAll(t, tt.there)
		// Twice, to see that the first leaves nothing behind.
		for _, f := range []func(why.Bind) (string, error){Bind, Listen, Bind} {
			got, err := f(tt.bind)
			if err != nil || got != tt.want {
				t.Errorf("%s: %q, %v, want %q", tt.name, got, err, tt.want)
			}
		}
		end()
		if !capable(t) {
			t.Fatalf("%s: a capability is gone", tt.name)
		}
	}
}

// capable reports whether the thread may bind privileged ports.
func capable(t *testing.T) bool {
	t.Helper()
	sets, err := capabilities()
	must(t, err)
	return sets[0].Effective&bindService != 0
}

func TestProtocolWithoutPorts(t *testing.T) {
	t.Parallel()
	if errno, err := Bind(why.Bind{Proto: socket.Unix, Port: 1}); err == nil {
		t.Errorf("unix: %q", errno)
	}
}

// childRole makes the test binary probe as somebody who may nothing.
const childRole = "PROBE_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(childRole) == "" {
		os.Exit(m.Run())
	}
	for _, b := range childWishes() {
		errno, err := Bind(b)
		fmt.Printf("%q %v\n", errno, errors.Is(err, ErrNotPossible))
	}
	os.Exit(0)
}

func childWishes() []why.Bind {
	self := user(65534)
	return []why.Bind{
		wish("127.0.0.1", self),
		wish("127.0.0.1", user(1000)),
		wish("127.0.0.1", self, plain),
		wish("127.0.0.1", self, privileged),
		wish("127.0.0.1", self, device("lo")),
	}
}

// TestWithoutPrivilege: what a user cannot try is not possible and no answer.
func TestWithoutPrivilege(t *testing.T) {
	t.Parallel()
	nstest.Enter(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{childRole + "=probe"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	must(t, err)
	want := `"" false
"" true
"EACCES" false
"" true
"" false
`
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
