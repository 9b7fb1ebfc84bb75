package btf

import (
	"encoding/binary"
	"math/bits"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var query = Query{
	Function: "iter",
	Members:  []Member{{"task", "tgid", 4}, {"task", "comm", 16}, {"file", "inode", 8}},
}

func TestFind(t *testing.T) {
	t.Parallel()
	task := func(b *builder) {
		b.structure(kindStruct, "task", 40, false, place{"pid", 1, 0}, place{"tgid", 1, 32}, place{"comm", 3, 64})
	}
	file := func(b *builder) { b.structure(kindStruct, "file", 16, false, place{"inode", 2, 64}) }
	iter := func(b *builder) { b.add(kindFunc, "iter", 0, false, 10) }
	plain := []uint32{4, 8, 8}
	tests := []struct {
		name string
		make []func(*builder)
		want []uint32
		err  string
	}{
		{name: "plain", make: []func(*builder){task, file, iter}, want: plain},
		{name: "in any order", make: []func(*builder){iter, file, task}, want: plain},
		{
			name: "a name that begins alike, a declaration, a union of the name",
			make: []func(*builder){
				func(b *builder) {
					b.structure(kindStruct, "task_group", 8, false, place{"tgid", 1, 0})
					b.add(kindFwd, "task", 0, false, 0)
					b.structure(kindUnion, "task", 8, false, place{"tgid", 1, 0})
					b.add(kindFunc, "iterate", 0, false, 10)
				}, task, file, iter,
			}, want: plain,
		},
		{
			name: "a width beside each place",
			make: []func(*builder){file, iter, func(b *builder) {
				b.structure(kindStruct, "task", 40, true, place{"flag", 1, 1<<24 | 3}, place{"tgid", 1, 32}, place{"comm", 3, 64})
			}}, want: plain,
		},
		{name: "twice and alike", make: []func(*builder){task, file, iter, task}, want: plain},
		{
			name: "within a nameless structure",
			make: []func(*builder){file, iter, func(b *builder) {
				at := uint32(kindsOfEvery + 3) // file and iter are before it
				b.structure(kindStruct, "", 24, false, place{"tgid", 1, 32}, place{"", at + 1, 64})
				b.add(kindConst, "", 0, false, at+2)
				b.structure(kindUnion, "", 16, false, place{"comm", 3, 0}, place{"other", 3, 0})
				b.structure(kindStruct, "task", 40, false, place{"", at, 32})
			}}, want: []uint32{8, 12, 8},
		},
		{
			name: "within itself",
			make: []func(*builder){file, iter, func(b *builder) {
				b.structure(kindStruct, "task", 40, false, place{"", kindsOfEvery + 3, 8})
			}}, err: "find task.tgid: not there",
		},
		{
			name: "within itself, often",
			make: []func(*builder){file, iter, func(b *builder) {
				self := place{"", kindsOfEvery + 3, 0}
				all := make([]place, 100)
				for i := range all {
					all[i] = self
				}
				b.structure(kindStruct, "task", 40, false, all...)
			}}, err: "more than 4096 nameless structures",
		},
		{
			name: "twice and not alike",
			make: []func(*builder){task, file, iter, func(b *builder) {
				b.structure(kindStruct, "task", 40, false, place{"tgid", 1, 0})
			}}, err: "find task.tgid: at 4 and at 0",
		},
		{name: "two functions", make: []func(*builder){task, file, iter, iter}, err: "there are two"},
		{name: "no function", make: []func(*builder){task, file}, err: "find function iter: not there"},
		{name: "no structure", make: []func(*builder){task, iter}, err: "find file.inode: not there"},
		{
			name: "a bit field",
			make: []func(*builder){file, iter, func(b *builder) {
				b.structure(kindStruct, "task", 40, true, place{"tgid", 1, 4<<24 | 32}, place{"comm", 3, 64})
			}}, err: "a bit field",
		},
		{
			name: "between two bytes",
			make: []func(*builder){file, iter, func(b *builder) {
				b.structure(kindStruct, "task", 40, false, place{"tgid", 1, 33}, place{"comm", 3, 64})
			}}, err: "a bit field",
		},
		{
			name: "beyond the end",
			make: []func(*builder){file, iter, func(b *builder) {
				b.structure(kindStruct, "task", 40, false, place{"tgid", 1, 0}, place{"comm", 3, 25 * 8})
			}}, err: "cut short",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBuilder()
			b.every()
			for _, f := range tt.make {
				f(b)
			}
			types, err := Parse(b.bytes())
			if err != nil {
				t.Fatal(err)
			}
			got, err := types.Find(query)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want %q in it", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Offsets); diff != "" {
				t.Errorf("offsets (-want +got):\n%s", diff)
			}
			if got.Function <= kindsOfEvery {
				t.Errorf("function %d", got.Function)
			}
		})
	}
}

