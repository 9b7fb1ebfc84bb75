package owner

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// What the two ways take, as measured on one core. What counts is the ratio
// between them, which is much the same on all machines. That the kernel is to be
// asked at all takes the reading of its types and the checking of the program.
const (
	procOfProcess = 6 * time.Microsecond
	procOfFile    = 1200 * time.Nanosecond
	bpfAtAll      = 2 * time.Millisecond
	bpfOfProcess  = 100 * time.Nanosecond
	bpfOfFile     = 120 * time.Nanosecond
)

// worth reports why it is not worth while to ask the kernel.
func (c Chooser) worth() error {
	dir := c.Proc.FS.Dir()
	files, err := openFiles(dir)
	if err != nil {
		return err
	}
	processes, err := processCount(dir)
	if err != nil {
		return err
	}
	workers := min(maxWorkers, runtime.GOMAXPROCS(0))
	if cheaper(files, processes, workers) {
		return nil
	}
	return errors.New("few files are open")
}

// cheaper reports whether the kernel is likely to be done before that many
// workers are with /proc. Each worker beside the first is worth half of one.
func cheaper(files, processes, workers int) bool {
	proc := (time.Duration(processes)*procOfProcess + time.Duration(files)*procOfFile) * 2 / time.Duration(workers+1)
	bpf := bpfAtAll + time.Duration(processes)*bpfOfProcess + time.Duration(files)*bpfOfFile
	return bpf < proc
}

// openFiles is how many files are open on the whole machine. One that several
// descriptors refer to counts once.
func openFiles(dir string) (int, error) {
	b, err := os.ReadFile(dir + "/sys/fs/file-nr")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b))
	if len(fields) == 0 {
		return 0, fmt.Errorf("read %s/sys/fs/file-nr: it is empty", dir)
	}
	return strconv.Atoi(fields[0])
}

// processCount is how many processes there are: proc_root_getattr in
// fs/proc/root.c adds their number to the links of /proc.
func processCount(dir string) (int, error) {
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return 0, fmt.Errorf("stat %s: %w", dir, err)
	}
	return int(st.Nlink), nil
}
