//go:build linux

package main

import (
	"regexp"
	"slices"
	"strings"
)

// A work is the same question put to sockls and to a peer.
type work struct {
	Table  string
	Sockls []string // arguments
	Peer   []string // program and arguments
	Rows   rows
	Exit   int // the exit code of sockls when it has found what is there

	// Targets are the highest ratios of sockls to the peer that are good
	// enough; 0 is no target.
	Wall float64
	CPU  float64

	// Memory is the highest ratio of sockls's peak memory here to its peak
	// memory in the same work on the table MemoryBase.
	Memory     float64
	MemoryBase string
	// Growth is the highest ratio of sockls's time here to its time in the same
	// work on the table GrowthBase.
	Growth     float64
	GrowthBase string
	// PeerMemory is the highest ratio of peak memory to the peer's.
	PeerMemory float64
}

// bareDump is the peer that does what any program that lists TCP sockets has to,
// and nothing else.
const bareDump = "bare-dump"

// rows says what number of rows both programs must print, so that no program
// is fast because it left something out.
type rows int

const (
	rowsUnchecked rows = iota
	rowsAll
	rowsListening
	rowsOnPort          // sockets with the first listening port as their own
	rowsListeningOnPort // listeners among them
)

func (r rows) of(t table) int {
	switch r {
	case rowsAll:
		return t.rows()
	case rowsListening:
		return t.listening()
	case rowsOnPort:
		return t.acceptedOnPort()
	case rowsListeningOnPort:
		return t.Holders
	default:
		return 0
	}
}

func words(s string) []string { return strings.Fields(s) }

