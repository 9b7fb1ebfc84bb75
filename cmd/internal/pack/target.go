package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// target is a system to build for.
type target struct{ os, arch string }

func parseTarget(word string) (target, error) {
	system, arch, ok := strings.Cut(word, "/")
	if !ok || system == "" || arch == "" || strings.ContainsAny(word, ". \\") || strings.Contains(arch, "/") {
		return target{}, fmt.Errorf("target %q: it is as linux/amd64", word)
	}
	return target{system, arch}, nil
}

func (t target) String() string { return t.os + "_" + t.arch }

// program is the name of the program there.
func (t target) program() string {
	if t.os == "windows" {
		return "sockls.exe"
	}
	return "sockls"
}

// build builds the program and returns where it is.
func (p *packer) build(ctx context.Context, t target) (string, error) {
	path, err := filepath.Abs(filepath.Join(p.out, t.String(), t.program()))
	if err != nil {
		return "", err
	}
	// The build id tells the inputs of the linker, of which some are paths.
	cmd := p.command(ctx, "build", "-trimpath", "-buildvcs=auto", "-ldflags=-s -w -buildid=", "-o", path, "./cmd/sockls")
	cmd.Env = append(cmd.Env, "GOOS="+t.os, "GOARCH="+t.arch)
	return path, run(cmd)
}

// command is one of the go command, in an environment that is the same everywhere.
func (p *packer) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = p.source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOEXPERIMENT=", "GOAMD64=v1", "GOARM=6", "GOARM64=v8.0",
		"GO386=sse2", "GOPPC64=power8", "GORISCV64=rva20u64")
	return cmd
}

func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(cmd.Args[1:], " "), err, out)
	}
	return nil
}
