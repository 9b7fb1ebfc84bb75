// holder makes sockets when it is told to, and keeps them. It is built for
// Windows by the test that runs sockls there. Each line of standard input is a
// command, each line of standard output the answer:
//
//	listen NETWORK ADDRESS    a listener; its address
//	packet udp ADDRESS        a UDP socket; its address
//	dial NETWORK ADDRESS      a connection; its address at this end
//	accept N                  the next connection of socket N; the number of it
//	close N                   close socket N, counted from 0
//	pid                       of this process
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/windows"
)

func main() {
	var h holder
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		answer, err := h.obey(strings.Fields(lines.Text()))
		if err != nil {
			answer = "error " + err.Error()
		}
		fmt.Println(answer)
	}
}

type holder struct{ held []io.Closer }

func (h *holder) obey(words []string) (string, error) {
	if len(words) == 0 {
		return "", fmt.Errorf("no command")
	}
	switch words[0] {
	case "pid":
		return strconv.Itoa(os.Getpid()), nil
	case "listen":
		l, err := net.Listen(words[1], words[2])
		if err != nil {
			return "", err
		}
		h.held = append(h.held, l)
		return l.Addr().String(), known(l.(*net.TCPListener))
	case "packet":
		p, err := newPacket(words[2])
		if err != nil {
			return "", err
		}
		h.held = append(h.held, p)
		return words[2], nil
	case "dial":
		c, err := net.Dial(words[1], words[2])
		if err != nil {
			return "", err
		}
		h.held = append(h.held, c)
		if err := known(c.(*net.TCPConn)); err != nil {
			return "", err
		}
		return c.LocalAddr().String(), nil
	}
	n, err := strconv.Atoi(words[1])
	if err != nil || n < 0 || n >= len(h.held) {
		return "", fmt.Errorf("no socket %q", words[1])
	}
	switch words[0] {
	case "accept":
		l, ok := h.held[n].(net.Listener)
		if !ok {
			return "", fmt.Errorf("socket %d does not listen", n)
		}
		c, err := l.Accept()
		if err != nil {
			return "", err
		}
		h.held = append(h.held, c)
		if err := known(c.(*net.TCPConn)); err != nil {
			return "", err
		}
		return strconv.Itoa(len(h.held) - 1), nil
	case "close":
		return "closed", h.held[n].Close()
	}
	return "", fmt.Errorf("no command %q", words[0])
}

// known lets wine find out whose socket it is. Its tables name the process that
// has the descriptor of a socket, and a process has it once an option was asked for.
func known(c syscall.Conn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = ask(windows.Handle(fd)) }); err != nil {
		return err
	}
	return failed
}

func ask(socket windows.Handle) error {
	_, err := windows.GetsockoptInt(socket, windows.SOL_SOCKET, windows.SO_KEEPALIVE)
	return err
}

// packet is a UDP socket. Those of package net ask for what not every wine has
// (SIO_UDP_NETRESET).
type packet windows.Handle

func newPacket(address string) (packet, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return 0, err
	}
	family, addr := int32(windows.AF_INET6), windows.Sockaddr(&windows.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()})
	if at.Addr().Is4() {
		family, addr = windows.AF_INET, &windows.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
	}
	handle, err := windows.WSASocket(family, windows.SOCK_DGRAM, windows.IPPROTO_UDP, nil, 0, 0)
	if err != nil {
		return 0, err
	}
	return packet(handle), errors.Join(windows.Bind(handle, addr), ask(handle))
}

// Close implements io.Closer.
func (p packet) Close() error { return windows.Closesocket(windows.Handle(p)) }
