package mksock

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// holding is one descriptor that refers to a socket.
type holding struct {
	label     string
	pid       int
	tid       int // set where the descriptor is in a thread's own table
	fd        int
	inode     uint64
	cookie    uint64
	port      int
	ephemeral bool // the kernel chose the port
}

// hold describes a descriptor of this process. wish is the port that was asked
// for, 0 where the kernel was to choose.
func hold(label string, fd, wish int) (holding, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return holding{}, fmt.Errorf("stat socket %s: %w", label, err)
	}
	h := holding{label: label, pid: os.Getpid(), fd: fd, inode: st.Ino}
	// SO_COOKIE is as old as Linux 4.12; a socket without one stays 0.
	h.cookie, _ = unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_COOKIE)
	if name, err := unix.Getsockname(fd); err == nil {
		switch a := name.(type) {
		case *unix.SockaddrInet4:
			h.port = a.Port
		case *unix.SockaddrInet6:
			h.port = a.Port
		case *unix.SockaddrNetlink:
			h.port = int(a.Pid)
		case *unix.SockaddrVM:
			h.port = int(a.Port)
		}
	}
	h.ephemeral = h.port != 0 && h.port != wish
	return h, nil
}

// lost is the same socket after the last descriptor in a table is gone.
func (h holding) lost() holding {
	h.pid, h.tid, h.fd = 0, 0, -1
	return h
}

func (h holding) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "socket label=%s pid=%d tid=%d fd=%d inode=%d cookie=%d port=%d",
		h.label, h.pid, h.tid, h.fd, h.inode, h.cookie, h.port)
	if h.ephemeral {
		b.WriteString(" ephemeral")
	}
	b.WriteByte('\n')
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("report socket %s: %w", h.label, err)
	}
	return nil
}
