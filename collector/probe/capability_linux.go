package probe

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// bind calls bind with or without the capability for privileged ports. Where it
// is not known whether the program has it, the calling thread's own decides.
func bind(fd int, addr unix.Sockaddr, privileged socket.Tri) error {
	if privileged == socket.No {
		restore, err := withoutCapability()
		if err != nil {
			return err
		}
		bindErr := unix.Bind(fd, addr)
		if err := restore(); err != nil {
			return err
		}
		return bound(bindErr)
	}
	err := unix.Bind(fd, addr)
	if errors.Is(err, unix.EACCES) && privileged == socket.Yes {
		sets, capErr := capabilities()
		if capErr != nil {
			return capErr
		}
		if sets[0].Effective&bindService == 0 {
			return cannot("bind a privileged port", err)
		}
	}
	return bound(err)
}

func bound(err error) error {
	if err == nil {
		return nil
	}
	return refused("bind", err)
}

// bindService is the bit of CAP_NET_BIND_SERVICE in the first word of a set.
const bindService = 1 << unix.CAP_NET_BIND_SERVICE

// header is for the calling thread.
func header() *unix.CapUserHeader {
	return &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
}

func capabilities() (sets [2]unix.CapUserData, err error) {
	if err := unix.Capget(header(), &sets[0]); err != nil {
		return sets, fmt.Errorf("probe: read capabilities: %w", err)
	}
	return sets, nil
}

// withoutCapability takes CAP_NET_BIND_SERVICE from the effective set of the
// calling thread. It stays permitted, so that restore always may put it back.
func withoutCapability() (restore func() error, err error) {
	sets, err := capabilities()
	if err != nil {
		return nil, err
	}
	if sets[0].Effective&bindService == 0 {
		return func() error { return nil }, nil
	}
	less := sets
	less[0].Effective &^= bindService
	if err := unix.Capset(header(), &less[0]); err != nil {
		return nil, fmt.Errorf("probe: drop capability: %w", err)
	}
	return func() error {
		if err := unix.Capset(header(), &sets[0]); err != nil {
			return fmt.Errorf("probe: restore capability: %w", err)
		}
		return nil
	}, nil
}
