package owner

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// entry builds one struct linux_dirent64 as the kernel pads it.
func entry(name string) []byte {
	const head = 19
	b := make([]byte, (head+len(name)+1+7)/8*8)
	binary.NativeEndian.PutUint64(b, 42)                  // d_ino
	binary.NativeEndian.PutUint16(b[16:], uint16(len(b))) // d_reclen
	copy(b[head:], name)
	return b
}

func TestNextEntry(t *testing.T) {
	t.Parallel()
	names := []string{".", "..", "0", "1", "4294967295", "self", "", strings.Repeat("x", 255)}
	var buffer []byte
	for _, name := range names {
		buffer = append(buffer, entry(name)...)
	}
	var got []string
	for rest := buffer; len(rest) > 0; {
		var name []byte
		if name, rest = nextEntry(rest); name == nil {
			t.Fatalf("no entry after %q", got)
		}
		name, _, closed := bytes.Cut(name, []byte{0})
		if !closed {
			t.Errorf("%q is not closed by a NUL", name)
		}
		got = append(got, string(name))
	}
	if diff := cmp.Diff(names, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func FuzzNextEntry(f *testing.F) {
	f.Add([]byte{})
	f.Add(entry("1"))
	f.Add(append(entry("17"), entry("18")...))
	f.Add(entry("12345")[:20])
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Add(append(make([]byte, 16), 0, 0, 4, 0)) // a length of 0 must not stop the walk forever
	f.Fuzz(func(t *testing.T, b []byte) {
		for rest := b; len(rest) > 0; {
			name, next := nextEntry(rest)
			if name == nil {
				if next != nil {
					t.Fatalf("no entry, but a rest of %d bytes", len(next))
				}
				break
			}
			if len(name) == 0 || 19+len(name)+len(next) != len(rest) {
				t.Fatalf("entry of %d bytes and rest of %d in %d bytes", len(name), len(next), len(rest))
			}
			if want := binary.NativeEndian.Uint16(rest[16:]); int(want) != 19+len(name) {
				t.Fatalf("entry of %d bytes, its length says %d", 19+len(name), want)
			}
			rest = next
		}
	})
}

// maxNumber is below the largest int32 and above every descriptor and pid:
// fs.nr_open cannot be set beyond 2147483584, pids end at 4194304.
const maxNumber = 2147483639

// numberByStrconv is number by another road.
func numberByStrconv(name []byte) int32 {
	digits, _, closed := bytes.Cut(name, []byte{0})
	if !closed || bytes.ContainsAny(digits, "+-_") {
		return -1
	}
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil || n > maxNumber {
		return -1
	}
	return int32(n)
}

func TestNumber(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		want int32
	}{
		{"0\x00", 0},
		{"7\x00\x00\x00", 7},
		{"2147483584\x00", 2147483584},
		{"2147483639\x00", maxNumber},
		{"2147483640\x00", -1},
		{"4294967297\x00", -1},
		{"99999999999999999999\x00", -1},
		{"12", -1}, // not closed
		{"\x00", -1},
		{"", -1},
		{".\x00", -1},
		{"-1\x00", -1},
		{"1a\x00", -1},
		{"self\x00", -1},
	}
	for _, tt := range tests {
		if got := number([]byte(tt.name)); got != tt.want {
			t.Errorf("number(%q) = %d, want %d", tt.name, got, tt.want)
		}
		if got := numberByStrconv([]byte(tt.name)); got != tt.want {
			t.Errorf("numberByStrconv(%q) = %d, want %d", tt.name, got, tt.want)
		}
	}
	if got := number(nil); got != -1 {
		t.Errorf("number(nil) = %d", got)
	}
}

func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"", "0\x00", "123\x00\x00", "2147483639\x00", "2147483640\x00", "00000000000000000001\x00", "1_0\x00", "+1\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, name []byte) {
		if got, want := number(name), numberByStrconv(name); got != want {
			t.Errorf("number(%q) = %d, want %d", name, got, want)
		}
	})
}

// inodeByStrconv is socketInode by another road.
func inodeByStrconv(link []byte) uint64 {
	digits, okPrefix := strings.CutPrefix(string(link), "socket:[")
	digits, okSuffix := strings.CutSuffix(digits, "]")
	n, err := strconv.ParseUint(digits, 10, 64)
	if !okPrefix || !okSuffix || err != nil || len(digits) > 19 || strings.ContainsAny(digits, "+-_") {
		return 0
	}
	return n
}

func TestSocketInode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		link string
		want uint64
	}{
		{"socket:[1]", 1},
		{"socket:[4294967295]", 4294967295},
		{"socket:[9999999999999999999]", 9999999999999999999},
		{"socket:[18446744073709551617]", 0}, // would wrap to 1
		{"socket:[]", 0},
		{"socket:[", 0},
		{"socket:[1", 0},
		{"socket:[-1]", 0},
		{"socket:[1] (deleted)", 0},
		{"/tmp/socket:[1]", 0},
		{"pipe:[1]", 0},
		{"anon_inode:[io_uring]", 0},
		{"", 0},
	}
	for _, tt := range tests {
		if got := socketInode([]byte(tt.link)); got != tt.want {
			t.Errorf("socketInode(%q) = %d, want %d", tt.link, got, tt.want)
		}
		if got := inodeByStrconv([]byte(tt.link)); got != tt.want {
			t.Errorf("inodeByStrconv(%q) = %d, want %d", tt.link, got, tt.want)
		}
	}
}

func FuzzSocketInode(f *testing.F) {
	for _, seed := range []string{"", "socket:[1]", "socket:[]", "socket:[0]", "socket:[99999999999999999999]", "pipe:[3]", "socket:[1 ]", "/dev/null"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, link []byte) {
		if got, want := socketInode(link), inodeByStrconv(link); got != want {
			t.Errorf("socketInode(%q) = %d, want %d", link, got, want)
		}
	})
}
