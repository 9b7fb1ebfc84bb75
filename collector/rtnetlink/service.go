package rtnetlink

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/machine"
)

// maxFile is far above what any of these files has.
const maxFile = 64 << 10

// services are the ports of servers in the kernel that tell of themselves in
// files. Most of these files are about the whole machine, and their servers
// listen in the first network namespace; a namespace that is not known to be
// that one is not said to have them.
func services(proc, sys string) []machine.KernelPort {
	ports := nfsdPorts(filepath.Join(proc, "fs/nfsd/portlist"))
	ports = append(ports, lockdPorts(filepath.Join(proc, "sys/fs/nfs"))...)
	ports = append(ports, callbackPorts(filepath.Join(sys, "module/nfs/parameters/callback_tcpport"))...)
	ports = append(ports, ksmbdPorts(filepath.Join(sys, "class/ksmbd-control/stats"))...)
	ports = append(ports, iscsiPorts(filepath.Join(sys, "kernel/config/target/iscsi"))...)
	return append(ports, nvmetPorts(filepath.Join(sys, "kernel/config/nvmet/ports"))...)
}

// nfsdPorts reads the listeners of the NFS server, a transport and a port a
// line. Since Linux 6.10 generic netlink lists the same.
func nfsdPorts(path string) []machine.KernelPort {
	var ports []machine.KernelPort
	for line := range bytes.Lines(readFile(path)) {
		transport, number, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		if p, ok := servicePort("nfsd", transport, portOf(number)); ok {
			ports = append(ports, p)
		}
	}
	return ports
}

// lockdPorts are those that the lock manager of NFS was given. Otherwise it
// takes any and tells the port mapper only.
func lockdPorts(dir string) []machine.KernelPort {
	var ports []machine.KernelPort
	for _, transport := range [...]string{"tcp", "udp"} {
		number := portOf(readWord(filepath.Join(dir, "nlm_"+transport+"port")))
		if p, ok := servicePort("lockd", transport, number); ok {
			ports = append(ports, p)
		}
	}
	return ports
}

// callbackPorts is where the NFS client is called back, when it was told where.
func callbackPorts(path string) []machine.KernelPort {
	if p, ok := servicePort("nfs-callback", "tcp", portOf(readWord(path))); ok {
		return []machine.KernelPort{p}
	}
	return nil
}

// ksmbdPorts reads the statistics of the SMB server: a version, its state, the
// port, and how long it was idle.
func ksmbdPorts(path string) []machine.KernelPort {
	fields := strings.Fields(string(readFile(path)))
	if len(fields) < 3 || fields[1] != "running" {
		return nil
	}
	if p, ok := servicePort("ksmbd", "tcp", portOf(fields[2])); ok {
		return []machine.KernelPort{p}
	}
	return nil
}

// iscsiPorts finds the portals of iSCSI targets, which are directories named for
// their address: iscsi/TARGET/tpgt_N/np/ADDRESS:PORT.
func iscsiPorts(dir string) []machine.KernelPort {
	var ports []machine.KernelPort
	for _, target := range names(dir) {
		for _, group := range names(dir, target) {
			for _, portal := range names(dir, target, group, "np") {
				if p, ok := servicePort("iscsi", "tcp", addrPortOf(portal)); ok {
					ports = append(ports, p)
				}
			}
		}
	}
	return ports
}

// nvmetPorts finds the ports of NVMe over TCP. One listens while a subsystem is
// linked to it.
func nvmetPorts(dir string) []machine.KernelPort {
	var ports []machine.KernelPort
	for _, name := range names(dir) {
		transport := readWord(filepath.Join(dir, name, "addr_trtype"))
		if transport != "tcp" || len(names(dir, name, "subsystems")) == 0 {
			continue
		}
		number := portOf(readWord(filepath.Join(dir, name, "addr_trsvcid")))
		if p, ok := servicePort("nvmet", transport, number); ok {
			ports = append(ports, p)
		}
	}
	return ports
}

// names are the entries of a directory, none when there is no such.
func names(elem ...string) []string {
	dir, err := os.Open(filepath.Join(elem...))
	if err != nil {
		return nil
	}
	defer dir.Close()
	found, _ := dir.Readdirnames(-1)
	return found
}

// readFile returns the beginning of a file, nothing when it cannot be read.
func readFile(path string) []byte {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	b, _ := readLimited(file, maxFile)
	return b
}

// readLimited reads no more than limit, of a file of any length.
func readLimited(file io.Reader, limit int64) ([]byte, error) {
	return io.ReadAll(io.LimitReader(file, limit))
}

func readWord(path string) string { return strings.TrimSpace(string(readFile(path))) }

// portOf is 0 for what is no port.
func portOf(text string) uint16 {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0
	}
	return uint16(n)
}

// comparePorts puts ports of different sources in one order without repetition.
func comparePorts(a, b machine.KernelPort) int {
	switch {
	case a.Proto != b.Proto:
		return int(a.Proto) - int(b.Proto)
	case a.Port != b.Port:
		return int(a.Port) - int(b.Port)
	case a.Kind != b.Kind:
		return strings.Compare(a.Kind, b.Kind)
	}
	return strings.Compare(a.Link, b.Link)
}
