package mksock

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// world is what the makers share.
type world struct {
	own  bool // the network namespace was made by mksock
	peer *peer
}

// linkUp sets IFF_UP.
func linkUp(name string) error {
	return linkRequest(name, unix.SIOCSIFFLAGS, func(r *unix.Ifreq) error {
		r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
		return nil
	})
}

func linkRequest(name string, request uint, fill func(*unix.Ifreq) error) error {
	r, err := unix.NewIfreq(name)
	if err != nil {
		return fmt.Errorf("interface name %q: %w", name, err)
	}
	if err := fill(r); err != nil {
		return fmt.Errorf("interface %s: %w", name, err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("make control socket: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.IoctlIfreq(fd, request, r); err != nil {
		return fmt.Errorf("set up interface %s: %w", name, err)
	}
	return nil
}

// addLink makes NAME,ADDRESS/BITS,…: a tun interface, because every kernel that
// can do containers has those and they need neither netlink nor a program. The
// descriptor is the other end of the cable; without it the link has no carrier
// and IPv6 addresses stay tentative.
func (w *world) addLink(text string) (fd int, err error) {
	name, list, _ := strings.Cut(text, ",")
	if !w.own {
		return -1, fmt.Errorf("interface %s: only in a namespace of -netns", name)
	}
	if fd, err = openTun(name); err != nil {
		return -1, err
	}
	// A random link-local address of the kernel's choice would only blur things.
	mode := "/proc/sys/net/ipv6/conf/" + name + "/addr_gen_mode"
	if err := os.WriteFile(mode, []byte("1"), 0); err != nil && !os.IsNotExist(err) {
		return -1, fmt.Errorf("interface %s: %w", name, err)
	}
	if err := linkUp(name); err != nil {
		return -1, err
	}
	for list != "" {
		var one string
		one, list, _ = strings.Cut(list, ",")
		prefix, err := netip.ParsePrefix(one)
		if err != nil {
			return -1, fmt.Errorf("interface %s: %w", name, err)
		}
		if err := addAddress(name, prefix); err != nil {
			return -1, err
		}
	}
	return fd, nil
}

func openTun(name string) (int, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open /dev/net/tun: %w", err)
	}
	r, err := unix.NewIfreq(name)
	if err != nil {
		return -1, fmt.Errorf("interface name %q: %w", name, err)
	}
	r.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, r); err != nil {
		return -1, fmt.Errorf("make interface %s: %w", name, err)
	}
	return fd, nil
}

func addAddress(name string, prefix netip.Prefix) error {
	if prefix.Addr().Is6() {
		return addAddress6(name, prefix)
	}
	bytes := prefix.Addr().As4()
	err := linkRequest(name, unix.SIOCSIFADDR, func(r *unix.Ifreq) error { return r.SetInet4Addr(bytes[:]) })
	if err != nil {
		return err
	}
	mask := net.CIDRMask(prefix.Bits(), 32)
	return linkRequest(name, unix.SIOCSIFNETMASK, func(r *unix.Ifreq) error { return r.SetInet4Addr(mask) })
}

// in6Ifreq is struct in6_ifreq (include/uapi/linux/ipv6.h).
type in6Ifreq struct {
	addr  [16]byte
	bits  uint32
	index int32
}

func addAddress6(name string, prefix netip.Prefix) error {
	link, err := net.InterfaceByName(name)
	if err != nil {
		return fmt.Errorf("add address: %w", err)
	}
	r := in6Ifreq{prefix.Addr().As16(), uint32(prefix.Bits()), int32(link.Index)}
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("make control socket: %w", err)
	}
	defer unix.Close(fd)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCSIFADDR, uintptr(unsafe.Pointer(&r)))
	if errno != 0 {
		return fmt.Errorf("add address %s to %s: %w", prefix, name, errno)
	}
	return awaitAddress(name, prefix.Addr())
}

// awaitAddress waits until the kernel lets programs bind to a new address. It
// is tentative (IFA_F_TENTATIVE, 0x40) until a worker has looked at it, even on
// a link that does no duplicate address detection.
func awaitAddress(name string, addr netip.Addr) error {
	want := fmt.Sprintf("%x", addr.As16())
	for range 1000 {
		table, err := os.ReadFile("/proc/thread-self/net/if_inet6")
		if err != nil {
			return fmt.Errorf("await address: %w", err)
		}
		for line := range strings.Lines(string(table)) {
			f := strings.Fields(line)
			if len(f) != 6 || f[0] != want || f[5] != name {
				continue
			}
			if flags, err := strconv.ParseUint(f[4], 16, 32); err == nil && flags&0x40 == 0 {
				return nil
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	return fmt.Errorf("await address %s on %s: %w", addr, name, os.ErrDeadlineExceeded)
}
