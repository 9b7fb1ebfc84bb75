package mksock

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// family is the children that hold sockets for this process. Each lives until
// its standard input closes, or until the thread that started it is gone.
type family struct {
	name     string // their comm
	children []*exec.Cmd
	inputs   []io.Closer
}

// spawn starts mksock with args and with file, if any, as descriptor 3, and
// returns what the child reports.
func (f *family) spawn(file *os.File, args ...string) ([]holding, error) {
	cmd := exec.Command("/proc/self/exe", append([]string{"-name", escaped(f.name)}, args...)...)
	cmd.Args[0] = programName
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if file != nil {
		cmd.ExtraFiles = []*os.File{file}
	}
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start child: %w", err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start child: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start child: %w", err)
	}
	f.children, f.inputs = append(f.children, cmd), append(f.inputs, input)
	return readReport(output)
}

// inherit starts a child that has fd from birth.
func (f *family) inherit(label string, fd int) ([]holding, error) {
	file, err := duplicate(fd)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return f.spawn(file, "-holder", label)
}

// pass starts a child that gets fd in a message.
func (f *family) pass(label string, fd int) ([]holding, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make socket pair: %w", err)
	}
	defer unix.Close(pair[0])
	theirs := os.NewFile(uintptr(pair[1]), "receiver")
	defer theirs.Close()
	if err := unix.Sendmsg(pair[0], []byte{0}, unix.UnixRights(fd), nil, 0); err != nil {
		return nil, fmt.Errorf("send descriptor: %w", err)
	}
	return f.spawn(theirs, "-receiver", label)
}

func duplicate(fd int) (*os.File, error) {
	copied, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("duplicate descriptor: %w", err)
	}
	return os.NewFile(uintptr(copied), "inherited"), nil
}

// end lets the children go and waits for them.
func (f *family) end() {
	for _, input := range f.inputs {
		input.Close()
	}
	for _, child := range f.children {
		// A child that was killed is as gone as one that left.
		_ = child.Wait()
	}
}

// inheritedFD is the descriptor that a child gets from its parent.
const inheritedFD = 3

// receive takes the descriptor out of the message that waits on inheritedFD.
func receive() (int, error) {
	control := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(inheritedFD, make([]byte, 1), control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("receive descriptor: %w", err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) != 1 {
		return -1, fmt.Errorf("receive descriptor: %d messages: %w", len(messages), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return -1, fmt.Errorf("receive descriptor: %d descriptors: %w", len(fds), err)
	}
	return fds[0], unix.Close(inheritedFD)
}

// ready is the line after the last socket.
const ready = "READY"

// readReport reads what another mksock prints, up to READY.
func readReport(r io.Reader) ([]holding, error) {
	var held []holding
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if lines.Text() == ready {
			return held, nil
		}
		h, err := parseHolding(lines.Text())
		if err != nil {
			return nil, err
		}
		held = append(held, h)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read child: %w", err)
	}
	return nil, errors.New("child ended before it was ready")
}

func parseHolding(line string) (holding, error) {
	var h holding
	rest, ephemeral := strings.CutSuffix(line, " ephemeral")
	h.ephemeral = ephemeral
	_, err := fmt.Sscanf(rest, "socket label=%s pid=%d tid=%d fd=%d inode=%d cookie=%d port=%d",
		&h.label, &h.pid, &h.tid, &h.fd, &h.inode, &h.cookie, &h.port)
	if err != nil {
		return h, fmt.Errorf("parse line %q: %w", line, err)
	}
	return h, nil
}

// escaped is the inverse of unescape.
func escaped(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "\\x%02x", s[i])
	}
	return b.String()
}

func optionalNumber(text string) (n int, given bool, err error) {
	if text == "" {
		return 0, false, nil
	}
	n, err = strconv.Atoi(text)
	return n, true, err
}
