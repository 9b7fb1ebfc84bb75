package owner

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls below exist because a walk makes one readlink for each descriptor
// of the machine: package os would allocate, copy and convert for each.

// appendPath writes "number/name" with its closing NUL.
func appendPath(b []byte, n int32, name string) []byte {
	b = strconv.AppendInt(b, int64(n), 10)
	b = append(b, '/')
	b = append(b, name...)
	return append(b, 0)
}

// openDir opens a directory below another. The path ends with a NUL.
func openDir(at int, path []byte) (int, error) {
	for {
		fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(at), uintptr(unsafe.Pointer(&path[0])),
			unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0, 0, 0)
		if errno == 0 {
			return int(fd), nil
		}
		if errno != unix.EINTR {
			return -1, errno
		}
	}
}

// readlinkAt reads the link of a directory entry, whose name ends with a NUL.
//
// The kernel answers out of its memory and never sleeps, so the scheduler is not
// told of the call: it would begin to look for other work for this processor each
// time, and now and then find some.
func readlinkAt(at int, name, to []byte) ([]byte, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_READLINKAT, uintptr(at), uintptr(unsafe.Pointer(&name[0])),
		uintptr(unsafe.Pointer(&to[0])), uintptr(len(to)), 0, 0)
	if errno != 0 {
		return nil, errno
	}
	return to[:n], nil
}

// readComm reads the name of the process that home is a directory of. It is the
// exact bytes that the process chose; the kernel adds a newline.
func readComm(home int) (string, error) {
	fd, err := unix.Openat(home, "../comm", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd) // which was only read from
	var buf [256]byte    // a name has 15 bytes, that of a kernel's worker up to 63
	n, err := unix.Read(fd, buf[:])
	if err != nil {
		return "", err
	}
	return string(bytes.TrimSuffix(buf[:n], []byte{'\n'})), nil
}

// nextEntry cuts one struct linux_dirent64 and returns its name with the
// closing NUL, or nil at the end.
func nextEntry(b []byte) (name, rest []byte) {
	const head = 19 // d_ino, d_off, d_reclen, d_type
	if len(b) < head+1 {
		return nil, nil
	}
	length := int(binary.NativeEndian.Uint16(b[16:]))
	if length < head+1 || length > len(b) {
		return nil, nil
	}
	return b[head:length], b[length:]
}

// number reads a decimal name, closed by a NUL; -1 where it is none.
func number(name []byte) int32 {
	n := int64(0)
	for i, c := range name {
		if c == 0 && i > 0 {
			return int32(n)
		}
		if c < '0' || c > '9' || n > 1<<31/10-1 {
			return -1
		}
		n = n*10 + int64(c-'0')
	}
	return -1
}

// ringLink is what the link of an io_uring descriptor says (io_uring/io_uring.c).
const ringLink = "anon_inode:[io_uring]"

// socketInode reads "socket:[123]"; 0 where the link is something else. An
// inode has 32 bits (get_next_ino in fs/inode.c), so the 19 digits that fit
// any 64 are more than enough.
func socketInode(link []byte) uint64 {
	const prefix = "socket:["
	if len(link) <= len(prefix)+1 || len(link) > len(prefix)+19+1 || string(link[:len(prefix)]) != prefix || link[len(link)-1] != ']' {
		return 0
	}
	n := uint64(0)
	for _, c := range link[len(prefix) : len(link)-1] {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}

// listPIDs reads the numbers in /proc, from its beginning every time.
func listPIDs(root int) ([]int32, error) {
	var (
		pids []int32
		buf  [32 << 10]byte
	)
	if _, err := unix.Seek(root, 0, unix.SEEK_SET); err != nil {
		return nil, err
	}
	for {
		n, err := unix.Getdents(root, buf[:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			return pids, err
		}
		for rest := buf[:n]; len(rest) > 0; {
			var name []byte
			name, rest = nextEntry(rest)
			if pid := number(name); pid > 0 {
				pids = append(pids, pid)
			}
		}
	}
}
