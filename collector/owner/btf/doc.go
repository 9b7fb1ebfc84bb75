// Package btf reads of a kernel's type information where a few members of a few
// structures are, and which number a function has.
//
// The kernel shows what its BPF verifier knows of its types as
// /sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF, Linux 5.4), in the format of
// include/uapi/linux/btf.h: a header, types one behind the other, whose numbers
// are their order, and the strings of their names. A general reader makes an
// index of all of them, some 150,000, which takes longer than what a short-lived
// program wants them for. This one goes over them once and keeps nothing.
//
// Nothing is believed: whatever the bytes are, they are read within their bounds,
// and what does not fit together is an error. The package never opens a file.
package btf
