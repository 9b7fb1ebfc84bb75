package taskfile

import "encoding/binary"

// assembler gathers the instructions of a program (struct bpf_insn in
// include/uapi/linux/bpf.h).
type assembler struct{ code []byte }

// jump is the place of an instruction that goes to one further down.
type jump int

const insnSize = 8

// register is one of the virtual machine's: r0 has results, r1 to r5 arguments,
// which a call destroys, r6 to r9 survive, and r10 is the end of the stack.
type register uint8

const (
	r0  register = 0
	r1  register = 1
	r2  register = 2
	r3  register = 3
	r6  register = 6
	r7  register = 7
	r8  register = 8
	r9  register = 9
	r10 register = 10
)

// The opcodes that are used, and the widths of those that load and store.
const (
	opAddImm   = 0x07
	opLoad     = 0x61
	opStoreImm = 0x62
	opStore    = 0x63
	opJump     = 0x05
	opJumpIs   = 0x15
	opJumpNot  = 0x55
	opCall     = 0x85
	opExit     = 0x95
	opMoveImm  = 0xb7
	opMove     = 0xbf

	wide32 = 0x00
	wide64 = 0x18
)

// The helper functions that are called (enum bpf_func_id).
const (
	helperSeqWrite     = 127 // Linux 5.8
	helperSockFromFile = 162 // Linux 5.11
)

func (a *assembler) emit(op uint8, dst, src register, offset int16, imm int32) {
	order := binary.NativeEndian
	a.code = append(a.code, op, uint8(dst)|uint8(src)<<4)
	a.code = order.AppendUint16(a.code, uint16(offset))
	a.code = order.AppendUint32(a.code, uint32(imm))
}

func (a *assembler) load(width uint8, dst, from register, offset uint32) {
	a.emit(opLoad|width, dst, from, int16(offset), 0)
}

func (a *assembler) store(width uint8, offset int16, src register) {
	a.emit(opStore|width, r10, src, offset, 0)
}

func (a *assembler) storeImm(offset int16, imm int32) { a.emit(opStoreImm, r10, 0, offset, imm) }
func (a *assembler) move(dst, src register)           { a.emit(opMove, dst, src, 0, 0) }
func (a *assembler) moveImm(dst register, imm int32)  { a.emit(opMoveImm, dst, 0, 0, imm) }
func (a *assembler) addImm(dst register, imm int32)   { a.emit(opAddImm, dst, 0, 0, imm) }
func (a *assembler) call(helper int32)                { a.emit(opCall, 0, 0, 0, helper) }
func (a *assembler) exit()                            { a.emit(opExit, 0, 0, 0, 0) }

// jump goes elsewhere where op is true of the register and the number.
func (a *assembler) jump(op uint8, r register, imm int32) jump {
	at := jump(len(a.code))
	a.emit(op, r, 0, 0, imm)
	return at
}

// land is where jumps go. They count from the instruction behind them.
func (a *assembler) land(from ...jump) {
	for _, at := range from {
		binary.NativeEndian.PutUint16(a.code[at+2:], uint16((len(a.code)-int(at))/insnSize-1))
	}
}

// anonMagic is ANON_INODE_FS_MAGIC of include/uapi/linux/magic.h.
const anonMagic = 0x09041934

// program writes a record for each socket and each anonymous file, and for
// whatever is descriptor 0. Its context is struct bpf_iter__task_file, whose members the kernel aligns to 8 bytes: meta,
// task, fd, file; after the last file it is called once more without any.
func (l Layout) program() []byte {
	const (
		contextMeta, contextTask, contextFD, contextFile = 0, 8, 16, 24

		metaSeq = 0
		record  = -recordSize // on the stack
	)
	a := &assembler{}
	a.move(r6, r1)
	a.load(wide64, r7, r6, contextTask)
	noTask := a.jump(opJumpIs, r7, 0)
	a.load(wide64, r8, r6, contextFile)
	noFile := a.jump(opJumpIs, r8, 0)
	a.load(wide64, r9, r8, l.fileInode)
	a.move(r1, r8)
	a.call(helperSockFromFile)
	isSocket := a.jump(opJumpNot, r0, 0)

	a.load(wide64, r1, r9, l.inodeSuper)
	a.load(wide64, r1, r1, l.superMagic)
	isOther := a.jump(opJumpNot, r1, anonMagic)
	a.load(wide64, r1, r8, l.fileOps)
	a.storeImm(record+placeKind, int32(Anonymous))
	isAnonymous := a.jump(opJump, r0, 0)

	a.land(isOther)
	a.load(wide32, r1, r6, contextFD)
	notFirst := a.jump(opJumpNot, r1, 0)
	a.storeImm(record+placeKind, int32(Other)) // r1 is 0
	isFirst := a.jump(opJump, r0, 0)

	a.land(isSocket)
	a.load(wide64, r1, r9, l.inodeNumber)
	a.storeImm(record+placeKind, int32(Socket))

	a.land(isAnonymous, isFirst)
	a.store(wide64, record+placeValue, r1)
	a.load(wide32, r1, r7, l.taskTGID)
	a.store(wide32, record+placeTGID, r1)
	a.load(wide32, r1, r7, l.taskPID)
	a.store(wide32, record+placeTID, r1)
	a.load(wide32, r1, r6, contextFD)
	a.store(wide32, record+placeFD, r1)
	a.load(wide64, r1, r7, l.taskComm)
	a.store(wide64, record+placeComm, r1)
	a.load(wide64, r1, r7, l.taskComm+commHalf)
	a.store(wide64, record+placeComm+commHalf, r1)
	a.load(wide64, r1, r6, contextMeta)
	a.load(wide64, r1, r1, metaSeq)
	a.move(r2, r10)
	a.addImm(r2, record)
	a.moveImm(r3, recordSize)
	a.call(helperSeqWrite)

	a.land(noTask, noFile, notFirst)
	a.moveImm(r0, 0) // go on; what did not fit is asked for again
	a.exit()
	return a.code
}
