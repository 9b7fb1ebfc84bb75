//go:build linux

package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

const (
	// readyFD is where a holder's end of the ready pipe is.
	readyFD = 3
	// Holders end by themselves after this many seconds, even if everything
	// else about their ending has gone wrong.
	holderLife = "1800"

	firstPort = 20000
	// From here on each holder has a port of its own, on its last listener.
	firstOwnPort = 21000
	// Three standard streams count as descriptors of a holder.
	standardStreams = 3
)

// hold makes one holder's share of a table and then becomes a sleeping
// process: the descriptors are made to survive exec, the ready pipe is made not
// to, so its reader sees the pipe end exactly when the holder is what it will
// stay. Whatever is written to the pipe before that is why it is not.
func hold(args []string) error {
	unix.CloseOnExec(readyFD)
	err := become(args)
	// A failing exec is the only way to get here.
	_, _ = unix.Write(readyFD, []byte(err.Error()))
	return err
}

// holderArgs and become agree on the order: index, listeners, pairs,
// descriptors, and the program to become.
func holderArgs(t table, index int, sleep string) []string {
	return []string{
		modeHolder,
		strconv.Itoa(index), strconv.Itoa(t.Listeners), strconv.Itoa(t.Pairs), strconv.Itoa(t.Descriptors), sleep,
	}
}

func become(args []string) error {
	if len(args) != 5 {
		return errors.New("holder: wrong number of arguments")
	}
	var n [4]int
	for i := range n {
		var err error
		if n[i], err = strconv.Atoi(args[i]); err != nil {
			return fmt.Errorf("holder: %w", err)
		}
	}
	index, listeners, pairs, descriptors := n[0], n[1], n[2], n[3]
	// One address a holder, so that listeners can share ports and no
	// address runs out of ports to connect from.
	addr := netip.AddrFrom4([4]byte{127, 0, byte(1 + index/200), byte(1 + index%200)})
	if err := makeTCP(addr, ports(index, listeners), pairs); err != nil {
		return err
	}
	if rest := descriptors - standardStreams - listeners - 2*pairs; rest > 0 {
		if err := makeOthers(addr, rest); err != nil {
			return err
		}
	}
	err := unix.Exec(args[4], []string{"sleep", holderLife}, os.Environ())
	return fmt.Errorf("exec %s: %w", args[4], err)
}

// ports are those that a holder's listeners have.
func ports(index, listeners int) []int {
	all := make([]int, listeners)
	for i := range all {
		all[i] = firstPort + i
	}
	all[listeners-1] = firstOwnPort + index
	return all
}

// makeTCP makes listeners and connections between two sockets of this process.
// Raw system calls, because descriptors of package net are non-blocking, known
// to epoll and closed on exec.
func makeTCP(addr netip.Addr, ports []int, pairs int) error {
	var listening []int
	for _, port := range ports {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			return fmt.Errorf("socket: %w", err)
		}
		to := &unix.SockaddrInet4{Port: port, Addr: addr.As4()}
		if err := unix.Bind(fd, to); err != nil {
			return fmt.Errorf("bind: %w", err)
		}
		if err := unix.Listen(fd, 128); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		listening = append(listening, fd)
	}
	for i := range pairs {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			return fmt.Errorf("socket: %w", err)
		}
		at := i % len(ports)
		if err := unix.Connect(fd, &unix.SockaddrInet4{Port: ports[at], Addr: addr.As4()}); err != nil {
			return fmt.Errorf("connect: %w", err)
		}
		if _, _, err := unix.Accept4(listening[at], 0); err != nil {
			return fmt.Errorf("accept: %w", err)
		}
	}
	return nil
}

// makeOthers makes n descriptors that no TCP table shows, in the proportions
// of an ordinary server: files most of all, then pipes, unix sockets and UDP
// sockets, and a few anonymous inodes.
func makeOthers(addr netip.Addr, n int) error {
	for i := 0; i < n; {
		made := 1
		var err error
		var both [2]int
		switch i % 10 {
		case 0:
			both, err = unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
			made = len(both)
		case 2:
			err = unix.Pipe2(both[:], 0)
			made = len(both)
		case 4:
			var fd int
			if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0); err == nil {
				err = unix.Bind(fd, &unix.SockaddrInet4{Addr: addr.As4()})
			}
		case 5:
			_, err = unix.Eventfd(0, 0)
		default:
			_, err = unix.Open("/proc/self/exe", unix.O_RDONLY, 0)
		}
		if err != nil {
			return fmt.Errorf("make descriptor %d: %w", i, err)
		}
		i += made
	}
	return nil
}
