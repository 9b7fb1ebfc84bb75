package sockdiag

import (
	"bytes"
	"syscall"
)

// entry is what the bytecode sees of a socket (struct inet_diag_entry).
type entry struct {
	src, dst     []byte // 4 or 16 bytes
	sport, dport uint16
	family       uint8
	locked       bool // SOCK_BINDPORT_LOCK
	device, mark uint32
	cgroup       uint64
}

// interpreter is a kernel's bytecode: which operations it knows and whether its
// user has CAP_NET_ADMIN. It is written after inet_diag_bc_audit and
// inet_diag_bc_run, to be compared with and not to be fast.
type interpreter struct {
	unknown map[uint8]bool // operations of later kernels
	user    bool           // without CAP_NET_ADMIN
}

// operandLen is how many bytes an operation's operand has at least.
func operandLen(op []byte) (n int, ok bool) {
	switch op[0] {
	case 0, 1, 6:
		return 0, true
	case 2, 3, 4, 5, 9, 11, 12:
		return 4, true
	case 10, 13:
		return 8, true
	case 7, 8:
		const conditionLen = 8
		if len(op) < 4+conditionLen {
			return 0, false
		}
		width := map[uint8]int{0: 0, 2: 4, 10: 16}
		n, ok := width[op[4]]
		return conditionLen + n, ok && int(op[5]) <= 8*n
	}
	return 0, false
}

// audit says with which error a kernel refuses a program, 0 for none.
func (in interpreter) audit(program []byte) syscall.Errno {
	if len(program) < 4 {
		return syscall.EINVAL
	}
	starts := map[int]bool{len(program): true}
	for at := 0; at < len(program); {
		starts[at] = true
		if at+4 > len(program) || program[at+1] < 4 {
			return syscall.EINVAL
		}
		at += int(program[at+1])
	}
	for at := 0; at < len(program); {
		op := program[at:]
		left := len(op)
		if in.unknown[op[0]] {
			return syscall.EINVAL
		}
		if op[0] == 10 && in.user {
			return syscall.EPERM
		}
		operand, ok := operandLen(op)
		least := 4 + operand
		yes, no := int(op[1]), int(native.Uint16(op[2:]))
		if !ok || least > left || yes < least || yes > left+4 || yes%4 != 0 {
			return syscall.EINVAL
		}
		if op[0] != 0 && (no < least || no > left+4 || no%4 != 0 || no < left && !starts[at+no]) {
			return syscall.EINVAL
		}
		at += yes
		if at > len(program) {
			return syscall.EINVAL
		}
	}
	return 0
}

// run reports whether a socket passes, and how many operations that took.
func (in interpreter) run(program []byte, e entry) (pass bool, steps int) {
	at := 0
	for at < len(program) {
		steps++
		op := program[at:]
		if in.test(op, e) {
			at += int(op[1])
		} else {
			at += int(native.Uint16(op[2:]))
		}
	}
	return at == len(program), steps
}

func (interpreter) test(op []byte, e entry) bool {
	switch op[0] {
	case 0:
		return true
	case 1:
		return false
	case 2:
		return e.sport >= native.Uint16(op[6:])
	case 3:
		return e.sport <= native.Uint16(op[6:])
	case 4:
		return e.dport >= native.Uint16(op[6:])
	case 5:
		return e.dport <= native.Uint16(op[6:])
	case 6:
		return !e.locked
	case 7:
		return e.host(op[4:], e.src, e.sport)
	case 8:
		return e.host(op[4:], e.dst, e.dport)
	case 9:
		return e.device == native.Uint32(op[4:])
	case 10:
		return e.mark&native.Uint32(op[8:]) == native.Uint32(op[4:])
	case 11:
		return e.sport == native.Uint16(op[6:])
	case 12:
		return e.dport == native.Uint16(op[6:])
	case 13:
		return e.cgroup == native.Uint64(op[4:])
	}
	panic("an operation that passed no audit")
}

func (e entry) host(condition, addr []byte, port uint16) bool {
	family, bits := condition[0], int(condition[1])
	if p := int32(native.Uint32(condition[4:])); p != -1 && p != int32(port) {
		return false
	}
	prefix := condition[8:]
	if family != 0 && family != e.family {
		mapped := []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}
		return family == 2 && e.family == 10 && bytes.HasPrefix(addr, mapped) && sameBits(addr[12:], prefix, bits)
	}
	return sameBits(addr, prefix, bits)
}

func sameBits(a, b []byte, bits int) bool {
	for i := range bits {
		if mask := byte(0x80) >> (i % 8); a[i/8]&mask != b[i/8]&mask {
			return false
		}
	}
	return true
}
