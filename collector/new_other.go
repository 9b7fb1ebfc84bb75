//go:build !linux

package collector

import (
	"errors"
	"fmt"
	"runtime"
)

// New returns the collector of this system.
func New(Options) (Collector, error) {
	return nil, fmt.Errorf("%w on %s", errors.ErrUnsupported, runtime.GOOS)
}
