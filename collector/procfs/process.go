package procfs

import (
	"bytes"
	"os"
)

// maxCommand bounds what is read of an argument vector, which may have
// megabytes. A longer one is cut there.
const maxCommand = 64 << 10

// maxComm is far above the 16 bytes of a process's name and the 64 of a kernel
// worker's.
const maxComm = 256

// Comm returns the name of a process: the exact bytes it chose, which may be
// any but NUL, and may be none at all.
func (f FS) Comm(pid int) (string, error) {
	b, err := readFact(f.pidPath(pid, "comm"), maxComm)
	if err != nil {
		return "", err
	}
	return parseComm(b), nil
}

// parseComm removes the newline that the kernel adds, and no other.
func parseComm(b []byte) string {
	return string(bytes.TrimSuffix(b, []byte{'\n'}))
}

// Command returns the argument vector joined by single spaces, "" for a kernel
// thread or a process that has wiped it. At most 64 KiB are read. A process
// may overwrite its vector, and those that do often pad it with NULs, so empty
// arguments at the very end are dropped.
func (f FS) Command(pid int) (string, error) {
	b, err := readFact(f.pidPath(pid, "cmdline"), maxCommand)
	if err != nil {
		return "", err
	}
	return parseCommand(b), nil
}

func parseCommand(b []byte) string {
	b = bytes.TrimRight(b, "\x00")
	return string(bytes.ReplaceAll(b, []byte{0}, []byte{' '}))
}

// Exe returns the path of the program. The kernel appends " (deleted)" when
// the file is gone. A kernel thread has none, which is fs.ErrNotExist.
func (f FS) Exe(pid int) (string, error) {
	return os.Readlink(f.pidPath(pid, "exe"))
}

// WorkDir returns the working directory. The kernel appends " (deleted)" when it is
// gone; for a process with another root it is the path as seen from there.
func (f FS) WorkDir(pid int) (string, error) {
	return os.Readlink(f.pidPath(pid, "cwd"))
}

// maxContext is far above the context of any policy.
const maxContext = 4 << 10

// Context returns the security context of a process, as the security module
// writes it. Without such a module there is none, which is an error.
func (f FS) Context(pid int) (string, error) {
	b, err := readFact(f.pidPath(pid, "attr", "current"), maxContext)
	if err != nil {
		return "", err
	}
	return parseContext(b), nil
}

// parseContext removes what closes the text: a NUL with some modules, a newline
// with others.
func parseContext(b []byte) string {
	return string(bytes.TrimRight(b, "\x00\n"))
}
