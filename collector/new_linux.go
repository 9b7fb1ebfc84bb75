package collector

import (
	"github.com/sockls/sockls/collector/owner"
	"github.com/sockls/sockls/collector/sockdiag"
)

// New returns the collector of this system.
func New(o Options) (Collector, error) {
	if o.Dial == nil {
		o.Dial = sockdiag.Dial
	}
	return &linux{proc: o.Proc, dial: o.Dial, away: o.NetNS, owners: o.Owners, kernel: &owner.Kernel{}}, nil
}
