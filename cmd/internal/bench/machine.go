//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// machine describes where the numbers come from, in one line. What cannot be
// found out is left as a question mark: it never stops a benchmark.
func machine(ctx context.Context) string {
	kernel := "?"
	var name unix.Utsname
	if err := unix.Uname(&name); err == nil {
		kernel = unix.ByteSliceToString(name.Release[:])
	}
	cpu, err := procField("/proc/cpuinfo", "model name")
	if err != nil {
		cpu = "?"
	}
	return fmt.Sprintf("Linux %s, %s, %d cores, %s, %s, %s", kernel, cpu, runtime.NumCPU(), runtime.Version(),
		version(ctx, "ss", "iproute2", "-V"), version(ctx, "lsof", "revision", "-v"))
}

// version runs a peer and returns the word of its answer that tells its
// version: the one that holds mark, or that follows it.
func version(ctx context.Context, program, mark string, args ...string) string {
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	if err != nil {
		return "no " + program
	}
	_, rest, _ := strings.Cut(string(out), mark)
	word, _, _ := strings.Cut(strings.TrimLeft(rest, ":- "), "\n")
	word, _, _ = strings.Cut(word, ",")
	if word == "" {
		word = "?"
	}
	return program + " " + strings.TrimSpace(word)
}

// procField returns the value of the first line "key : value" of a file.
func procField(path, key string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, found := strings.Cut(lines.Text(), ":")
		if found && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value), nil
		}
	}
	return "", fmt.Errorf("read %s: %w", path, errors.New("no "+key))
}
