package filter_test

import (
	"net/netip"
	"testing"

	"github.com/sockls/sockls/collector/filter"
)

func TestScopeOf(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"0.0.0.0": "wildcard", "::": "wildcard", "::ffff:0.0.0.0": "wildcard",
		"127.0.0.1": "loopback", "127.9.9.9": "loopback", "::1": "loopback", "::ffff:127.0.0.1": "loopback",
		"10.0.0.1": "private", "172.16.0.1": "private", "192.168.1.1": "private", "169.254.1.1": "private",
		"fd00::1": "private", "fe80::1%eth0": "private", "::ffff:10.0.0.1": "private",
		"100.64.0.1": "private", "100.127.255.255": "private", "100.63.0.1": "public", "100.128.0.1": "public",
		"172.32.0.1": "public", "192.0.2.1": "public", "2001:db8::1": "public", "101.64.0.1": "public",
		"224.0.0.1": "", "ff02::1": "", "255.255.255.255": "",
	} {
		got := ""
		if scope, ok := filter.ScopeOf(netip.MustParseAddr(addr)); ok {
			got = scope.String()
		}
		if got != want {
			t.Errorf("%s: %q, not %q", addr, got, want)
		}
	}
}
