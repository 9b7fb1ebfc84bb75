//go:build unix && !linux && !solaris

package probe

import "golang.org/x/sys/unix"

const reusePort = unix.SO_REUSEPORT
