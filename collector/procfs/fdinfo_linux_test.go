package procfs

import (
	"os"
	"runtime"
	"strconv"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// TestLiveSCM passes descriptors over a unix socket and does not receive them.
func TestLiveSCM(t *testing.T) {
	t.Parallel()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	before, err := FS{}.FDInfo(os.Getpid(), pair[1])
	if err != nil || before.SCMFDs != 0 {
		t.Fatalf("before: %+v, %v", before, err)
	}
	rights := unix.UnixRights(pair[0], pair[1], 0)
	if err := unix.Sendmsg(pair[0], []byte("x"), rights, nil, 0); err != nil {
		t.Fatal(err)
	}
	for i, want := range []FDInfo{{}, {SCMFDs: 3}} {
		got, err := FS{}.FDInfo(os.Getpid(), pair[i])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("end %d (-want +got):\n%s", i, diff)
		}
	}
	// Received, so that no cycle of sockets is left to the kernel to collect.
	oob := make([]byte, 64)
	_, n, _, _, err := unix.Recvmsg(pair[1], make([]byte, 1), oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	messages, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil {
		t.Fatal(err)
	}
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			t.Error(err)
		}
		for _, fd := range fds {
			unix.Close(fd)
		}
	}
}

// TestLiveRing registers a socket with an io_uring and closes its descriptor:
// then the ring is all that holds it.
func TestLiveRing(t *testing.T) {
	t.Parallel()
	// struct io_uring_params (include/uapi/linux/io_uring.h), all zero.
	var params [120]byte
	ring, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
	if errno != 0 {
		t.Skipf("io_uring_setup: %v", errno)
	}
	defer unix.Close(int(ring))

	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	inode := inodeOf(t, fd)
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	const registerFiles = 2 // IORING_REGISTER_FILES
	files := []int32{int32(null.Fd()), -1, int32(fd)}
	_, _, errno = unix.Syscall6(unix.SYS_IO_URING_REGISTER, ring, registerFiles,
		uintptr(unsafe.Pointer(&files[0])), uintptr(len(files)), 0, 0)
	runtime.KeepAlive(files)
	unix.Close(fd)
	if errno != 0 {
		t.Skipf("io_uring_register: %v", errno)
	}

	got, err := FS{}.FDInfo(os.Getpid(), int(ring))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(FDInfo{RegisteredSockets: []uint64{inode}}, got); diff != "" {
		text, _ := os.ReadFile(FS{}.pidPath(os.Getpid(), "fdinfo", strconv.Itoa(int(ring))))
		t.Errorf("ring (-want +got):\n%s\n%s", diff, text)
	}
}
