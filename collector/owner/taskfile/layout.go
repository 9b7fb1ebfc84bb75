package taskfile

import (
	"fmt"

	"github.com/sockls/sockls/collector/owner/btf"
)

// Layout is where a kernel has what the program reads, in bytes, and the number
// of the function that marks the iterator.
type Layout struct {
	target uint32

	taskTGID, taskPID, taskComm uint32 // struct task_struct
	fileInode, fileOps          uint32 // struct file
	inodeNumber, inodeSuper     uint32 // struct inode
	superMagic                  uint32 // struct super_block
}

// ReadLayout finds them in a kernel's types.
func ReadLayout(types []byte) (Layout, error) {
	t, err := btf.Parse(types)
	if err != nil {
		return Layout{}, err
	}
	const word, pointer = 4, 8
	found, err := t.Find(btf.Query{
		Function: "bpf_iter_task_file",
		Members: []btf.Member{
			{Struct: "task_struct", Name: "tgid", Size: word},
			{Struct: "task_struct", Name: "pid", Size: word},
			{Struct: "task_struct", Name: "comm", Size: CommSize},
			{Struct: "file", Name: "f_inode", Size: pointer},
			{Struct: "file", Name: "f_op", Size: pointer},
			{Struct: "inode", Name: "i_ino", Size: 8},
			{Struct: "inode", Name: "i_sb", Size: pointer},
			{Struct: "super_block", Name: "s_magic", Size: 8},
		},
	})
	if err != nil {
		return Layout{}, err
	}
	at := found.Offsets
	const reach = 1<<15 - CommSize // what fits the offset of an instruction
	for i, offset := range at {
		if offset > reach {
			return Layout{}, fmt.Errorf("member %d of the layout: offset %d is out of reach", i, offset)
		}
	}
	return Layout{
		target:   found.Function,
		taskTGID: at[0], taskPID: at[1], taskComm: at[2],
		fileInode: at[3], fileOps: at[4],
		inodeNumber: at[5], inodeSuper: at[6], superMagic: at[7],
	}, nil
}
