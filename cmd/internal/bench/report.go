//go:build linux

package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

var header = []string{
	"sockets", "work", "peer", "rounds", "sockls", "peer", "ratio", "paired", "CPU ratio", "memory (ratio)", "target", "verdict",
}

// report writes the machine and a Markdown table of the results.
func report(w io.Writer, machine string, results []result) error {
	lines := [][]string{header}
	for _, r := range results {
		lines = append(lines, resultLine(r))
	}
	for _, r := range results {
		if r.Work.Memory != 0 {
			lines = append(lines, memoryLine(r, results))
		}
		if r.Work.Growth != 0 {
			lines = append(lines, growthLine(r, results))
		}
	}
	_, err := fmt.Fprintf(w, "%s\n\n%s", machine, markdown(lines))
	return err
}

func resultLine(r result) []string {
	line := []string{r.Work.Table, "sockls " + strings.Join(r.Work.Sockls, " "), strings.Join(r.Work.Peer, " ")}
	if note := r.note(); note != "" {
		return append(line, "", "", "", "", "", "", "", r.Work.targets(), note)
	}
	ours, peers := median(walls(r.Sockls.Samples)), median(walls(r.Peer.Samples))
	return append(line,
		fmt.Sprint(len(r.Sockls.Samples)),
		milliseconds(ours), milliseconds(peers),
		times(ratio(ours, peers)),
		times(pairedRatio(r.Sockls.Samples, r.Peer.Samples)),
		times(r.cpuRatio()),
		fmt.Sprintf("%s / %s (%s)", mebibytes(r.Sockls.Memory), mebibytes(r.Peer.Memory), times(ratio(r.Sockls.Memory, r.Peer.Memory))),
		r.Work.targets(), r.verdict())
}

// memoryLine compares the peak memory of one work on two tables.
func memoryLine(r result, results []result) []string {
	line := []string{
		r.Work.Table, "peak memory of sockls " + strings.Join(r.Work.Sockls, " "), "itself at " + r.Work.MemoryBase,
		"", "", "", "", "", "",
	}
	target := "≤ " + times(r.Work.Memory)
	for _, base := range results {
		if base.Work.Table != r.Work.MemoryBase || !base.Work.isBase(r.Work) {
			continue
		}
		for _, side := range []result{r, base} {
			if note := side.note(); note != "" {
				return append(line, "", target, note)
			}
		}
		got := ratio(r.Sockls.Memory, base.Sockls.Memory)
		figures := fmt.Sprintf("%s / %s (%s)", mebibytes(r.Sockls.Memory), mebibytes(base.Sockls.Memory), times(got))
		return append(line, figures, target, judge(got, r.Work.Memory))
	}
	return append(line, "", target, "skipped: "+r.Work.MemoryBase+" was not run")
}

// growthLine compares the time of one work on two tables.
func growthLine(r result, results []result) []string {
	line := []string{
		r.Work.Table, "time of sockls " + strings.Join(r.Work.Sockls, " "), "itself at " + r.Work.GrowthBase, "",
	}
	rest := []string{"", "", "", "≤ " + times(r.Work.Growth)}
	missing := func(why string) []string {
		return append(append(append(line, "", "", ""), rest...), why)
	}
	for _, base := range results {
		if base.Work.Table != r.Work.GrowthBase || !base.Work.isBase(r.Work) {
			continue
		}
		for _, side := range []result{r, base} {
			if note := side.note(); note != "" {
				return missing(note)
			}
		}
		ours, before := median(walls(r.Sockls.Samples)), median(walls(base.Sockls.Samples))
		got := ratio(ours, before)
		return append(append(append(line, milliseconds(ours), milliseconds(before), times(got)), rest...), judge(got, r.Work.Growth))
	}
	return missing("skipped: " + r.Work.GrowthBase + " was not run")
}

// note says why a result has no numbers.
func (r result) note() string {
	switch {
	case r.Skipped != "":
		return "skipped: " + r.Skipped
	case r.Failed != "":
		return "FAILED: " + r.Failed
	default:
		return ""
	}
}

func (r result) cpuRatio() float64 {
	return ratio(median(cpus(r.Sockls.Samples)), median(cpus(r.Peer.Samples)))
}

// verdict judges the ratio of medians; the paired ratio is there for the
// reader, who can tell a disturbed run by how far the two are apart.
func (r result) verdict() string {
	var verdicts []string
	if r.Work.Wall != 0 {
		wall := ratio(median(walls(r.Sockls.Samples)), median(walls(r.Peer.Samples)))
		verdicts = append(verdicts, judge(wall, r.Work.Wall))
	}
	if r.Work.CPU != 0 {
		verdicts = append(verdicts, "CPU "+judge(r.cpuRatio(), r.Work.CPU))
	}
	if r.Work.PeerMemory != 0 {
		verdicts = append(verdicts, "memory "+judge(ratio(r.Sockls.Memory, r.Peer.Memory), r.Work.PeerMemory))
	}
	if len(verdicts) == 0 {
		return "–"
	}
	return strings.Join(verdicts, ", ")
}

func judge(got, target float64) string {
	if got <= target {
		return "ok"
	}
	return "OVER"
}

func (w work) targets() string {
	var targets []string
	if w.Wall != 0 {
		targets = append(targets, "≤ "+times(w.Wall))
	}
	if w.CPU != 0 {
		targets = append(targets, "CPU ≤ "+times(w.CPU))
	}
	if w.PeerMemory != 0 {
		targets = append(targets, "memory ≤ "+times(w.PeerMemory))
	}
	if len(targets) == 0 {
		return "–"
	}
	return strings.Join(targets, ", ")
}

func times(f float64) string {
	if math.IsNaN(f) {
		return "–"
	}
	return fmt.Sprintf("%.3g", f)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.4g ms", float64(d)/float64(time.Millisecond))
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

// markdown aligns the lines, of which the first is the header, so that the
// table reads as well in a terminal as it does rendered.
func markdown(lines [][]string) string {
	width := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			width[i] = max(width[i], utf8.RuneCountInString(cell), 3)
		}
	}
	var b strings.Builder
	put := func(line []string) {
		for i, cell := range line {
			pad := width[i] - utf8.RuneCountInString(cell)
			fmt.Fprintf(&b, "| %s%s ", cell, strings.Repeat(" ", pad))
		}
		b.WriteString("|\n")
	}
	put(lines[0])
	for _, n := range width {
		fmt.Fprintf(&b, "|%s", strings.Repeat("-", n+2))
	}
	b.WriteString("|\n")
	for _, line := range lines[1:] {
		put(line)
	}
	return b.String()
}
