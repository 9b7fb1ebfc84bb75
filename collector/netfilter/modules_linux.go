package netfilter

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// modules knows what the kernel has without asking for it, because asking
// nfnetlink for rules loads the module that has them.
type modules struct {
	loaded map[string]bool
	// fixed is set for a kernel without modules: whatever it has, it has.
	fixed bool
	// builtin is modules.builtin, nil where it cannot be read.
	builtin []byte
	symbols string
}

// newModules reads /proc/modules, and the list of what is built into the kernel.
func newModules(proc string) (*modules, error) {
	m := &modules{loaded: make(map[string]bool), symbols: filepath.Join(proc, "kallsyms")}
	b, err := os.ReadFile(filepath.Join(proc, "modules"))
	if errors.Is(err, fs.ErrNotExist) {
		// Either there are none, or there is no proc file system.
		_, err = os.Stat(filepath.Join(proc, "stat"))
		m.fixed = err == nil
		return m, err
	}
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(b) {
		name, _, _ := bytes.Cut(line, []byte{' '})
		m.loaded[string(name)] = true
	}
	var uts unix.Utsname
	if err := unix.Uname(&uts); err == nil {
		release := unix.ByteSliceToString(uts.Release[:])
		if !strings.Contains(release, "/") {
			m.builtin, _ = os.ReadFile(filepath.Join("/lib/modules", release, "modules.builtin"))
		}
	}
	return m, nil
}

// has tells whether a module is there; symbol is a function of it, which a
// kernel that has it built in lists where its modules.builtin is not to be seen,
// as in a container.
func (m *modules) has(name, symbol string) socket.Tri {
	switch {
	case m.fixed || m.loaded[name]:
		return socket.Yes
	case m.builtin != nil:
		return socket.TriOf(bytes.Contains(m.builtin, []byte("/"+name+".ko")))
	}
	file, err := os.Open(m.symbols)
	if err != nil {
		return socket.Unknown
	}
	defer file.Close()
	in, any := bufio.NewScanner(file), false
	for in.Scan() {
		any = true
		if bytes.HasSuffix(in.Bytes(), []byte(" "+symbol)) {
			return socket.Yes
		}
	}
	if !any || in.Err() != nil {
		return socket.Unknown
	}
	return socket.No
}

// canForward tells whether nftables can be there and have rules that forward.
func (m *modules) canForward() socket.Tri {
	tables := m.has("nf_tables", "nft_do_chain")
	if tables == socket.No {
		return socket.No
	}
	any := socket.No
	for _, need := range [...][2]string{
		{"nf_nat", "nf_nat_setup_info"},
		{"nft_tproxy", "nft_tproxy_init"},
		{"xt_TPROXY", "tproxy_tg_init"},
	} {
		switch m.has(need[0], need[1]) {
		case socket.Yes:
			return tables
		case socket.Unknown:
			any = socket.Unknown
		}
	}
	return any
}
