//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// stageLimit bounds one arena.
const stageLimit = 8 * time.Minute

// stage runs the works of a request in an arena and returns a result for every
// one of them: those the arena did not answer are returned as failed.
func stage(ctx context.Context, req request) []result {
	results, err := arena(ctx, req)
	if err == nil && len(results) < len(req.Works) {
		err = errors.New("arena ended early")
	}
	for _, w := range req.Works[min(len(results), len(req.Works)):] {
		results = append(results, result{Work: w, Failed: err.Error()})
	}
	return results
}

// arena starts this program again as the first process of new namespaces.
func arena(ctx context.Context, req request) ([]result, error) {
	ctx, cancel := context.WithTimeout(ctx, stageLimit)
	defer cancel()
	text, err := json.Marshal(req)
	if err != nil {
		return nil, fmt.Errorf("arena: %w", err)
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe", modeArena)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), os.Stderr
	cmd.SysProcAttr = arenaAttr(req.Table.Open)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("arena: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("arena: %w", err)
	}
	var results []result
	answers := json.NewDecoder(out)
	for {
		var r result
		if err = answers.Decode(&r); err != nil {
			break
		}
		results = append(results, r)
	}
	// Its end is the end of its PID namespace: wait returns after every
	// process in there is gone.
	waited := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return results, fmt.Errorf("arena: %w", ctx.Err())
	case waited != nil:
		return results, fmt.Errorf("arena: %w", waited)
	case !errors.Is(err, io.EOF):
		return results, fmt.Errorf("arena: answer: %w", err)
	}
	return results, nil
}

// arenaAttr asks for the namespaces of an arena, within a user namespace where
// this user could not make them otherwise.
func arenaAttr(open bool) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET,
		Pdeathsig:  syscall.SIGKILL,
	}
	if !open {
		attr.Cloneflags |= syscall.CLONE_NEWPID
	}
	if os.Geteuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	return attr
}
