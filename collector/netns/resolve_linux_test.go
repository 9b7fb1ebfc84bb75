package netns

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sockls/sockls/collector/socket"
)

func TestResolve(t *testing.T) {
	if !private(t) {
		return
	}
	for _, dir := range []string{"/run/netns", "/run/docker/netns", "/run/own"} {
		must(t, os.MkdirAll(dir, 0o755))
	}
	web, numeric := keep(t, "/run/netns/web"), keep(t, "/run/netns/1")
	sandbox, own := keep(t, "/run/docker/netns/0123456789ab"), keep(t, "/run/own/db")
	child := process(t)
	childs := inode(t, taskPath("/proc", child, 0))
	pid := strconv.Itoa(child)
	write(t, "/run/netns/file", "")
	write(t, "/run/docker/netns/default", "")
	must(t, unix.Mount("/proc/self/ns/net", "/run/docker/netns/default", "", unix.MS_BIND, ""))
	self := Namespace{NetNS: socket.NetNS{Inode: here(t)}, Paths: []string{"/proc/self/ns/net"}}
	must(t, unix.Mkfifo("/run/fifo", 0o600))

	tests := []struct {
		spec string
		want Namespace
		err  string
	}{
		{spec: "web", want: Namespace{NetNS: socket.NetNS{Inode: web, Name: "web"}, Paths: []string{"/run/netns/web"}}},
		{spec: "1", want: Namespace{NetNS: socket.NetNS{Inode: numeric, Name: "1"}, Paths: []string{"/run/netns/1"}}},
		{spec: "0123456789ab", want: Namespace{NetNS: socket.NetNS{Inode: sandbox, Name: "0123456789ab"}, Paths: []string{"/run/docker/netns/0123456789ab"}}},
		{spec: "db", want: Namespace{NetNS: socket.NetNS{Inode: own, Name: "db"}, Paths: []string{"/run/own/db"}}},
		{spec: pid, want: Namespace{NetNS: socket.NetNS{Inode: childs}, Paths: []string{"/proc/" + pid + "/ns/net"}, PID: child}},
		{spec: "/proc/self/ns/net", want: self},
		{spec: "/run/netns/web", want: Namespace{NetNS: socket.NetNS{Inode: web, Name: "web"}, Paths: []string{"/run/netns/web"}}},
		{spec: "/proc/" + pid + "/ns/net", want: Namespace{NetNS: socket.NetNS{Inode: childs}, Paths: []string{"/proc/" + pid + "/ns/net"}}},
		{spec: strconv.FormatUint(own, 10), want: Namespace{NetNS: socket.NetNS{Inode: own, Name: "db"}, Paths: []string{"/run/own/db"}}},
		{spec: "net:[" + strconv.FormatUint(own, 10) + "]", want: Namespace{NetNS: socket.NetNS{Inode: own, Name: "db"}, Paths: []string{"/run/own/db"}}},

		{spec: "", err: "the network namespace has no name"},
		{spec: "wbe", err: `unknown network namespace "wbe", did you mean "web"?`},
		{spec: "production", err: `unknown network namespace "production"; there are 0123456789ab, 1, db, web`},
		{spec: "..", err: `unknown network namespace ".."; none has a name (a pid or a path does as well)`},
		{spec: "0", err: "no process or network namespace 0"},
		{spec: "4194304", err: "no process or network namespace 4194304"},
		{spec: "4026531", err: "no process or network namespace 4026531"},
		{spec: "99999999999999999999", err: `unknown network namespace "99999999999999999999"; there are 0123456789ab, 1, db, web`},
		{spec: "file", err: "/run/netns/file is not a network namespace"},
		{spec: "/run/fifo", err: "/run/fifo is not a network namespace"},
		{spec: "/proc/self/ns/uts", err: "/proc/self/ns/uts is not a network namespace"},
		{spec: "/run/nowhere", err: "network namespace /run/nowhere: no such file or directory"},
	}
	for _, tt := range tests {
		got, err := Resolve(tt.spec, Options{})
		message := ""
		if err != nil {
			message = err.Error()
		}
		if message != tt.err {
			t.Errorf("%q: error %q, want %q", tt.spec, message, tt.err)
		}
		if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreUnexported(Namespace{})); tt.err == "" && diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.spec, diff)
		}
	}
	if _, err := Resolve("nowhere", Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}

	must(t, syscall.Setuid(65534))
	if _, err := Resolve(pid, Options{}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("without privilege: %v", err)
	}
}
