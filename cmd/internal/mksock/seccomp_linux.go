package mksock

import (
	"fmt"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// refusal is a system call that is to fail with EPERM, and the arguments that
// make it so: where arguments is empty, always.
type refusal struct {
	call      uint32
	arguments []argument
}

// argument is the low word of argument index.
type argument struct{ index, value uint32 }

// refusals are what -seccomp can name.
func refusals() map[string]refusal {
	return map[string]refusal{
		"sock_diag":   {unix.SYS_SOCKET, []argument{{0, unix.AF_NETLINK}, {2, unix.NETLINK_SOCK_DIAG}}},
		"netlink":     {unix.SYS_SOCKET, []argument{{0, unix.AF_NETLINK}}},
		"pidfd_getfd": {unix.SYS_PIDFD_GETFD, nil},
		"kcmp":        {unix.SYS_KCMP, nil},
		"bpf":         {unix.SYS_BPF, nil},
	}
}

// Offsets in struct seccomp_data (include/uapi/linux/seccomp.h). The low word
// of an argument comes first on little-endian machines, which is what the
// filter is for.
const (
	offsetCall      = 0
	offsetArguments = 16
)

// refuse installs a filter on the calling thread that refuses the calls in
// list, a comma-separated selection of refusals. A program started by exec
// from this thread inherits it.
func refuse(list string) error {
	var program []unix.SockFilter
	for name := range strings.SplitSeq(list, ",") {
		r, ok := refusals()[name]
		if !ok {
			return fmt.Errorf("refuse system call: unknown name %q", name)
		}
		program = append(program, r.compile()...)
	}
	program = append(program, statement(unix.BPF_RET|unix.BPF_K, unix.SECCOMP_RET_ALLOW))
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("refuse system call: %w", err)
	}
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&fprog)), 0, 0)
	if err != nil {
		return fmt.Errorf("refuse system call: %w", err)
	}
	return nil
}

// compile makes a block that returns EPERM when everything matches, and falls
// through to what follows when something does not.
func (r refusal) compile() []unix.SockFilter {
	checks := []argument{{0, r.call}}
	offsets := []uint32{offsetCall}
	for _, a := range r.arguments {
		checks = append(checks, a)
		offsets = append(offsets, offsetArguments+8*a.index)
	}
	var block []unix.SockFilter
	for i, c := range checks {
		// Two instructions for each check still to come, and the return.
		skip := uint8(2*(len(checks)-1-i) + 1)
		block = append(block,
			statement(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, offsets[i]),
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: skip, K: c.value})
	}
	return append(block, statement(unix.BPF_RET|unix.BPF_K, unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM)))
}

func statement(code uint16, k uint32) unix.SockFilter { return unix.SockFilter{Code: code, K: k} }
