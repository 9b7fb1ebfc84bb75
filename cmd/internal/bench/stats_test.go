//go:build linux

package main

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMedian(t *testing.T) {
	tests := []struct {
		name   string
		values []int64
		want   int64
	}{
		{"none", nil, 0},
		{"one", []int64{7}, 7},
		{"odd, unsorted", []int64{9, 1, 5}, 5},
		{"even", []int64{40, 10, 20, 30}, 25},
		{"outlier", []int64{1, 2, 3, 4, 1000000}, 3},
		{"no overflow", []int64{math.MaxInt64, math.MaxInt64 - 2}, math.MaxInt64 - 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			given := append([]int64(nil), tt.values...)
			if got := median(tt.values); got != tt.want {
				t.Errorf("median(%v) = %d, want %d", tt.values, got, tt.want)
			}
			// Samples are paired by round: sorting them in place would
			// pair the wrong ones.
			if diff := cmp.Diff(given, tt.values); diff != "" {
				t.Errorf("median changed its argument (-was +is):\n%s", diff)
			}
		})
	}
}

func TestRatio(t *testing.T) {
	if got := ratio(time.Second, 4*time.Second); got != 0.25 {
		t.Errorf("ratio = %v, want 0.25", got)
	}
	if got := ratio(time.Second, 0); !math.IsNaN(got) {
		t.Errorf("ratio to nothing = %v, want NaN", got)
	}
}

func TestPairedRatio(t *testing.T) {
	wall := func(ms ...int) []sample {
		var samples []sample
		for _, m := range ms {
			samples = append(samples, sample{Wall: time.Duration(m) * time.Millisecond})
		}
		return samples
	}
	tests := []struct {
		name string
		a, b []sample
		want float64
	}{
		{"steady", wall(1, 1, 1), wall(2, 2, 2), 0.5},
		// The machine gets slower while the rounds run: the ratio of
		// medians would be 10/30.
		{"drift", wall(5, 10, 20), wall(10, 30, 40), 0.5},
		{"unequal lengths", wall(1, 9), wall(2), 0.5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := pairedRatio(tt.a, tt.b); got != tt.want {
				t.Errorf("pairedRatio = %v, want %v", got, tt.want)
			}
		})
	}
	if got := pairedRatio(nil, nil); !math.IsNaN(got) {
		t.Errorf("pairedRatio of nothing = %v, want NaN", got)
	}
}
