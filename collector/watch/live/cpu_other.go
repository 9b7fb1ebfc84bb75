//go:build !unix

package live

import "time"

// Spent is not known here.
func Spent() time.Duration { return 0 }
