package sockdiag

// The operations of INET_DIAG_REQ_BYTECODE (enum inet_diag_bc_op and below it
// in include/uapi/linux/inet_diag.h).
const (
	bcJump           = 1
	bcLocalPortGE    = 2
	bcLocalPortLE    = 3
	bcRemotePortGE   = 4
	bcRemotePortLE   = 5
	bcAuto           = 6
	bcLocalHost      = 7
	bcRemoteHost     = 8
	bcDevice         = 9
	bcMark           = 10
	bcLocalPortEqual = 11
	bcRemotePortEq   = 12
	bcCgroup         = 13
)

// opset is what of the bytecode a kernel takes, in the order in which kernels
// learned it.
type opset uint8

const (
	opProgram   opset = 1 << iota // any at all: the oldest operations
	opDevice                      // INET_DIAG_BC_DEV_COND
	opMark                        // INET_DIAG_BC_MARK_COND, for CAP_NET_ADMIN only
	opPortEqual                   // INET_DIAG_BC_S_EQ and INET_DIAG_BC_D_EQ
	opCgroup                      // INET_DIAG_BC_CGROUP_COND, with CONFIG_SOCK_CGROUP_DATA

	allOps = opProgram | opDevice | opMark | opPortEqual | opCgroup
)

func (o opset) has(want opset) bool { return o&want == want }

// A program is a list of operations, each of four bytes: the code, how far to
// go on when the test succeeds (one byte) and how far when it fails (two). The
// operand follows. A socket passes when the end of the program is reached
// exactly, and does not when it is overshot by four bytes.
//
// What inet_diag_bc_audit (net/ipv4/inet_diag.c) asks of it, it finds by
// following the "yes" of each operation from the first to the end: a "yes" of
// at least the operation's length, both distances multiples of four that lead
// four bytes behind the end at most, and every "no" that stays inside leading
// to an operation that this walk meets. So here "yes" is always the length of
// the operation, and everything else is done with "no" and with jumps.
const (
	opLen = 4 // struct inet_diag_bc_op
	// maxProgram is the most that a struct nlattr has room for.
	maxProgram = (1<<16 - 1 - attrLen) &^ 3

	// Where programs end, as distances from the end.
	accept = 0
	reject = -opLen
)

// assembler builds a program from its end to its beginning, so that everything
// an operation can go to is there already.
type assembler struct {
	ops []op // the last one first
	// front is the length of the program so far: the distance of its first
	// operation from the end.
	front int
}

type op struct {
	operand []byte
	no      int
	code    uint8
}

func (a *assembler) put(code uint8, operand []byte, no int) {
	a.front += opLen + len(operand)
	a.ops = append(a.ops, op{code: code, operand: operand, no: a.front - no})
}

// jump goes to a place, which takes nothing where the program is there anyway.
func (a *assembler) jump(to int) {
	if to != a.front {
		a.put(bcJump, nil, to)
	}
}

// test goes to yes or no.
func (a *assembler) test(code uint8, operand []byte, yes, no int) {
	a.jump(yes)
	a.put(code, operand, no)
}

// bytes is the program.
func (a *assembler) bytes() []byte {
	b := make([]byte, 0, a.front)
	for i := len(a.ops) - 1; i >= 0; i-- {
		o := a.ops[i]
		b = append(b, o.code, uint8(opLen+len(o.operand)))
		b = native.AppendUint16(b, uint16(o.no))
		b = append(b, o.operand...)
	}
	return b
}

// portOperand is a second operation of which "no" is the port.
func portOperand(port uint16) []byte {
	return native.AppendUint16([]byte{0, 0}, port)
}

// hostOperand is struct inet_diag_hostcond: a prefix of an address, and any port.
func hostOperand(family uint8, bits int, addr []byte) []byte {
	b := make([]byte, 0, 8+len(addr))
	b = append(b, family, uint8(bits), 0, 0)
	b = native.AppendUint32(b, ^uint32(0))
	return append(b, addr...)
}
