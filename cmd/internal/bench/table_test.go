//go:build linux

package main

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The names of the tables promise numbers of rows.
func TestTableRows(t *testing.T) {
	want := map[string]int{"100": 100, "10k": 10_000, "100x10": 600, "1000x100": 10_000, "5000x20": 25_000, "100k": 100_000, "1000 with 100k": 100_000, "1M": 1_000_000}
	got := map[string]int{}
	for _, table := range tables {
		got[table.Name] = table.rows()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestObstacle(t *testing.T) {
	big := tableNamed("1M")
	plenty := limits{available: 64 << 30, files: 1 << 30, perHolder: 20_000}
	tests := []struct {
		name   string
		change func(*limits)
		want   string
	}{
		{"none", func(*limits) {}, ""},
		{"descriptors", func(l *limits) { l.perHolder = 4096 }, "needs 10032 descriptors a process, the hard limit is 4096"},
		{"files", func(l *limits) { l.files = 65536 }, "needs 1003200 open files, 65536 are left before fs.file-max"},
		{"memory", func(l *limits) { l.available = 2 << 30 }, "needs 5959 MiB of memory, 2048 MiB are available"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := plenty
			tt.change(&l)
			if got := big.obstacle(l); got != tt.want {
				t.Errorf("obstacle = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestReadLimits(t *testing.T) {
	l, err := readLimits()
	if err != nil {
		t.Fatal(err)
	}
	if l.available == 0 || l.files == 0 || l.perHolder == 0 {
		t.Errorf("limits = %+v, want none of them 0", l)
	}
}

func TestSelectWorks(t *testing.T) {
	tests := []struct {
		name  string
		only  string
		quick bool
		want  []string
	}{
		{
			"by table", "^100:", false,
			[]string{"100: sockls --version vs ss -V", "100: sockls -tan --no-processes --sort none vs ss -tan"},
		},
		{
			"brings what its memory is compared with", "^1M: .*-tan ", false,
			[]string{"10k: sockls -tan --no-processes --sort none vs ss -tan", "1M: sockls -tan --no-processes --sort none vs ss -tan"},
		},
		{
			"brings nothing twice", "^(10k|1M): .*none", false,
			[]string{"10k: sockls -tan --no-processes --sort none vs ss -tan", "1M: sockls -tan --no-processes --sort none vs ss -tan"},
		},
		{
			"quick", "lsof", true,
			[]string{"1000x100: sockls -tln --owners bpf vs lsof -nP -iTCP -sTCP:LISTEN"},
		},
		{"nothing", "^1M:", true, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, w := range selectWorks(regexp.MustCompile(tt.only), tt.quick) {
				got = append(got, w.title())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("works (-want +got):\n%s", diff)
			}
		})
	}
}
