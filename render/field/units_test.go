package field

import (
	"math"
	"testing"
)

func TestAppendDuration(t *testing.T) {
	tests := []struct {
		us   int64
		want string
	}{
		{0, "0us"},
		{28, "28us"},
		{999, "999us"},
		{1000, "1ms"},
		{1530, "1.53ms"},
		{1534, "1.53ms"},
		{1535, "1.54ms"},
		{9994, "9.99ms"},
		{9995, "10ms"},
		{10_050, "10.1ms"},
		{200_000, "200ms"},
		{204_000, "204ms"},
		{999_499, "999ms"},
		{999_500, "1s"},
		{1_050_000, "1.05s"},
		{45_240_000, "45.2s"},
		{59_940_000, "59.9s"},
		{59_950_000, "1min"},
		{60_000_000, "1min"},
		{119_499_999, "1min59s"},
		{119_500_000, "2min"},
		{600_000_000, "10min"},
		{3_599_499_999, "59min59s"},
		{3_599_500_000, "1h"},
		{3_629_000_000, "1h"},
		{3_630_000_000, "1h1min"},
		{7200_000_000, "2h"},
		{100 * 3600_000_000, "100h"},
		{-1530, "-1.53ms"},
		{math.MaxInt64, "2562047788h1min"},
		{math.MinInt64, "-2562047788h1min"},
	}
	for _, tt := range tests {
		if got := string(appendDuration(nil, tt.us)); got != tt.want {
			t.Errorf("%d us = %s, want %s", tt.us, got, tt.want)
		}
	}
}

func TestAppendRate(t *testing.T) {
	tests := []struct {
		bytes int64
		want  string
	}{
		{0, "0bps"},
		{1, "8bps"},
		{124, "992bps"},
		{125, "1kbps"},
		{12_300_000, "98.4Mbps"},
		{12_345_678, "98.8Mbps"},
		{124_999_999, "1Gbps"},
		{1_250_000_000, "10Gbps"},
		{125_000_000_000_000, "1000000Gbps"},
		{math.MaxInt64, "18400000000Gbps"},
		{-125, "-1kbps"},
	}
	for _, tt := range tests {
		if got := string(appendRate(nil, tt.bytes)); got != tt.want {
			t.Errorf("%d B/s = %s, want %s", tt.bytes, got, tt.want)
		}
	}
}
