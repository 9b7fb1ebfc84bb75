package streams

import (
	"os"

	"golang.org/x/sys/unix"
)

// startedClosed reports whether the program was started without this stream.
//
// The Go runtime opens /dev/null in place of a closed standard stream before
// main (runtime/fds_unix.go), and what is written there would be lost without
// a word. Its /dev/null can be told from one that was passed on purpose: it is
// open for reading too, not close-on-exec by birth, and an open file of its
// own, not shared with another standard stream as daemons do it.
func startedClosed(f *os.File) bool {
	fd := int(f.Fd())
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return true
	}
	if st.Mode&unix.S_IFMT != unix.S_IFCHR || st.Rdev != unix.Mkdev(1, 3) {
		return false
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_ACCMODE != unix.O_RDWR || flags&unix.O_CLOEXEC != 0 {
		return false
	}
	for other := range 3 {
		if other != fd && sameFile(fd, other) {
			return false
		}
	}
	return true
}

// sameFile reports whether two descriptors share one open file. Where kcmp(2)
// is refused they count as shared, which is the side without false alarms.
func sameFile(a, b int) bool {
	const file = 0 // KCMP_FILE in include/uapi/linux/kcmp.h
	pid := uintptr(os.Getpid())
	r, _, errno := unix.Syscall6(unix.SYS_KCMP, pid, pid, file, uintptr(a), uintptr(b), 0)
	return errno != 0 && errno != unix.EBADF || errno == 0 && r == 0
}
