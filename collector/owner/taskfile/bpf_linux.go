//go:build linux && (amd64 || arm64 || riscv64 || ppc64le || loong64 || mips64le)

package taskfile

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The structures below are the variants of union bpf_attr
// (include/uapi/linux/bpf.h) up to the last member that is set. What is not given
// is zero to the kernel.

type progLoad struct {
	progType           uint32
	insnCount          uint32
	insns              unsafe.Pointer
	license            unsafe.Pointer
	logLevel           uint32
	logSize            uint32
	logBuf             unsafe.Pointer
	kernVersion        uint32
	flags              uint32
	name               [16]byte
	ifindex            uint32
	expectedAttachType uint32
	btfFD              uint32
	funcInfoRecSize    uint32
	funcInfo           unsafe.Pointer
	funcInfoCount      uint32
	lineInfoRecSize    uint32
	lineInfo           unsafe.Pointer
	lineInfoCount      uint32
	attachBTFID        uint32
}

type linkCreate struct {
	progFD, targetFD, attachType, flags uint32
}

type iterCreate struct {
	linkFD, flags uint32
}

// bpf calls bpf(2), which answers with a descriptor. The argument, and what it
// points to, must be on the heap or outlive the call otherwise.
func bpf(command int, argument unsafe.Pointer, size uintptr) (int, error) {
	for range 8 { // the verifier gives up its work for a signal
		fd, _, errno := unix.Syscall(unix.SYS_BPF, uintptr(command), uintptr(argument), size)
		if errno == 0 {
			return int(fd), nil
		}
		if errno != unix.EAGAIN && errno != unix.EINTR {
			return -1, errno
		}
	}
	return -1, unix.EAGAIN
}

// load has the kernel check and translate a program.
func load(code []byte, target uint32) (int, error) {
	license := []byte("GPL\x00") // both helpers are for such programs only
	a := &progLoad{
		progType: unix.BPF_PROG_TYPE_TRACING, expectedAttachType: unix.BPF_TRACE_ITER, attachBTFID: target,
		insnCount: uint32(len(code) / insnSize), insns: unsafe.Pointer(&code[0]), license: unsafe.Pointer(&license[0]),
		name: [16]byte{'s', 'o', 'c', 'k', 'l', 's'},
	}
	fd, err := bpf(unix.BPF_PROG_LOAD, unsafe.Pointer(a), unsafe.Sizeof(*a))
	runtime.KeepAlive(code)
	runtime.KeepAlive(license)
	if err != nil {
		return -1, fmt.Errorf("load bpf program: %w", err)
	}
	return fd, nil
}

// attach connects a program with its iterator.
func attach(program int) (int, error) {
	a := &linkCreate{progFD: uint32(program), attachType: unix.BPF_TRACE_ITER}
	fd, err := bpf(unix.BPF_LINK_CREATE, unsafe.Pointer(a), unsafe.Sizeof(*a))
	if err != nil {
		return -1, fmt.Errorf("attach bpf program: %w", err)
	}
	return fd, nil
}

// iterate opens a walk, which begins with the first read.
func iterate(link int) (int, error) {
	a := &iterCreate{linkFD: uint32(link)}
	fd, err := bpf(unix.BPF_ITER_CREATE, unsafe.Pointer(a), unsafe.Sizeof(*a))
	if err != nil {
		return -1, fmt.Errorf("open bpf iterator: %w", err)
	}
	return fd, nil
}
