package netfilter

import (
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// services are the rules that kube-proxy writes for n services with three pods
// each, some ten for each.
func services(n int) string {
	var heads, rules strings.Builder
	for i := range n {
		svc, ip := fmt.Sprintf("KUBE-SVC-%d", i), fmt.Sprintf("10.96.%d.%d", i/250, i%250+1)
		fmt.Fprintf(&heads, ":%s - [0:0]\n", svc)
		fmt.Fprintf(&rules, "-A KUBE-SERVICES -d %s/32 -p tcp -m comment --comment \"ns/web-%d cluster IP\" -m tcp --dport 80 -j %s\n", ip, i, svc)
		fmt.Fprintf(&rules, "-A %s ! -s 10.244.0.0/16 -d %s/32 -p tcp -m tcp --dport 80 -j KUBE-MARK-MASQ\n", svc, ip)
		for pod := range 3 {
			sep, chance := fmt.Sprintf("KUBE-SEP-%d-%d", i, pod), ""
			fmt.Fprintf(&heads, ":%s - [0:0]\n", sep)
			if pod < 2 {
				chance = fmt.Sprintf(" -m statistic --mode random --probability %.5f", 1/float64(3-pod))
			}
			fmt.Fprintf(&rules, "-A %s -m comment --comment \"ns/web-%d\"%s -j %s\n", svc, i, chance, sep)
			fmt.Fprintf(&rules, "-A %s -s 10.244.%d.%d/32 -j KUBE-MARK-MASQ\n", sep, i%250, pod)
			fmt.Fprintf(&rules, "-A %s -p tcp -m tcp -j DNAT --to-destination 10.244.%d.%d:8080\n", sep, i%250, pod+1)
		}
	}
	return "*nat\n:KUBE-SERVICES - [0:0]\n:KUBE-MARK-MASQ - [0:0]\n" + heads.String() +
		"-A PREROUTING -j KUBE-SERVICES\n-A OUTPUT -j KUBE-SERVICES\n-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000\n" +
		rules.String() + "COMMIT\n"
}

// TestScale reads the ten thousand rules of a thousand services.
func TestScale(t *testing.T) {
	if !private(t) {
		return
	}
	for _, tool := range [...]string{"iptables-nft", "iptables-legacy"} {
		shell(t, flush+tool+"-restore <<'EOF'\n"+services(1000)+"EOF\n")
		best := time.Hour
		var forwards []machine.Forward
		for range 3 {
			began := time.Now()
			var notices []socket.Notice
			forwards, notices = Read("")
			if len(notices) > 0 {
				t.Fatal(notices)
			}
			best = min(best, time.Since(began))
		}
		if len(forwards) != 1000 {
			t.Errorf("%s: %d forwards", tool, len(forwards))
		}
		began, caught := time.Now(), 0
		for i := range forwards {
			if forwards[i].Catches(socket.TCP, netip.MustParseAddr("10.96.3.7"), 80) == socket.Yes {
				caught++
			}
		}
		if caught != 1 {
			t.Errorf("%s: %d forwards catch one service", tool, caught)
		}
		t.Logf("%s: %d rules in %v, one asked for in %v", tool, len(forwards), best, time.Since(began))
		// The promise is a tenth of a second on a machine that does nothing else.
		if best > time.Second {
			t.Errorf("%s: read in %v", tool, best)
		}
	}
}

// BenchmarkRead is to be run as root; it makes a namespace for itself.
func BenchmarkRead(b *testing.B) {
	runtime.LockOSThread() // for good: the thread ends with the benchmark
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		b.Skip(err)
	}
	restore(b, services(1000))
	for b.Loop() {
		if forwards, _ := Read(""); len(forwards) != 1000 {
			b.Fatal(len(forwards))
		}
	}
}
