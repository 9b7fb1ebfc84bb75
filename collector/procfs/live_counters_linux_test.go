package procfs

import (
	"testing"
)

// TestLiveCounters: the files of the running kernel are what the parsers take
// them for, with nothing in them that they do not understand.
func TestLiveCounters(t *testing.T) {
	t.Parallel()
	var live FS
	for name, read := range map[string]struct {
		numbers func() (Numbers, error)
		has     []string
	}{
		"sockstat": {live.Sockstat, []string{"sockets.used", "TCP.inuse", "TCP.orphan", "TCP.tw", "TCP.alloc", "UDP.inuse", "RAW.inuse", "FRAG.inuse"}},
		"snmp":     {live.SNMP, []string{"Tcp.CurrEstab"}},
		"netstat":  {live.Netstat, []string{"TcpExt.ListenOverflows", "TcpExt.ListenDrops", "TcpExt.TCPReqQFullDrop", "TcpExt.TCPTimeWaitOverflow"}},
	} {
		numbers, err := read.numbers()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, want := range read.has {
			if _, ok := numbers[want]; !ok {
				t.Errorf("%s has no %s", name, want)
			}
		}
	}
	if first, last, err := live.LocalPorts(); err != nil || first == 0 || last < first {
		t.Errorf("LocalPorts: %d-%d, %v", first, last, err)
	}
	if err := live.ReservedPorts(func(uint16, uint16) {}); err != nil {
		t.Error(err)
	}
	if n, err := live.TimeWaitLimit(); err != nil || n < 0 {
		t.Errorf("TimeWaitLimit: %d, %v", n, err)
	}
	if n, err := live.TimeWaitReuse(); err != nil || n < 0 || n > 2 {
		t.Errorf("TimeWaitReuse: %d, %v", n, err)
	}
}
