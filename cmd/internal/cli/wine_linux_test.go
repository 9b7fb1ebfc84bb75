package cli_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns/nstest"
)

// TestWine runs the Windows program for real, in a wine that has namespaces of its
// own. Its sockets are the kernel's of this machine: what a test can prove is
// that the program reads Windows' tables, finds its processes and binds by Winsock,
// not how Windows itself decides.
func TestWine(t *testing.T) {
	needsWine(t)
	if !nstest.Child(t, unix.CLONE_NEWPID) {
		return
	}
	w := newWine(t)
	h := w.holder()
	t.Log(h.do("listen tcp4 127.0.0.1:8080"))
	t.Log(h.do("dial tcp4 127.0.0.1:8080"))
	t.Log(h.do("accept 0"))
	t.Log(h.do("packet udp4 127.0.0.1:5353"))
	t.Log(h.do("listen tcp [::]:9090"))
	t.Log(h.pid)
	t.Log(w.sockls(0, "-a"))
	t.Log(w.sockls(0, "-l", "--json"))
	t.Log(w.sockls(0, "watch", "--duration", "1s"))
}
