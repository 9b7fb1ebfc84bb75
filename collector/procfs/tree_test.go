package procfs

import (
	"encoding/binary"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sockls/sockls/collector/socket"
)

// archive reads one of the recorded trees.
func archive(t testing.TB, name string) *txtar.Archive {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("..", "..", "testdata", "proc", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// unpack makes a proc file system of a recorded tree.
func unpack(t testing.TB, name string) FS {
	t.Helper()
	dir := t.TempDir()
	if err := txtar.Write(archive(t, name), dir); err != nil {
		t.Fatal(err)
	}
	return FS{Root: dir}
}

// hostTree is the tree that was printed by a machine of this byte order.
func hostTree(t testing.TB) FS {
	t.Helper()
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return unpack(t, "little-endian")
	}
	return unpack(t, "big-endian")
}

// file returns one file of a recorded tree.
func file(t testing.TB, archiveName, path string) string {
	t.Helper()
	for _, f := range archive(t, archiveName).Files {
		if f.Name == path {
			return string(f.Data)
		}
	}
	t.Fatalf("%s: %s: %v", archiveName, path, fs.ErrNotExist)
	return ""
}

// gather copies rows as they are yielded.
func gather(into *[]socket.Socket) func(*socket.Socket) error {
	return func(s *socket.Socket) error {
		*into = append(*into, *s)
		return nil
	}
}

// diffRows compares a socket or a slice of them.
func diffRows[T any](want, got T) string {
	return cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty())
}

func ipEnd(addr string, port uint32) socket.Endpoint {
	return socket.Endpoint{Addr: netip.MustParseAddr(addr), Port: port}
}

// writeTree makes a proc file system of files given by path.
func writeTree(t testing.TB, files map[string]string) FS {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return FS{Root: dir}
}

// withHeader puts the line in front that every table has.
func withHeader(rows ...string) string {
	return "header\n" + strings.Join(rows, "\n") + "\n"
}
