package workload

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

var (
	errNotRegular = errors.New("not a regular file")
	errTooLarge   = errors.New("too large")
)

// devNull is what a masked unit is a link to, in whichever tree it is.
const devNull = "/dev/null"

// tree is a directory that stands for the root of the file system.
type tree struct{ root string }

func newTree(root string) tree {
	if root == "" {
		root = string(filepath.Separator)
	}
	return tree{root: root}
}

// path is where a file of the tree is.
func (t tree) path(name string) string { return filepath.Join(t.root, name) }

// read reads a whole file, unless it is larger than limit. A pipe or a device in
// its place is refused, and not waited for.
func (t tree) read(name string, limit int64) ([]byte, error) {
	return readRegular(t.path(name), limit)
}

func readRegular(path string, limit int64) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("read %s: %w", path, errNotRegular)
	}
	b, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, fmt.Errorf("read %s: %w", path, errTooLarge)
	}
	return b, err
}

// list returns at most that many names of a directory.
func (t tree) list(name string, most int) ([]string, error) {
	dir, err := os.OpenFile(t.path(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(most)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return names, err
}

// exists reports whether there is such a file or directory.
func (t tree) exists(name string) bool {
	_, err := os.Lstat(t.path(name))
	return err == nil
}

// follow resolves the links that a name is, one after the other, so that an
// absolute one stays in the tree. It returns the last name, which is no link.
func (t tree) follow(name string) (string, error) {
	const most = 16
	for range most {
		info, err := os.Lstat(t.path(name))
		if err != nil {
			return "", err
		}
		if info.Mode()&os.ModeSymlink == 0 {
			return name, nil
		}
		target, err := os.Readlink(t.path(name))
		if err != nil {
			return "", err
		}
		if target = filepath.ToSlash(target); strings.HasPrefix(target, "/") {
			name = filepath.ToSlash(filepath.Clean(target))
		} else {
			name = filepath.ToSlash(filepath.Join(filepath.Dir(name), target))
		}
		if name == devNull {
			return name, nil
		}
	}
	return "", fmt.Errorf("follow %s: %w", name, syscall.ELOOP)
}
