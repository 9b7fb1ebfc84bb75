package collector

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// TestJoinInFlight: a socket that was passed and not received has no
// descriptor anywhere.
func TestJoinInFlight(t *testing.T) {
	if !private(t, 0) {
		return
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	fd := listener(t, 1000, 1)
	must(t, unix.Sendmsg(pair[0], []byte{0}, unix.UnixRights(fd), nil, 0))
	must(t, unix.Close(fd))
	want := []string{"tcp LISTEN :1000 in-flight"}
	rows, codes := collect(t, Options{}, everything(socket.TCP))
	if diff := cmp.Diff(want, tellAll(rows)); diff != "" || len(codes) > 0 {
		t.Errorf("rows (-want +got):\n%s\nnotices %v", diff, codes)
	}
	// It went with the queue.
	must(t, unix.Close(pair[1]))
	rows, _ = collect(t, Options{}, everything(socket.TCP))
	for range 100 { // the garbage collector of unix sockets may take a moment
		if len(rows) == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
		rows, _ = collect(t, Options{}, everything(socket.TCP))
	}
	if len(rows) != 0 {
		t.Errorf("rows %v", tellAll(rows))
	}
}

// TestJoinRing: a socket that an io_uring has registered outlives its
// descriptor.
func TestJoinRing(t *testing.T) {
	if !private(t, 0) {
		return
	}
	parameters := make([]byte, 120) // struct io_uring_params
	ring, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&parameters[0])), 0)
	if errno != 0 {
		t.Skipf("io_uring_setup: %v", errno)
	}
	fd := listener(t, 1000, 1)
	kept := listener(t, 1001, 1)
	files := []int32{int32(fd), int32(kept)}
	const registerFiles = 2 // IORING_REGISTER_FILES
	if _, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, ring, registerFiles,
		uintptr(unsafe.Pointer(&files[0])), uintptr(len(files)), 0, 0); errno != 0 {
		t.Skipf("io_uring_register: %v", errno)
	}
	must(t, unix.Close(fd))
	rows, codes := collect(t, Options{}, everything(socket.TCP))
	want := []string{"tcp LISTEN :1000 in-flight", fmt.Sprintf("tcp LISTEN :1001 fd %d", kept)}
	if diff := cmp.Diff(want, tellAll(rows)); diff != "" || len(codes) > 0 {
		t.Errorf("rows (-want +got):\n%s\nnotices %v", diff, codes)
	}
}

// TestJoinKernel: a socket that the kernel has made for itself, which only its
// owner and the lack of any other explanation tell.
func TestJoinKernel(t *testing.T) {
	if !private(t, 0) {
		return
	}
	ip, err := exec.LookPath("ip")
	if err != nil {
		t.Skip("ip(8) is not installed")
	}
	if out, err := exec.Command(ip, "link", "add", "vx0", "up", "type", "vxlan", "id", "1", "dstport", "4789", "local", "127.0.0.1").CombinedOutput(); err != nil {
		t.Skipf("making a vxlan interface: %v: %s", err, out)
	}
	rows, _ := collect(t, Options{}, everything(socket.UDP))
	if diff := cmp.Diff([]string{"udp UNCONN :4789 kernel"}, tellAll(rows)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// TestJoinHidden: a user without privileges knows its own sockets' holders and
// that others have some.
func TestJoinHidden(t *testing.T) {
	if !private(t, 0) {
		return
	}
	file := os.NewFile(uintptr(listener(t, 1000, 1)), "root's")
	holder := exec.Command("cat")
	holder.ExtraFiles = []*os.File{file}
	in, err := holder.StdinPipe()
	must(t, err)
	must(t, holder.Start())
	must(t, file.Close())
	const nobody = 65534
	must(t, syscall.Setresuid(nobody, nobody, nobody))
	mine := listener(t, 2000, 1)
	idle := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	rows, codes := collect(t, Options{}, everything(socket.TCP))
	want := []string{
		fmt.Sprintf("tcp CLOSE :0 fd %d", idle),
		"tcp LISTEN :1000 hidden",
		fmt.Sprintf("tcp LISTEN :2000 fd %d", mine),
	}
	if diff := cmp.Diff(want, tellAll(rows)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if !slices.Equal(codes, []string{"owners-hidden", "descriptors-hidden"}) {
		t.Errorf("notices %v", codes)
	}
	must(t, in.Close())
	must(t, holder.Wait())
}

// TestJoinInFlightNested: what is seen in a queue counts more than what may be
// held outside this pid namespace.
func TestJoinInFlightNested(t *testing.T) {
	if !private(t, unix.CLONE_NEWPID) {
		return
	}
	mine := listener(t, 1000, 1)
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	fd := listener(t, 1001, 1)
	must(t, unix.Sendmsg(pair[0], []byte{0}, unix.UnixRights(fd), nil, 0))
	must(t, unix.Close(fd))
	rows, codes := collect(t, Options{}, everything(socket.TCP))
	want := []string{fmt.Sprintf("tcp LISTEN :1000 fd %d", mine), "tcp LISTEN :1001 in-flight"}
	if diff := cmp.Diff(want, tellAll(rows)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if len(codes) != 0 {
		t.Errorf("notices %v", codes)
	}
}
