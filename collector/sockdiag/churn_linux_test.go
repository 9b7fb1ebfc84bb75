package sockdiag

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/socket"
)

var loopback = [4]byte{127, 0, 0, 1}

// TestLiveChurn dumps the table in a loop while thousands of connections a
// second come and go beside sockets that stay. None of those is ever missing
// or doubled, whatever the walk met on its way.
func TestLiveChurn(t *testing.T) {
	if testing.Short() {
		t.Skip("takes three seconds")
	}
	t.Parallel()
	nstest.Run(t, func(t *testing.T) {
		stable := steadySockets(t)
		server := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
		must(t, unix.Bind(server, &unix.SockaddrInet4{Addr: loopback}))
		must(t, unix.Listen(server, 512))
		port := int(portOf(t, server))

		conn, err := Dial()
		must(t, err)
		c := NewClient(conn, testIfName)
		defer c.Close()

		// Descriptors are made here, because the namespace is this thread's.
		stop := make(chan struct{})
		var rounds atomic.Int64
		fds := make(chan int, 64)
		var churn sync.WaitGroup
		churn.Go(func() {
			for fd := range fds {
				shortConnection(fd, server, port)
				rounds.Add(1)
			}
		})
		begin := time.Now()
		var dumps, rows int
		dumped := make(chan struct{})
		go func() {
			defer close(dumped)
			for {
				select {
				case <-stop:
					return
				default:
				}
				rows += checkStable(t, c, stable)
				dumps++
			}
		}()
		for time.Since(begin) < 3*time.Second && !t.Failed() {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				t.Error(err)
				break
			}
			fds <- fd
		}
		close(stop)
		<-dumped
		close(fds)
		churn.Wait()
		t.Logf("%d dumps of %d rows in the middle, %d connections", dumps, rows/max(dumps, 1), rounds.Load())
		if dumps < 2 || rounds.Load() < 1000 {
			t.Errorf("%d dumps beside %d connections prove nothing", dumps, rounds.Load())
		}
	})
}

// steadySockets are 40 listeners and 200 connections with both their ends.
func steadySockets(t *testing.T) map[uint64]socket.State {
	t.Helper()
	stable := map[uint64]socket.State{}
	var server, port int
	for range 40 {
		server = open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
		must(t, unix.Bind(server, &unix.SockaddrInet4{Addr: loopback}))
		must(t, unix.Listen(server, 512))
		port = int(portOf(t, server))
		stable[liveOf(t, server).cookie] = socket.Listen
	}
	for range 200 {
		client := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
		must(t, unix.Connect(client, &unix.SockaddrInet4{Addr: loopback, Port: port}))
		accepted, _, err := unix.Accept4(server, unix.SOCK_CLOEXEC)
		must(t, err)
		t.Cleanup(func() { _ = unix.Close(accepted) })
		stable[liveOf(t, client).cookie] = socket.Established
		stable[liveOf(t, accepted).cookie] = socket.Established
	}
	return stable
}

// shortConnection ends with a reset, so that the ports do not run out, but for
// one in eight, which leaves a TIME_WAIT behind.
func shortConnection(client, server, port int) {
	defer unix.Close(client)
	if unix.Connect(client, &unix.SockaddrInet4{Addr: loopback, Port: port}) != nil {
		return
	}
	accepted, _, err := unix.Accept4(server, unix.SOCK_CLOEXEC)
	if err != nil {
		return
	}
	if client%8 != 0 {
		_ = unix.SetsockoptLinger(accepted, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
	_ = unix.Close(accepted)
}

// checkStable dumps the table once and returns the number of its rows.
func checkStable(t *testing.T, c *Client, stable map[uint64]socket.State) int {
	seen := make(map[uint64]int, len(stable))
	n := 0
	err := c.Dump(context.Background(), everything(socket.TCP), func(s *socket.Socket) error {
		n++
		if state, ok := stable[s.Cookie]; ok {
			seen[s.Cookie]++
			if s.State != state {
				t.Errorf("a stable socket is %v, was %v", s.State, state)
			}
		}
		if s.State == socket.Bound && s.Inode == 0 {
			t.Errorf("a bound socket without a file: %+v", *s)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for cookie, state := range stable {
		if times := seen[cookie]; times != 1 {
			t.Errorf("a stable %v socket came %d times", state, times)
		}
	}
	return n
}
