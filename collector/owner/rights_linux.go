package owner

import "golang.org/x/sys/unix"

// rights are the capabilities of the calling thread that decide what it may see.
type rights struct {
	bpf    bool // load and attach programs that read the kernel
	ptrace bool // look into every process
}

func readRights() (rights, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return rights{}, err
	}
	has := func(capability int) bool { return sets[capability/32].Effective>>(capability%32)&1 != 0 }
	return rights{
		bpf:    has(unix.CAP_SYS_ADMIN) || has(unix.CAP_BPF) && has(unix.CAP_PERFMON),
		ptrace: has(unix.CAP_SYS_PTRACE),
	}, nil
}
