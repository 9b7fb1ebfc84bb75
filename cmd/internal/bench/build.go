//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// target is the package under test, by import path so that bench runs from any
// directory of the module.
const target = "github.com/sockls/sockls/cmd/sockls"

// program returns the path of the sockls to measure and what removes it again.
// It is built the way a release is: static, stripped, without paths.
func program(ctx context.Context, given string) (path string, clean func(), err error) {
	if given != "" {
		path, err = filepath.Abs(given)
		if err != nil {
			return "", nil, fmt.Errorf("program %s: %w", given, err)
		}
		if _, err = os.Stat(path); err != nil {
			return "", nil, fmt.Errorf("program: %w", err)
		}
		return path, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "sockls-bench-")
	if err != nil {
		return "", nil, fmt.Errorf("build: %w", err)
	}
	clean = func() { _ = os.RemoveAll(dir) }
	path = filepath.Join(dir, "sockls")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, target)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		clean()
		return "", nil, fmt.Errorf("build %s: %w", target, err)
	}
	return path, clean, nil
}
