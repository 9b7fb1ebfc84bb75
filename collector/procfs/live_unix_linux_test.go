package procfs

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

func unixLive(yield func(*socket.Socket) error) error {
	_, err := FS{}.Unix(yield)
	return err
}

func TestLiveUnix(t *testing.T) {
	t.Parallel()
	// The directory is short, since a pathname has 108 bytes.
	dir, err := os.MkdirTemp("/tmp", "sockls")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	abstract := fmt.Sprintf("sockls-test-%d", os.Getpid())
	tests := []struct {
		name   string
		typ    int
		bind   string // as unix.SockaddrUnix takes it: "@" for the NUL
		listen bool
		want   socket.Socket
	}{
		{"listener", unix.SOCK_STREAM, filepath.Join(dir, "a"), true, unixRow(socket.Stream, socket.Listen, 0, filepath.Join(dir, "a"))},
		{"bytes", unix.SOCK_DGRAM, filepath.Join(dir, " \x1b\xff "), false, unixRow(socket.Dgram, socket.Unconn, 0, filepath.Join(dir, " \x1b\xff "))},
		{"newlines", unix.SOCK_SEQPACKET, filepath.Join(dir, "x\n\ny\n"), false, unixRow(socket.Seqpacket, socket.Close, 0, filepath.Join(dir, "x\n\ny\n"))},
		{"abstract", unix.SOCK_DGRAM, "@" + abstract, false, unixRow(socket.Dgram, socket.Unconn, 0, "\x00"+abstract)},
		{"abstract with NUL", unix.SOCK_DGRAM, "@" + abstract + "\x00x", false, unixRow(socket.Dgram, socket.Unconn, 0, "\x00"+abstract+"@x")},
		{"unnamed", unix.SOCK_STREAM, "", false, unixRow(socket.Stream, socket.Close, 0, "")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fd, inode := rawSocket(t, unix.AF_UNIX, tt.typ, 0)
			if tt.bind != "" {
				if err := unix.Bind(fd, &unix.SockaddrUnix{Name: tt.bind}); err != nil {
					t.Fatal(err)
				}
			}
			if tt.listen {
				if err := unix.Listen(fd, 1); err != nil {
					t.Fatal(err)
				}
			}
			tt.want.Inode = inode
			if diff := diffRows(tt.want, find(t, inode, unixLive)); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLiveUnixStates: a connected pair, and the forgery that the table allows.
func TestLiveUnixStates(t *testing.T) {
	t.Parallel()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	inode := inodeOf(t, pair[0])
	if diff := diffRows(unixRow(socket.Stream, socket.Established, inode, ""), find(t, inode, unixLive)); diff != "" {
		t.Errorf("pair (-want +got):\n%s", diff)
	}

	const forged = 1<<63 + 12345
	name := fmt.Sprintf("@%d\n%016x: 00000002 00000000 00010000 0001 01 %d /x", os.Getpid(), 1, uint64(forged))
	fd, _ := rawSocket(t, unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: name}); err != nil {
		t.Fatal(err)
	}
	var trust UnixTrust
	got := find(t, forged, func(yield func(*socket.Socket) error) error {
		var err error
		trust, err = FS{}.Unix(yield)
		return err
	})
	if got.Local.Name != "/x" || trust.Forgeable == 0 {
		t.Errorf("forged row %+v, trust %+v", got, trust)
	}
}
