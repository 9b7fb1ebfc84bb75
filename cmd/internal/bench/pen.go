//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// ready is what a pen says when its holders hold what they should.
const ready = "ready\n"

// populatePen has the holders made by the first process of a PID namespace, which
// lives as long as this one: the kernel ends every process in there with it.
func populatePen(t table) error {
	text, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("pen: %w", err)
	}
	cmd := exec.Command("/proc/self/exe", modePen)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("pen: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("pen: %w", err)
	}
	said := make([]byte, len(ready))
	if _, err := io.ReadFull(out, said); err != nil || string(said) != ready {
		return errors.Join(fmt.Errorf("pen: it has not said that it is ready: %w", err), cmd.Wait())
	}
	return nil
}

// servePen is the first process of the namespace of the holders.
func servePen(in io.Reader, out io.Writer) error {
	var t table
	if err := json.NewDecoder(in).Decode(&t); err != nil {
		return fmt.Errorf("pen: %w", err)
	}
	if err := populate(t); err != nil {
		return err
	}
	if _, err := io.WriteString(out, ready); err != nil {
		return fmt.Errorf("pen: %w", err)
	}
	for { // until the arena ends
		if err := unix.Pause(); !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("pen: pause: %w", err)
		}
	}
}
