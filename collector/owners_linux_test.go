package collector

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/owner"
	"github.com/sockls/sockls/collector/socket"
)

// collectBy collects with the holders found in one way. It skips the test where
// the kernel cannot be asked.
func collectBy(t *testing.T, way owner.Way, q Query) []*socket.Socket {
	t.Helper()
	c, err := New(Options{Owners: way})
	must(t, err)
	var rows []*socket.Socket
	report, err := c.Collect(t.Context(), q, func(s *socket.Socket) error {
		// Those that the collector has itself, on each of its connections, are others
		// every time.
		if s.Proto != socket.Netlink || s.Local.Node != unix.NETLINK_SOCK_DIAG {
			rows = append(rows, s)
		}
		return nil
	})
	must(t, err)
	if way == owner.BPF && report.Source.Owners != "bpf" {
		if strings.Contains(report.Source.OwnersReason, "self-test") {
			t.Fatal(report.Source.OwnersReason)
		}
		t.Skip(report.Source.OwnersReason)
	}
	if got := report.Source.Owners; got != way.String() {
		t.Errorf("owners were found by %q, not %q", got, way)
	}
	slices.SortStableFunc(rows, func(a, b *socket.Socket) int { return strings.Compare(told(a), told(b)) })
	return rows
}

// TestOwnersBothWays: the rows are the same to the last byte whichever way their
// holders were found.
func TestOwnersBothWays(t *testing.T) {
	if !private(t, 0) {
		return
	}
	menagerie(t)
	shared := listener(t, 3000, 1)
	holder := exec.Command("sleep", "60")
	holder.ExtraFiles = []*os.File{os.NewFile(uintptr(shared), "shared")}
	must(t, holder.Start())
	defer func() {
		must(t, holder.Process.Kill())
		_ = holder.Wait() // it was killed
	}()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	flying := listener(t, 3001, 1)
	must(t, unix.Sendmsg(pair[0], []byte{0}, unix.UnixRights(flying), nil, 0))
	must(t, unix.Close(flying))

	named, err := filter.Parse("process sleep", filter.Options{})
	must(t, err)
	facts := socket.DetailCommand | socket.DetailExe | socket.DetailStarted | socket.DetailProcessUser |
		socket.DetailParents | socket.DetailWorkload
	listening := everything(socket.TCP)
	listening.States = socket.ListeningStates
	all := everything(compared...)
	all.Details |= facts
	plain := everything(compared...)
	filtered := everything(socket.TCP)
	filtered.Filter = named.Expr
	for name, q := range map[string]Query{"all": all, "names only": plain, "listening": listening, "filtered": filtered} {
		want, got := collectBy(t, owner.ByProc, q), collectBy(t, owner.BPF, q)
		if len(want) == 0 {
			t.Errorf("%s: no rows", name)
		}
		comparable := cmpopts.EquateComparable(socket.Endpoint{})
		queues := cmpopts.IgnoreFields(socket.Socket{}, "RecvQ", "SendQ") // which one peer still takes from
		if diff := cmp.Diff(want, got, comparable, queues); diff != "" {
			t.Errorf("%s: rows (-proc +bpf):\n%s", name, diff)
		}
	}
}
