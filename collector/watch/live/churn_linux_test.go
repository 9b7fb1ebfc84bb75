package live

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
)

// churnTime names how long TestLiveChurn lasts, 3s unless it is set.
const churnTime = "LIVE_CHURN_TIME"

// TestLiveChurn: among as many connections as this machine can make, nothing is
// told of those that stand.
func TestLiveChurn(t *testing.T) {
	if !nstest.Child(t, 0) {
		return
	}
	lasts := 3 * time.Second
	if text := os.Getenv(churnTime); text != "" {
		var err error
		lasts, err = time.ParseDuration(text)
		must(t, err)
	}
	const pairs, stablePort, churnPort = 500, 1001, 2001
	stable := listener(t, stablePort)
	for i := range pairs {
		client := open(t, unix.SOCK_STREAM, 10_000+i)
		must(t, unix.Connect(client, loopback(stablePort)))
		_, _, err := unix.Accept4(stable, unix.SOCK_CLOEXEC)
		must(t, err)
	}
	w := begin(t, socket.AllStates, tcpAndUDP)
	w.t.Logf("watching")
	began := time.Now()
	var made atomic.Int64
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			made.Add(churn(t, churnPort+worker, began.Add(lasts)))
		})
	}
	all.Wait()
	w.settle(2 * time.Second)
	w.stop()
	kinds := map[watch.Kind]int{}
	missing := 0
	for _, e := range w.events {
		kinds[e.Kind]++
		if e.Kind == watch.Lost {
			missing += e.Missing
			continue
		}
		if l, r := e.Socket.Local.Port, e.Socket.Remote.Port; l == stablePort || r == stablePort {
			t.Errorf("%s of %d-%d, which stands", e.Kind, l, r)
		}
	}
	if kinds[watch.Close] == 0 || kinds[watch.Open] < kinds[watch.Close] {
		t.Errorf("%v", kinds)
	}
	if ends := 2 * int(made.Load()); kinds[watch.Open]+missing < ends {
		t.Errorf("%d connections made, %d opened, %d missing", made.Load(), kinds[watch.Open], missing)
	}
	t.Logf("%.0f connections a second, %v, %d looks, %d missing", float64(made.Load())/lasts.Seconds(), kinds, w.looks, missing)
}

// churn makes connections that are reset at once until then.
func churn(t *testing.T, port int, end time.Time) (made int64) {
	listens, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = errors.Join(unix.Bind(listens, loopback(port)), unix.Listen(listens, 1024))
	}
	if err != nil {
		t.Error(err)
		return 0
	}
	defer unix.Close(listens)
	for time.Now().Before(end) {
		client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Error(err)
			return made
		}
		err = unix.SetsockoptLinger(client, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		if err == nil {
			err = unix.Connect(client, loopback(port))
		}
		server := -1
		if err == nil {
			server, _, err = unix.Accept4(listens, unix.SOCK_CLOEXEC)
		}
		_ = unix.Close(client)
		_ = unix.Close(server)
		if err != nil {
			t.Error(err)
			return made
		}
		made++
	}
	return made
}