// good is a file in which everything of query can be found.
func good() []byte {
	b := newBuilder()
	b.every()
	b.structure(kindStruct, "task", 40, false, place{"tgid", 1, 32}, place{"comm", 3, 64})
	b.structure(kindStruct, "file", 16, false, place{"inode", 2, 64})
	b.add(kindFunc, "iter", 0, false, 10)
	return b.bytes()
}

func find(b []byte) (Layout, error) {
	types, err := Parse(b)
	if err != nil {
		return Layout{}, err
	}
	return types.Find(query)
}

func TestFindDamaged(t *testing.T) {
	t.Parallel()
	whole := good()
	if _, err := find(whole); err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, err := find(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes are enough", n, len(whole))
		}
	}
	order := binary.NativeEndian
	for name, damage := range map[string]func([]byte){
		"magic":                 func(b []byte) { b[0]++ },
		"version":               func(b []byte) { b[2]++ },
		"header shorter":        func(b []byte) { order.PutUint32(b[4:], headerSize-1) },
		"header longer":         func(b []byte) { order.PutUint32(b[4:], 1<<31) },
		"types beyond the end":  func(b []byte) { order.PutUint32(b[8:], ^uint32(0)) },
		"too many types":        func(b []byte) { order.PutUint32(b[12:], ^uint32(0)) },
		"strings beyond":        func(b []byte) { order.PutUint32(b[16:], ^uint32(0)) },
		"no strings":            func(b []byte) { order.PutUint32(b[20:], 0) },
		"an unknown kind":       func(b []byte) { order.PutUint32(b[headerSize+4:], 20<<24) },
		"kind 0":                func(b []byte) { order.PutUint32(b[headerSize+4:], 0) },
		"more members than fit": func(b []byte) { order.PutUint32(b[headerSize+4:], kindStruct<<24|0xffff) },
	} {
		b := good()
		damage(b)
		if _, err := find(b); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestFindHere reads the types of the running kernel.
func TestFindHere(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("/sys/kernel/btf/vmlinux")
	if err != nil {
		t.Skip(err)
	}
	if len(b) >= 2 && bits.ReverseBytes16(binary.NativeEndian.Uint16(b)) == magic {
		if _, err := Parse(b); err == nil {
			t.Error("the other order of bytes is no error")
		}
		t.Skip("the kernel has the other order of bytes: this program is emulated")
	}
	types, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	got, err := types.Find(Query{Function: "bpf_iter_task", Members: []Member{
		{"list_head", "next", 8}, {"list_head", "prev", 8}, {"task_struct", "tgid", 4}, {"task_struct", "pid", 4},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got.Function == 0 || got.Offsets[0] != 0 || got.Offsets[1] != 8 || got.Offsets[2] != got.Offsets[3]+4 {
		t.Errorf("layout %+v", got)
	}
}

func FuzzFind(f *testing.F) {
	f.Add(good())
	f.Add(good()[:headerSize])
	damaged := good()
	binary.NativeEndian.PutUint32(damaged[headerSize+4:], kindStruct<<24|0xffff)
	f.Add(damaged)
	nested := newBuilder()
	nested.structure(kindStruct, "task", 40, false, place{"", 1, 0}, place{"", 2, 0})
	nested.structure(kindUnion, "", 40, false, place{"", 1, 8}, place{"", 2, 8}, place{"tgid", 1, 0})
	nested.add(kindFunc, "iter", 0, false, 1)
	f.Add(nested.bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := find(b)
		if err != nil {
			return
		}
		for i, m := range query.Members {
			if end := uint64(got.Offsets[i]) + uint64(m.Size); end > 1<<32 {
				t.Errorf("%s.%s ends at %d", m.Struct, m.Name, end)
			}
		}
		if again, err := find(b); err != nil || !cmp.Equal(got, again) {
			t.Errorf("%+v, and then %+v, %v", got, again, err)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	raw, err := os.ReadFile("/sys/kernel/btf/vmlinux")
	if err != nil {
		b.Skip(err)
	}
	q := Query{Function: "bpf_iter_task_file", Members: []Member{{"task_struct", "tgid", 4}, {"file", "f_inode", 8}, {"inode", "i_ino", 8}}}
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		types, err := Parse(raw)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := types.Find(q); err != nil {
			b.Fatal(err)
		}
	}
}
