package procfs

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// TestAbsent covers the promise that no table is not an empty table.
func TestAbsent(t *testing.T) {
	t.Parallel()
	never := func(*socket.Socket) error { t.Error("yielded a row"); return nil }
	if err := hostTree(t).Inet(socket.Ping, socket.IPv6, never); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Inet: %v", err)
	}
	empty := FS{Root: t.TempDir()}
	_, unixErr := empty.Unix(never)
	_, protocolsErr := empty.Protocols()
	_, commErr := empty.Comm(1)
	_, commandErr := empty.Command(1)
	_, exeErr := empty.Exe(1)
	_, euidErr := empty.EUID(1)
	_, bootErr := empty.BootTime()
	_, startErr := empty.Started(1, time.Time{})
	_, fdErr := empty.FDInfo(1, 1)
	for name, err := range map[string]error{
		"Unix": unixErr, "Packet": empty.Packet(never), "Netlink": empty.Netlink(never),
		"Protocols": protocolsErr, "Comm": commErr, "Command": commandErr, "Exe": exeErr,
		"EUID": euidErr, "BootTime": bootErr, "Started": startErr, "FDInfo": fdErr,
	} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNamespaceOfThread: the thread's own tables win, and a table that its
// namespace lacks is not taken from another one.
func TestNamespaceOfThread(t *testing.T) {
	t.Parallel()
	row := func(inode string) string {
		return withHeader("   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 " + inode + " 2")
	}
	tree := writeTree(t, map[string]string{
		"net/tcp":             row("1"),
		"net/udp":             row("1"),
		"thread-self/net/tcp": row("2"),
	})
	var got []socket.Socket
	if err := tree.Inet(socket.TCP, socket.IPv4, gather(&got)); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Inode != 2 {
		t.Errorf("read the leader's table: %+v", got)
	}
	if err := tree.Inet(socket.UDP, socket.IPv4, gather(&got)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("table of another namespace: %v", err)
	}
}

func TestYieldError(t *testing.T) {
	t.Parallel()
	tree := hostTree(t)
	stop := errors.New("stop")
	rows := 0
	yield := func(*socket.Socket) error { rows++; return stop }
	_, unixErr := tree.Unix(yield)
	for name, err := range map[string]error{
		"Inet":    tree.Inet(socket.TCP, socket.IPv4, yield),
		"Unix":    unixErr,
		"Packet":  tree.Packet(yield),
		"Netlink": tree.Netlink(yield),
	} {
		if err != stop { // as it is, not wrapped
			t.Errorf("%s: %v", name, err)
		}
	}
	if rows != 4 {
		t.Errorf("%d rows were yielded after an error", rows-4)
	}
}

// TestReadError: a table that breaks off is an error that hides no cause.
func TestReadError(t *testing.T) {
	t.Parallel()
	broken := iotest.ErrReader(os.ErrClosed)
	none := func(*socket.Socket) error { return nil }
	_, unixErr := ParseUnix(broken, none)
	_, protocolsErr := ParseProtocols(broken)
	_, euidErr := parseEUID(broken)
	_, bootErr := parseBootTime(broken)
	_, fdErr := parseFDInfo(broken)
	for name, err := range map[string]error{
		"Inet": ParseInet(broken, binary.LittleEndian, socket.TCP, socket.IPv4, none),
		"Unix": unixErr, "Packet": ParsePacket(broken, none), "Netlink": ParseNetlink(broken, none),
		"Protocols": protocolsErr, "EUID": euidErr, "BootTime": bootErr, "FDInfo": fdErr,
	} {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLongLine: a line beyond any buffer is one malformed line, and the rows
// around it are read.
func TestLongLine(t *testing.T) {
	t.Parallel()
	const row = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7"
	for _, size := range []int{tableBuffer - 1, tableBuffer, tableBuffer + 1, 3*tableBuffer + 5} {
		for _, end := range []string{"\n", "\n" + row + "\n", ""} {
			var got []socket.Socket
			text := withHeader(row) + strings.Repeat("\x1b", size) + end
			err := ParseInet(strings.NewReader(text), binary.LittleEndian, socket.TCP, socket.IPv4, gather(&got))
			var malformed *MalformedError
			if !errors.As(err, &malformed) || malformed.Lines != 1 {
				t.Fatalf("%d bytes: error %v", size, err)
			}
			if want := 1 + strings.Count(end, row); len(got) != want {
				t.Errorf("%d bytes: %d rows, want %d", size, len(got), want)
			}
			if want := `"` + strings.Repeat(`\x1b`, maxShown) + `"`; malformed.First != want {
				t.Errorf("%d bytes: shows %s", size, malformed.First)
			}
		}
	}
}
