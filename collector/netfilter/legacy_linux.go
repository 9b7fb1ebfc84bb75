package netfilter

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The options of getsockopt(2) that read an old table (IPT_SO_GET_INFO,
// IPT_SO_GET_ENTRIES; those of IPv6 are the same), and struct ipt_getinfo.
const (
	optionInfo    = 64
	optionEntries = 65

	tableNameLen   = 32
	infoLen        = 84
	infoHooksAt    = 36
	infoSizeAt     = 80
	tableSizeLimit = 256 << 20
	tableTries     = 5
)

// legacyFamily is iptables or ip6tables.
type legacyFamily struct {
	names         string // the list of the tables that are there
	domain, level int
	layout        layout
}

func legacyFamilies() []legacyFamily {
	return []legacyFamily{
		{"ip_tables_names", unix.AF_INET, unix.SOL_IP, layout4()},
		{"ip6_tables_names", unix.AF_INET6, unix.SOL_IPV6, layout6(counterAlign())},
	}
}

// counterAlign is how 64-bit numbers are aligned in structures.
func counterAlign() int {
	if runtime.GOARCH == "386" {
		return 4
	}
	return 8
}

// readLegacy reads the old tables that there are: to ask for one makes it.
func readLegacy(net string) ([]*ruleset, error) {
	var out []*ruleset
	for _, f := range legacyFamilies() {
		list, err := os.ReadFile(filepath.Join(net, f.names))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return out, err
		}
		set := &ruleset{source: "iptables", elements: func(setKey) *set { return nil }}
		for _, table := range strings.Fields(string(list)) {
			if table != "nat" && table != "mangle" {
				continue
			}
			h, blob, err := f.table(table)
			if err != nil {
				return out, err
			}
			bases, err := decodeTableBlob(native, f.layout, table, h, blob)
			if err != nil {
				return out, err
			}
			set.bases = append(set.bases, bases...)
		}
		if set.bases != nil {
			out = append(out, set)
		}
	}
	return out, nil
}

// table reads one, again when it has got another size meanwhile.
func (f *legacyFamily) table(name string) (h hooks, rules []byte, err error) {
	fd, err := unix.Socket(f.domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return h, nil, fmt.Errorf("read %s table: %w", name, err)
	}
	defer unix.Close(fd)
	for try := 0; ; try++ {
		info := make([]byte, infoLen)
		copy(info, name)
		if err := getsockopt(fd, f.level, optionInfo, info); err != nil {
			return h, nil, fmt.Errorf("read %s table: %w", name, err)
		}
		h.valid = native.Uint32(info[tableNameLen:])
		for i := range h.entries {
			h.entries[i] = native.Uint32(info[infoHooksAt+4*i:])
		}
		size := int(native.Uint32(info[infoSizeAt:]))
		if size > tableSizeLimit {
			return h, nil, fmt.Errorf("read %s table: %d bytes of rules", name, size)
		}
		at := (tableNameLen + 4 + counterAlign() - 1) &^ (counterAlign() - 1)
		blob := make([]byte, at+size)
		copy(blob, name)
		native.PutUint32(blob[tableNameLen:], uint32(size))
		err := getsockopt(fd, f.level, optionEntries, blob)
		if errors.Is(err, unix.EAGAIN) && try < tableTries {
			continue
		}
		if err != nil {
			return h, nil, fmt.Errorf("read %s table: %w", name, err)
		}
		return h, blob[at:], nil
	}
}

// getsockopt reads an option that is a request as well.
func getsockopt(fd, level, option int, b []byte) error {
	size := uint32(len(b))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), uintptr(level), uintptr(option),
		uintptr(unsafe.Pointer(&b[0])), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return errno
	}
	return nil
}
