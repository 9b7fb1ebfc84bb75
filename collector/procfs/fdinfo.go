package procfs

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
)

// FDInfo is what a descriptor tells about files that it holds itself.
type FDInfo struct {
	// RegisteredSockets are the inodes of the sockets that are registered with
	// an io_uring. They are a hint: the kernel leaves them out while the ring
	// is in use by another thread, and older kernels print the last part of
	// each path, where a socket shows its protocol and no inode, and a regular
	// file that is named like a socket shows as one.
	RegisteredSockets []uint64
	// SCMFDs is how many descriptors wait in the receive queue of a unix
	// socket; 0 also where the kernel does not tell.
	SCMFDs int
}

// FDInfo reads what is known of one descriptor of a process.
func (f FS) FDInfo(pid, fd int) (FDInfo, error) {
	path := f.pidPath(pid, "fdinfo", strconv.Itoa(fd))
	file, err := os.Open(path)
	if err != nil {
		return FDInfo{}, err
	}
	defer file.Close()
	info, err := parseFDInfo(file)
	if err != nil {
		return FDInfo{}, fmt.Errorf("read %s: %w", path, err)
	}
	return info, nil
}

// parseFDInfo reads two formats: "scm_fds: N" of a unix socket, and of an
// io_uring the numbered list of paths below "UserFiles:". Numbered lists of
// other things stand before and after it. Kernels that print whole paths
// escape blanks and newlines in them, and only sockfs names a file
// "socket:[inode]" without a slash before it.
func parseFDInfo(r io.Reader) (FDInfo, error) {
	lines := newLineReader(r, factBuffer)
	var info FDInfo
	inFiles := false
	for {
		line, whole, err := lines.next()
		if err == io.EOF {
			return info, nil
		}
		if err != nil {
			return FDInfo{}, err
		}
		w := words{line}
		key, value := w.next(), w.next()
		if inFiles && isIndex(key) {
			if inode, ok := socketInode(value); ok && whole {
				info.RegisteredSockets = append(info.RegisteredSockets, inode)
			}
			continue
		}
		inFiles = bytes.Equal(key, []byte("UserFiles:"))
		if bytes.Equal(key, []byte("scm_fds:")) {
			if n, ok := decimal(value); ok && n <= 1<<31-1 {
				info.SCMFDs = int(n)
			}
		}
	}
}

// isIndex recognises the number of an entry, such as "12:".
func isIndex(word []byte) bool {
	number, found := bytes.CutSuffix(word, []byte{':'})
	_, ok := decimal(number)
	return found && ok
}

// socketInode reads "socket:[inode]".
func socketInode(name []byte) (uint64, bool) {
	name, okPrefix := bytes.CutPrefix(name, []byte("socket:["))
	name, okSuffix := bytes.CutSuffix(name, []byte{']'})
	inode, ok := decimal(name)
	return inode, okPrefix && okSuffix && ok
}
