//go:build unix

package live

import (
	"time"

	"golang.org/x/sys/unix"
)

// Spent is the processor time that this program has used.
func Spent() time.Duration {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
