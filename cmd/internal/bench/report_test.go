//go:build linux

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMarkdown(t *testing.T) {
	got := markdown([][]string{{"work", "ratio"}, {"≤ 0.5", "1"}, {"a", "0.123456"}})
	want := "" +
		"| work  | ratio    |\n" +
		"|-------|----------|\n" +
		"| ≤ 0.5 | 1        |\n" +
		"| a     | 0.123456 |\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("markdown (-want +got):\n%s", diff)
	}
}

func measured(memory int64, wall, cpu int) side {
	s := sample{Wall: time.Duration(wall) * time.Millisecond, CPU: time.Duration(cpu) * time.Millisecond}
	return side{Samples: []sample{s, s, s}, Memory: memory << 20}
}

func TestReport(t *testing.T) {
	listing := work{Table: "10k", Sockls: words("-tan"), Peer: words("ss -tan"), Wall: 0.5, CPU: 0.9}
	million := work{Table: "1M", Sockls: words("-tan"), Peer: words("ss -tan"), Memory: 1.3, MemoryBase: "10k"}
	good := result{Work: listing, Sockls: measured(8, 10, 19), Peer: measured(4, 20, 20)}

	tests := []struct {
		name    string
		results []result
		want    []string // each line: the cells without their padding
	}{
		{
			"met and missed",
			[]result{good},
			[]string{"10k|sockls -tan|ss -tan|3|10 ms|20 ms|0.5|0.5|0.95|8.0 MiB / 4.0 MiB (2)|≤ 0.5, CPU ≤ 0.9|ok, CPU OVER"},
		},
		{
			"memory against another table",
			[]result{good, {Work: million, Sockls: measured(12, 30, 30), Peer: measured(4, 10, 10)}},
			[]string{
				"10k|sockls -tan|ss -tan|3|10 ms|20 ms|0.5|0.5|0.95|8.0 MiB / 4.0 MiB (2)|≤ 0.5, CPU ≤ 0.9|ok, CPU OVER",
				"1M|sockls -tan|ss -tan|3|30 ms|10 ms|3|3|3|12.0 MiB / 4.0 MiB (3)|–|–",
				"1M|peak memory of sockls -tan|itself at 10k|||||||12.0 MiB / 8.0 MiB (1.5)|≤ 1.3|OVER",
			},
		},
		{
			"skipped and failed",
			[]result{{Work: listing, Failed: "boom"}, {Work: million, Skipped: "no memory"}},
			[]string{
				"10k|sockls -tan|ss -tan||||||||≤ 0.5, CPU ≤ 0.9|FAILED: boom",
				"1M|sockls -tan|ss -tan||||||||–|skipped: no memory",
				"1M|peak memory of sockls -tan|itself at 10k||||||||≤ 1.3|skipped: no memory",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			if err := report(&b, "some machine", tt.results); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
			if lines[0] != "some machine" || lines[1] != "" {
				t.Errorf("report begins with %q, want the machine and an empty line", lines[:2])
			}
			var got []string
			for _, line := range lines[4:] {
				cells := strings.Split(strings.Trim(line, "|"), "|")
				for i := range cells {
					cells[i] = strings.TrimSpace(cells[i])
				}
				got = append(got, strings.Join(cells, "|"))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
		})
	}
}
