package netfilter

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// TestUnprivileged reads as a user who may not: what may be there is said to be
// hidden, and nothing is guessed.
func TestUnprivileged(t *testing.T) {
	if !private(t) {
		return
	}
	shell(t, nft("ip", "tcp dport 1 redirect to :2", "")+"iptables-legacy -t nat -A OUTPUT -p tcp -j REDIRECT --to-ports 3\n")
	if got, _ := Read(""); len(got) != 2 {
		t.Fatal(tellAll(got))
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	must(t, unix.Capset(&header, &none[0])) // of the locked thread
	forwards, notices := Read("")
	want := []socket.Notice{{
		Code: "forwards-hidden", Message: "port forwards of the firewall could not be read", Hint: "run as root",
	}}
	if diff := cmp.Diff(want, notices); diff != "" || len(forwards) != 0 {
		t.Errorf("%v\n-want +got:\n%s", forwards, diff)
	}
}

// TestCallingThread reads the namespace that a thread has gone to, and not that
// of the process.
func TestCallingThread(t *testing.T) {
	if !private(t) {
		return
	}
	shell(t, nft("ip", "tcp dport 1 redirect to :2", "")+"iptables-legacy -t nat -A OUTPUT -p tcp -j REDIRECT --to-ports 3\n")
	done := make(chan []string)
	go func() {
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- []string{err.Error()}
			return
		}
		cmd := exec.Command("nft", "add table ip x; add chain ip x o { type nat hook output priority 0; }; add rule ip x o tcp dport 5 redirect to :6")
		if out, err := cmd.CombinedOutput(); err != nil {
			done <- []string{string(out)}
			return
		}
		got, notices := Read("")
		if len(notices) > 0 {
			done <- []string{notices[0].Message}
			return
		}
		done <- tellAll(got)
	}()
	if diff := cmp.Diff([]string{"nftables ip x o: tcp dport 5 from here -> port 6 out"}, <-done); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got, _ := Read(""); len(got) != 2 {
		t.Error(tellAll(got))
	}
}

// TestTablesAreNotMade looks for old tables where none have been made, and sees
// that there are none afterwards, as there would be if they had been asked for.
func TestTablesAreNotMade(t *testing.T) {
	if !private(t) {
		return
	}
	before, err := os.ReadFile("/proc/thread-self/net/ip_tables_names")
	if err != nil {
		t.Skip(err)
	}
	if got, notices := Read(""); len(got)+len(notices) > 0 {
		t.Error(got, notices)
	}
	after, err := os.ReadFile("/proc/thread-self/net/ip_tables_names")
	must(t, err)
	if len(before) > 0 || len(after) > 0 {
		t.Errorf("tables before %q, after %q", before, after)
	}
}

func TestModules(t *testing.T) {
	t.Parallel()
	const unset = "-"
	for _, tt := range []struct {
		name, modules, builtin, symbols string
		want                            socket.Tri
	}{
		{"a kernel without modules", unset, unset, unset, socket.Yes},
		{"loaded", "nf_tables 372736 0 - Live 0x0\nnf_nat 61440 0 - Live 0x0\n", unset, unset, socket.Yes},
		{"loaded, without NAT", "nf_tables 372736 0 - Live 0x0\n", "kernel/fs/ext4/ext4.ko\n", unset, socket.No},
		{"NAT of the old tables alone", "nf_nat 372736 0 - Live 0x0\n", "", unset, socket.No},
		{"built in", "ext4 1 0 - Live 0x0\n", "kernel/net/netfilter/nf_tables.ko\nkernel/net/netfilter/nf_nat.ko\n", unset, socket.Yes},
		{"TPROXY", "nf_tables 1 0 -\nxt_TPROXY 1 0 -\n", "", unset, socket.Yes},
		{"nothing", "ext4 1 0 - Live 0x0\n", "", "0 T other\n", socket.No},
		{"built in, seen by its symbols", "ext4 1 0\n", unset, "0 T x\n0 T nft_do_chain\n0 T nf_nat_setup_info\n", socket.Yes},
		{"absent, seen by its symbols", "ext4 1 0\n", unset, "0 T x\n", socket.No},
		{"symbols of a module that is not loaded any more", "ext4 1 0\n", unset, "0 T nft_do_chain\t[nf_tables]\n", socket.No},
		{"not to be told", "ext4 1 0\n", unset, unset, socket.Unknown},
		{"not to be told of NAT", "nf_tables 1 0\n", unset, unset, socket.Unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, text := range map[string]string{"modules": tt.modules, "kallsyms": tt.symbols} {
				if text != unset {
					must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
				}
			}
			if _, err := newModules(filepath.Join(dir, "nowhere")); err == nil {
				t.Error("no proc file system, and no error")
			}
			must(t, os.WriteFile(filepath.Join(dir, "stat"), nil, 0o600))
			m, err := newModules(dir)
			must(t, err)
			m.builtin = nil
			if tt.builtin != unset {
				m.builtin = []byte(tt.builtin)
			}
			if got := m.canForward(); got != tt.want {
				t.Errorf("can forward: %v", got)
			}
		})
	}
}

// TestNotAsked sees that a kernel that has no nftables is not asked for them.
func TestNotAsked(t *testing.T) {
	if !private(t) {
		return
	}
	shell(t, nft("ip", "tcp dport 1 redirect to :2", ""))
	proc := t.TempDir()
	must(t, os.WriteFile(filepath.Join(proc, "modules"), []byte("ext4 1 0 - Live 0x0\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(proc, "kallsyms"), []byte("0 T x\n"), 0o600))
	if got, notices := Read(proc); len(got)+len(notices) > 0 {
		t.Error(got, notices)
	}
	must(t, os.WriteFile(filepath.Join(proc, "kallsyms"), nil, 0o600))
	if _, notices := Read(proc); len(notices) != 1 || notices[0].Code != "forwards-unreadable" {
		t.Error(notices)
	}
}

// readHere tells the child of a test to run TestReadHere.
const readHere = "NETFILTER_READ_HERE"

// TestUserNamespace reads as root of a user namespace.
func TestUserNamespace(t *testing.T) {
	if !private(t) {
		return
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestReadHere$", "-test.v")
	cmd.Env = append(os.Environ(), readHere+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if err != nil && strings.Contains(err.Error(), "operation not permitted") {
		t.Skip(err)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestReadHere is run by TestUserNamespace as root of a user namespace.
func TestReadHere(t *testing.T) {
	if os.Getenv(readHere) == "" {
		t.Skip("run by another test")
	}
	runtime.LockOSThread()
	shell(t, nft("ip", "tcp dport 1 redirect to :2", ""))
	if got, notices := Read(""); len(got) != 1 || len(notices) > 0 {
		t.Error(got, notices)
	}
}
