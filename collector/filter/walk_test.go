package filter_test

import (
	"testing"

	"github.com/sockls/sockls/collector/filter"
)

// TestEqual holds that what is written differently is different.
func TestEqual(t *testing.T) {
	t.Parallel()
	texts := []string{
		"any", "none", "sport = 1", "sport = 1,3", "dport = 1", "port = 1", "sport = vsock::1", "src = 10.0.0.1",
		"src = 10.0.0.0/8", "src = fe80::1", "src = fe80::1%lo", "state listening", "proto tcp", "family ipv4",
		"pid = 1", "pid = 2", "uid = 1", "inode = 1", "inode = 2", "user = a", "device = a*", "device ~ \"a*\"", "user ~ \"a*\"",
		"process = a", "command = a", "process = a*", "autobound", "not autobound", "dev = lo", "fwmark = 0x1",
		"cgroup = /", "local public", "sport = 1 and sport = 2", "sport = 1 or sport = 2", "sport = 2 and sport = 1",
	}
	parsed := make([]filter.Expr, len(texts))
	for i, text := range texts {
		f, err := filter.Parse(text, filter.Options{})
		if err != nil {
			t.Fatal(err)
		}
		parsed[i] = f.Expr
	}
	for i, a := range parsed {
		for j, b := range parsed {
			if filter.Equal(a, b) != (i == j) {
				t.Errorf("%s and %s: %t", a, b, filter.Equal(a, b))
			}
		}
	}
}
