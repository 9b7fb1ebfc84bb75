package taskfile

import (
	"encoding/binary"
	"strings"
	"testing"
)

// layout is one that can be told from the places of a record.
var layout = Layout{
	target: 1, taskTGID: 100, taskPID: 104, taskComm: 200,
	fileInode: 300, fileOps: 304, inodeNumber: 400, inodeSuper: 404, superMagic: 500,
}

// TestProgramJumps: every jump goes further down, to an instruction of the
// program, and the last instruction is the exit.
func TestProgramJumps(t *testing.T) {
	t.Parallel()
	code := layout.program()
	if len(code)%insnSize != 0 || code[len(code)-insnSize] != opExit {
		t.Fatalf("%d bytes, the last of which are % x", len(code), code[len(code)-insnSize:])
	}
	n := len(code) / insnSize
	for i := range n {
		insn := code[i*insnSize:]
		switch insn[0] {
		case opJump, opJumpIs, opJumpNot:
			to := i + 1 + int(int16(binary.NativeEndian.Uint16(insn[2:])))
			if to <= i+1 || to >= n {
				t.Errorf("instruction %d goes to %d of %d", i, to, n)
			}
		}
	}
}

// TestProgramFills: the record is written whole before it is given away.
func TestProgramFills(t *testing.T) {
	t.Parallel()
	var written [recordSize]bool
	code := layout.program()
	for i := 0; i < len(code); i += insnSize {
		size := 0
		switch code[i] {
		case opStoreImm, opStore | wide32:
			size = 4
		case opStore | wide64:
			size = 8
		}
		at := recordSize + int(int16(binary.NativeEndian.Uint16(code[i+2:])))
		for k := range size {
			written[at+k] = true
		}
	}
	for i, w := range written {
		if !w {
			t.Errorf("byte %d is not written", i)
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	order := binary.NativeEndian
	b := make([]byte, recordSize)
	order.PutUint32(b[placeTGID:], 7)
	order.PutUint32(b[placeTID:], 8)
	order.PutUint32(b[placeFD:], 9)
	order.PutUint32(b[placeKind:], uint32(Socket))
	order.PutUint64(b[placeValue:], 1<<40)
	copy(b[placeComm:], "a name\x00garbage")
	var r Record
	r.decode(b)
	if r.TGID != 7 || r.TID != 8 || r.FD != 9 || r.Kind != Socket || r.Value != 1<<40 || string(r.Name()) != "a name" {
		t.Errorf("record %+v", r)
	}
	copy(b[placeComm:], strings.Repeat("x", CommSize))
	if r.decode(b); len(r.Name()) != CommSize {
		t.Errorf("a name without an end: %q", r.Name())
	}
}

func TestReadLayoutOfNothing(t *testing.T) {
	t.Parallel()
	if _, err := ReadLayout(nil); err == nil {
		t.Error("no error")
	}
}
