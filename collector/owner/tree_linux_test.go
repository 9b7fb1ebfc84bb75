package owner

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// playTree is a process of a random tree. It holds what it was given and sockets
// of its own, some of them more than once, has threads with tables of their own,
// and starts children that inherit some of it.
func playTree(o order) error {
	rng := rand.New(rand.NewPCG(o.Seed, 1))
	var fds []int
	for fd := 3; fd < 3+len(o.Inodes); fd++ { // as many as were inherited
		fds = append(fds, fd)
	}
	for range rng.IntN(5) {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		fds = append(fds, fd)
	}
	for range rng.IntN(3) {
		if len(fds) > 0 {
			fd, err := unix.FcntlInt(uintptr(fds[rng.IntN(len(fds))]), unix.F_DUPFD_CLOEXEC, 40+rng.IntN(200))
			if err != nil {
				return err
			}
			fds = append(fds, fd)
		}
	}
	s := said{Sockets: socketsAt(0, fds...)}
	for range rng.IntN(3) * rng.IntN(2) {
		one, err := threadApart()
		if err != nil {
			return err
		}
		s.Sockets = append(s.Sockets, one...)
	}
	for range rng.IntN(3) {
		if o.N == 0 {
			break
		}
		below, err := branch(rng, o, fds)
		if err != nil {
			return err
		}
		s.Sockets = append(s.Sockets, below...)
	}
	return sayAndWait(s)
}

// threadApart makes a thread with a table of its own, which it has copied, and a
// socket in it.
func threadApart() ([]Descriptor, error) {
	all := make(chan []Descriptor)
	go func() {
		runtime.LockOSThread()
		fd := -1
		err := unix.Unshare(unix.CLONE_FILES)
		if err == nil {
			fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		}
		if err != nil {
			all <- nil
			return
		}
		all <- socketsAt(unix.Gettid(), fd)
		select {} // the table goes with the thread
	}()
	one := <-all
	if one == nil {
		return nil, fmt.Errorf("no thread with a table of its own")
	}
	return one, nil
}

// branch starts a child and returns the sockets below it.
func branch(rng *rand.Rand, o order, fds []int) ([]Descriptor, error) {
	child := order{Role: "tree", N: o.N - 1, Seed: rng.Uint64(), Name: fmt.Appendf(nil, "branch %d", rng.IntN(100))}
	cmd := exec.Command("/proc/self/exe")
	for _, fd := range fds {
		if rng.IntN(2) == 0 {
			cmd.ExtraFiles = append(cmd.ExtraFiles, os.NewFile(uintptr(fd), "inherited"))
			child.Inodes = append(child.Inodes, 0)
		}
	}
	role, err := json.Marshal(child)
	if err != nil {
		return nil, err
	}
	cmd.Env = environment(role)
	cmd.Stdin, cmd.Stderr = os.Stdin, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	runtime.KeepAlive(cmd)
	var below said
	return below.Sockets, json.Unmarshal(line, &below)
}

// TestRandomTrees: both ways find the same of any tree of processes, and all that
// is in it.
func TestRandomTrees(t *testing.T) {
	t.Parallel()
	for round := range 6 {
		seed := rand.Uint64()
		file, inode := listen(t)
		c := start(t, order{Role: "tree", N: 3, Seed: seed, Inodes: []uint64{0}}, nil, file)
		inodes := []uint64{inode}
		for _, d := range c.Sockets {
			if !slices.Contains(inodes, d.Inode) {
				inodes = append(inodes, d.Inode)
			}
		}
		details := socket.DetailOwners
		if round%2 == 1 {
			details = allFacts | socket.DetailParents
		}
		r := find(t, Want{Details: details}, inodes...)
		for i, inode := range inodes {
			got := descriptors(r.Holders(int32(i)))
			for _, d := range c.Sockets {
				if d.Inode == inode && !slices.Contains(got, d) {
					t.Errorf("seed %d: holders %+v, want %+v among them", seed, got, d)
				}
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		c.end()
	}
}

// TestFindTwentyThousand: one process with more descriptors than are told in one
// read, both ways.
func TestFindTwentyThousand(t *testing.T) {
	t.Parallel()
	c := start(t, order{Role: "many", N: 19_000}, nil)
	r := find(t, Want{}, c.Sockets[0].Inode, c.Sockets[1].Inode, c.Sockets[2].Inode)
	for i, s := range c.Sockets {
		wantHolders(t, r, int32(i), s)
	}
}
