package field

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/internal/rendertest"
	"github.com/sockls/sockls/render/text"
)

func names(fields []Field) string {
	var all []string
	for _, f := range fields {
		all = append(all, f.Name)
	}
	return strings.Join(all, ",")
}

// TestNames pins the names, which scripts rely on. Those of the details are the
// names of facts.
func TestNames(t *testing.T) {
	want := "proto,family,type,state,recv-q,send-q,device,v6only,inode,cookie,netns,netns-name,uid,user," +
		"local,remote,local-address,local-port,remote-address,remote-port," +
		"process,pid,tid,fd,name,command,exe,started,process-user,context,cwd,parents,unit,container,inner-pid,reason"
	for _, x := range fact.All() {
		if x.Group != fact.NoGroup {
			want += "," + x.Name
		}
	}
	want += ",extended,inet-sockopt"
	if diff := cmp.Diff(want, strings.Join(Names(), ",")); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// TestRegistry holds every column to the rules of the type.
func TestRegistry(t *testing.T) {
	rows := append(rendertest.Sockets(), rendertest.Detailed()...)
	headers := map[string]string{}
	for _, f := range All() {
		if f.Help == "" || f.JSONKey == "" || f.Header != strings.ToUpper(f.Header) || f.Header == "" {
			t.Errorf("%s: help %q, JSON key %q, header %q", f.Name, f.Help, f.JSONKey, f.Header)
		}
		if other, ok := headers[f.Header]; ok {
			t.Errorf("%s and %s share the header %s", f.Name, other, f.Header)
		}
		headers[f.Header] = f.Name
		if f.Right && f.Shrink > 0 {
			t.Errorf("%s is a number that may be shortened", f.Name)
		}
		for i := range rows {
			cell := string(f.Append(nil, rows[i]))
			if cell == "" {
				t.Errorf("%s of socket %d is empty", f.Name, i)
			}
			if at := strings.IndexFunc(cell, func(r rune) bool { return !text.Visible(r) }); at >= 0 {
				t.Errorf("%s of socket %d is unsafe: %q", f.Name, i, cell)
			}
			if value := string(f.Value(nil, rows[i])); value == "-" {
				t.Errorf("%s of socket %d has the placeholder as its value", f.Name, i)
			}
			for j := range rows {
				if f.Compare(rows[i], rows[j]) != -f.Compare(rows[j], rows[i]) {
					t.Errorf("%s orders %d and %d differently both ways", f.Name, i, j)
				}
			}
		}
	}
}

func TestDetails(t *testing.T) {
	tests := []struct {
		list string
		want socket.Detail
	}{
		{"proto,state,local,inode,uid", 0},
		{"recv-q", socket.DetailQueues},
		{"user,remote", socket.DetailUser | socket.DetailPeer},
		{"process,exe", socket.DetailOwners | socket.DetailExe},
		{"command,started,process-user", socket.DetailOwners | socket.DetailCommand | socket.DetailStarted | socket.DetailProcessUser},
	}
	for _, tt := range tests {
		fields, err := Parse(tt.list, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := Details(fields); got != tt.want {
			t.Errorf("Details(%s) = %b, want %b", tt.list, got, tt.want)
		}
	}
}

func TestParse(t *testing.T) {
	defaults, err := Parse("proto,local", nil)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ list, want string }{
		{"pid,fd", "pid,fd"},
		{" pid , fd ", "pid,fd"},
		{"+pid", "proto,local,pid"},
		{"+pid,fd", "proto,local,pid,fd"},
		{"+pid,+fd", "proto,local,pid,fd"},
		{"+local,uid", "proto,local,uid"},
		{"pid,pid", "pid"},
	}
	for _, tt := range tests {
		got, err := Parse(tt.list, defaults)
		if err != nil || names(got) != tt.want {
			t.Errorf("Parse(%q) = %s, %v, want %s", tt.list, names(got), err, tt.want)
		}
	}
	if names(defaults) != "proto,local" {
		t.Errorf("Parse changed its defaults to %s", names(defaults))
	}
}

func TestUnknown(t *testing.T) {
	tests := []struct {
		list string
		want UnknownError
		text string
	}{
		{"loacl", UnknownError{"column", "loacl", "local"}, `unknown column "loacl", did you mean "local"?`},
		{"pid,", UnknownError{"column", "", ""}, `empty column in the list`},
		{"+wibble\n", UnknownError{"column", "wibble", ""}, `unknown column "wibble"`},
		{"a\x1bb", UnknownError{"column", "a\x1bb", ""}, `unknown column "a\x1bb"`},
	}
	for _, tt := range tests {
		_, err := Parse(tt.list, nil)
		var unknown *UnknownError
		if !errors.As(err, &unknown) {
			t.Errorf("Parse(%q) = %v", tt.list, err)
			continue
		}
		if diff := cmp.Diff(tt.want, *unknown); diff != "" || err.Error() != tt.text {
			t.Errorf("Parse(%q): %v\n%s", tt.list, err, diff)
		}
	}
	_, err := ParseSort("-nonne")
	var unknown *UnknownError
	if !errors.As(err, &unknown) || unknown.Kind != "sort key" || unknown.Nearest != "none" {
		t.Errorf("ParseSort = %v", err)
	}
}

func TestParseSort(t *testing.T) {
	rows := []*socket.Socket{
		{Proto: socket.UDP, Local: rendertest.Inet("10.0.0.1:9"), RecvQ: 10, Cookie: 1},
		{Proto: socket.TCP, Local: rendertest.Inet("9.0.0.1:80"), RecvQ: 9, Cookie: 2},
		{Proto: socket.TCP, Local: rendertest.Inet("10.0.0.1:80"), RecvQ: 10, Cookie: 3},
		{Proto: socket.TCP, Local: rendertest.Inet("10.0.0.1:9"), RecvQ: 100, Cookie: 4},
	}
	tests := []struct {
		keys string
		want []uint64
	}{
		{"", []uint64{4, 2, 3, 1}},
		{"recv-q", []uint64{2, 3, 1, 4}},
		{"-recv-q", []uint64{4, 3, 1, 2}},
		{"-proto, -local", []uint64{1, 3, 2, 4}},
		{"local-address", []uint64{2, 4, 3, 1}},
	}
	for _, tt := range tests {
		sort, err := ParseSort(tt.keys)
		if err != nil {
			t.Fatal(err)
		}
		ordering := sort.Start()
		for _, s := range rows {
			ordering.Add(s)
		}
		sorted := ordering.Rows()
		var got []uint64
		for _, s := range sorted {
			got = append(got, s.Cookie)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("--sort %q (-want +got):\n%s", tt.keys, diff)
		}
	}
	if sort, err := ParseSort("none"); err != nil || !sort.Keep() || sort.Details != 0 {
		t.Errorf("none = %+v, %v", sort, err)
	}
	if sort, err := ParseSort("user,-process"); err != nil || sort.Details != socket.DetailUser|socket.DetailOwners {
		t.Errorf("details = %b, %v", sort.Details, err)
	}
}
