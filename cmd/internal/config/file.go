package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// sizeLimit is far beyond what anybody writes by hand.
const sizeLimit = 64 << 10

// Load reads the settings of a file, none where there is no such file.
func Load(path string) ([]Setting, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil, nil
	case errors.Is(err, fs.ErrPermission):
		// A directory that may not be searched belongs to somebody else, as that of
		// root does to a program which root has started as another user.
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("config: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("config %s: it is not a regular file", path) // and a pipe might never answer
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, sizeLimit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("config: %w", err)
	case len(data) > sizeLimit:
		return nil, fmt.Errorf("config %s: it is larger than %d bytes", path, sizeLimit)
	}
	settings, err := Parse(string(data))
	var mistake *Error
	if errors.As(err, &mistake) {
		mistake.Path = path
	}
	return settings, err
}
