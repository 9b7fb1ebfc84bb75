//go:build linux

package main

import (
	"math"
	"slices"
	"time"
)

// A sample is one run of one program.
type sample struct {
	Wall time.Duration
	CPU  time.Duration // user and system
}

// number is what medians and ratios are taken of.
type number interface {
	~int64 | ~float64
}

// median is the middle value, or the mean of the two middle ones. It is 0 for
// no values at all.
func median[T number](values []T) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return sorted[middle-1] + (sorted[middle]-sorted[middle-1])/2
}

// ratio divides two measurements; it is NaN where there is nothing to divide
// by, which the report prints as a dash and which meets no target.
func ratio[T number](a, b T) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}

func walls(samples []sample) []time.Duration {
	var out []time.Duration
	for _, s := range samples {
		out = append(out, s.Wall)
	}
	return out
}

func cpus(samples []sample) []time.Duration {
	var out []time.Duration
	for _, s := range samples {
		out = append(out, s.CPU)
	}
	return out
}

// pairedRatio is the median of the ratios within each round. The two runs of a
// round are neighbours in time, so it holds where the machine drifts and the
// ratio of medians does not.
func pairedRatio(a, b []sample) float64 {
	var ratios []float64
	for i := range min(len(a), len(b)) {
		ratios = append(ratios, ratio(a[i].Wall, b[i].Wall))
	}
	if len(ratios) == 0 {
		return math.NaN()
	}
	return median(ratios)
}
