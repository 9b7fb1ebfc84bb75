package owner

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/owner/taskfile"
)

// kernelTypes is where a kernel shows its types.
const kernelTypes = "/sys/kernel/btf/vmlinux"

// Kernel is what there is to know about the running kernel before it can be asked
// for descriptors. It is found out once, when it is wanted for the first time.
type Kernel struct {
	types string // the file that has its types, "" for kernelTypes
	once  sync.Once

	layout taskfile.Layout
	err    error

	mu     sync.Mutex
	reason error
}

// giveUp remembers why the kernel could not be asked, or not be believed: it is
// not tried again.
func (k *Kernel) giveUp(reason error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.reason = reason
}

// gaveUp is the reason, nil where there is none.
func (k *Kernel) gaveUp() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.reason
}

// read returns where the kernel has what is to be read.
func (k *Kernel) read() (taskfile.Layout, error) {
	k.once.Do(func() {
		path := k.types
		if path == "" {
			path = kernelTypes
		}
		k.layout, k.err = readLayout(path)
	})
	return k.layout, k.err
}

func readLayout(path string) (layout taskfile.Layout, err error) {
	file, err := os.Open(path)
	if err != nil {
		return layout, err
	}
	defer file.Close()
	st, err := file.Stat()
	if err != nil {
		return layout, err
	}
	const most = 1 << 28
	if st.Size() <= 0 || st.Size() > most {
		return layout, fmt.Errorf("read %s: %d bytes", path, st.Size())
	}
	// Since Linux 6.16 it can be mapped. A mapped file that is cut would end this
	// program, which only a file of the kernel's own cannot be.
	if path == kernelTypes {
		b, err := unix.Mmap(int(file.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_PRIVATE)
		if err == nil {
			defer func() { err = errors.Join(err, unix.Munmap(b)) }()
			return parseLayout(path, b)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return layout, err
	}
	return parseLayout(path, b)
}

func parseLayout(path string, b []byte) (taskfile.Layout, error) {
	layout, err := taskfile.ReadLayout(b)
	if err != nil {
		return layout, fmt.Errorf("read %s: %w", path, err)
	}
	return layout, nil
}
