package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// EUID returns the effective user id of a process.
func (f FS) EUID(pid int) (uint32, error) {
	path := f.pidPath(pid, "status")
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	uid, err := parseEUID(file)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", path, err)
	}
	return uid, nil
}

// parseEUID reads the second number of the line "Uid:", which holds the real,
// effective, saved and file system ids. The name of the process comes before
// it and is hostile, but the kernel escapes newlines in it, so nothing that a
// process chooses stands at the beginning of a line.
func parseEUID(r io.Reader) (uint32, error) {
	lines := newLineReader(r, factBuffer)
	for {
		line, whole, err := lines.next()
		if err == io.EOF {
			return 0, errors.New("no line Uid")
		}
		if err != nil {
			return 0, err
		}
		ids, found := bytes.CutPrefix(line, []byte("Uid:\t"))
		if !found || !whole {
			continue
		}
		w := words{ids}
		w.next() // real
		uid, ok := decimal32(w.next())
		if !ok {
			return 0, errors.New("malformed line Uid")
		}
		return uid, nil
	}
}