var works = []work{
	{Table: "100", Sockls: words("--version"), Peer: words("ss -V"), Wall: 1.5},
	{Table: "100", Sockls: words("-tan --no-processes --sort none"), Peer: words("ss -tan"), Rows: rowsAll, Wall: 0.85},
	{Table: "10k", Sockls: words("-tan --no-processes --sort none"), Peer: words("ss -tan"), Rows: rowsAll, Wall: 0.5},
	{Table: "10k", Sockls: words("-tan"), Peer: words("ss -tanp"), Rows: rowsAll, Wall: 0.5},
	{Table: "100x10", Sockls: words("-tln"), Peer: words("ss -tlnp"), Rows: rowsListening, Wall: 0.6},
	{Table: "100x10", Sockls: words("-tln --owners proc"), Peer: words("ss -tlnp"), Rows: rowsListening},
	{Table: "100x10", Sockls: words("-tln --owners bpf"), Peer: words("ss -tlnp"), Rows: rowsListening},
	{Table: "1000x100", Sockls: words("-tln --owners proc"), Peer: words("ss -tlnp"), Rows: rowsListening, Wall: 0.45, CPU: 0.9},
	{Table: "1000x100", Sockls: words("-tln --owners bpf"), Peer: words("ss -tlnp"), Rows: rowsListening, Wall: 0.12},
	{Table: "1000x100", Sockls: words("-tln"), Peer: words("ss -tlnp"), Rows: rowsListening, Wall: 0.12},
	{Table: "1000x100", Sockls: words("-tln --owners bpf"), Peer: words("lsof -nP -iTCP -sTCP:LISTEN"), Rows: rowsListening, Wall: 0.05},
	{Table: "5000x20", Sockls: words("-tln --owners proc"), Peer: words("ss -tlnp"), Rows: rowsListening, Wall: 0.5},
	{Table: "5000x20", Sockls: words("-tln --owners bpf"), Peer: words("ss -tlnp"), Rows: rowsListening, Wall: 0.12},
	{Table: "100k", Sockls: words("-tan --no-processes --sort none"), Peer: words("ss -tan"), Rows: rowsAll, Wall: 0.45},
	{Table: "100k", Sockls: words("-tan --no-processes"), Peer: words("ss -tan"), Rows: rowsAll, Wall: 0.65},
	{Table: "100k", Sockls: words("-tln --no-processes"), Peer: words("ss -tln"), Rows: rowsListening, Wall: 0.2},
	{Table: "100k", Sockls: words("-tan --no-processes --sort none"), Peer: words(bareDump), Wall: 1.2},
	{Table: "100k", Sockls: words("-tan --owners proc"), Peer: words("ss -tanp"), Rows: rowsAll, Wall: 0.06},
	{Table: "100k", Sockls: words("-tan --owners bpf"), Peer: words("ss -tanp"), Rows: rowsAll, Wall: 0.035},
	{Table: "100k", Sockls: words("-tan"), Peer: words("ss -tanp"), Rows: rowsAll, PeerMemory: 0.6, Growth: 11, GrowthBase: "10k"},
	{Table: "100k", Sockls: words("-tln"), Peer: words("lsof -nP -iTCP -sTCP:LISTEN"), Rows: rowsListening},
	{Table: "100k", Sockls: words("-tn --no-processes sport = :20000"), Peer: words("ss -tn sport = :20000"), Rows: rowsOnPort, Wall: 0.6},
	{Table: "100k", Sockls: words("-tn --no-processes state established sport = :20000"), Peer: words("ss -tn sport = :20000"), Rows: rowsOnPort, Wall: 0.4},
	{Table: "100k", Sockls: words("-tln --no-processes sport = :20000"), Peer: words("ss -tln sport = :20000"), Rows: rowsListeningOnPort, Wall: 0.4},
	{Table: "100k", Sockls: words("-taniO --no-processes --sort none"), Peer: words("ss -taniO"), Rows: rowsAll, Wall: 0.5},
	{Table: "100k", Sockls: words("-taniO --no-processes"), Peer: words("ss -taniO"), Rows: rowsAll, Wall: 0.5},
	{Table: "1000 with 100k", Sockls: words("why tcp :21000"), Exit: 1, Peer: words("ss -tlnp sport = :21000"), Wall: 1},
	{Table: "1000 with 100k", Sockls: words("why tcp :20000"), Exit: 1, Peer: words("ss -tlnp sport = :20000"), Wall: 1},
	{
		Table: "1M", Sockls: words("-tn --no-processes sport = :20000"), Peer: words("ss -tn sport = :20000"), Rows: rowsOnPort, Wall: 0.6,
	},
	{Table: "1M", Sockls: words("-tn --no-processes state established sport = :20000"), Peer: words("ss -tn sport = :20000"), Rows: rowsOnPort, Wall: 0.4},
	{Table: "1M", Sockls: words("-tln --owners bpf"), Peer: words("ss -tlnp"), Rows: rowsListening, Wall: 0.1},
	{Table: "1M", Sockls: words("-tln --no-processes sport = :20000"), Peer: words("ss -tln sport = :20000"), Rows: rowsListeningOnPort, Wall: 0.4},
	{
		Table: "1M", Sockls: words("-tan --no-processes --sort none"), Peer: words("ss -tan"), Rows: rowsAll,
		Memory: 1.3, MemoryBase: "10k",
	},
}

// title names a work: it is what -only matches.
func (w work) title() string {
	return w.Table + ": sockls " + strings.Join(w.Sockls, " ") + " vs " + strings.Join(w.Peer, " ")
}

// isBase reports whether w is what other compares its memory or its time with.
func (w work) isBase(other work) bool {
	return (other.MemoryBase == w.Table || other.GrowthBase == w.Table) && slices.Equal(other.Sockls, w.Sockls) && slices.Equal(other.Peer, w.Peer)
}

// selectWorks returns the works whose title only matches and the ones those
// compare their memory or time with, on quick tables alone if quick is set.
func selectWorks(only *regexp.Regexp, quick bool) []work {
	var chosen []work
	for _, w := range works {
		if quick && !tableNamed(w.Table).Quick {
			continue
		}
		if only.MatchString(w.title()) {
			chosen = append(chosen, w)
		}
	}
	var bases []work
	for _, w := range works {
		wanted := slices.ContainsFunc(chosen, w.isBase)
		there := slices.ContainsFunc(chosen, func(c work) bool { return c.title() == w.title() })
		if wanted && !there {
			bases = append(bases, w)
		}
	}
	return append(bases, chosen...)
}

func tableNamed(name string) table {
	i := slices.IndexFunc(tables, func(t table) bool { return t.Name == name })
	return tables[i]
}
