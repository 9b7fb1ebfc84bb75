package cli

import (
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
)

// detailed is a listener of which some details are known.
func detailed(t *testing.T) socket.Socket {
	t.Helper()
	s := listener()
	for name, n := range map[string]int64{"rtt": 1530, "drops": 3, "reuseaddr": 1, "transparent": 1} {
		f, ok := fact.Lookup(name)
		if !ok {
			t.Fatalf("there is no fact %s", name)
		}
		s.State = socket.Established
		f.SetNumber(&s, n)
	}
	return s
}

// TestSetDetails checks that a flag fetches what it shows, and nothing else
// fetches it.
func TestSetDetails(t *testing.T) {
	const details = socket.DetailExtended | socket.DetailMark | socket.DetailCgroupPath | socket.DetailTimer |
		socket.DetailMemory | socket.DetailTCPInfo | socket.DetailTOS | socket.DetailIPFlags |
		socket.DetailReuse | socket.DetailContext | socket.DetailAutobound
	tests := []struct {
		args string
		want socket.Detail
	}{
		{"", 0},
		{"--json", 0},
		{"-a --csv", 0},
		{"-e", socket.DetailExtended | socket.DetailMark | socket.DetailCgroupPath},
		{"-o", socket.DetailTimer},
		{"-m", socket.DetailMemory},
		{"-i", socket.DetailTCPInfo},
		{"-im --json", socket.DetailTCPInfo | socket.DetailMemory},
		{"-o --jsonl", socket.DetailTimer},
		{"-i --csv", socket.DetailTCPInfo},
		{"-i --columns local", socket.DetailTCPInfo},
		{"--columns +rtt", socket.DetailTCPInfo},
		{"--columns local --sort -drops", socket.DetailMemory},
		{"--tos", socket.DetailTOS},
		{"--cgroup", socket.DetailExtended | socket.DetailCgroupPath},
		{"--inet-sockopt", socket.DetailIPFlags},
		{"-Z", socket.DetailContext},
		{"-Z --json", socket.DetailContext},
		{"--reuse", socket.DetailReuse},
		{"-O", 0},
	}
	for _, tt := range tests {
		c := &recorded{}
		if _, _, stderr := run(t, c, strings.Fields(tt.args)...); stderr != "" {
			t.Errorf("%s: %s", tt.args, stderr)
		}
		if got := c.asked.Details & details; got != tt.want {
			t.Errorf("%s asks for %b, want %b", tt.args, got, tt.want)
		}
		if tt.want&ownerDetails != 0 && !c.asked.Details.Has(socket.DetailOwners) {
			t.Errorf("%s does not ask for owners", tt.args)
		}
	}
}

// TestSetOutput shows a row with the flags in each format.
func TestSetOutput(t *testing.T) {
	tests := []struct{ args, want string }{
		{"-H -m --columns local", "127.0.0.1:80\n    rmem:0 rcvbuf:0 wmem:0 sndbuf:0 fwd-alloc:0 wmem-queued:0 optmem:0 backlog:0 drops:3\n"},
		{"-H -mO --columns local,proto", "127.0.0.1:80  tcp    rmem:0 rcvbuf:0 wmem:0 sndbuf:0 fwd-alloc:0 wmem-queued:0 optmem:0 backlog:0 drops:3\n"},
		{"--reuse --columns local", "LOCAL         REUSEADDR  REUSEPORT\n127.0.0.1:80  yes        -\n"},
		{"--reuse --columns reuseport", "REUSEPORT  REUSEADDR\n-          yes\n"},
		{"--inet-sockopt --columns rtt", "   RTT  INET-SOCKOPT\n1.53ms  transparent\n"},
		{"-m --csv --columns rtt", "rtt,rmem,rcvbuf,wmem,sndbuf,fwd-alloc,wmem-queued,optmem,backlog,drops\n1530,0,0,0,0,0,0,0,0,3\n"},
	}
	for _, tt := range tests {
		for _, order := range []string{"", " --sort none"} {
			c := &recorded{rows: []socket.Socket{detailed(t)}}
			code, stdout, stderr := run(t, c, strings.Fields(tt.args+order)...)
			if diff := cmp.Diff(tt.want, stdout); code != 0 || diff != "" || stderr != "" {
				t.Errorf("%s%s: exit %d, stderr %q (-want +got):\n%s", tt.args, order, code, stderr, diff)
			}
		}
	}
	c := &recorded{rows: []socket.Socket{detailed(t)}}
	_, stdout, _ := run(t, c, "--jsonl", "-im")
	var row struct {
		TCP    map[string]any
		Memory map[string]any
	}
	if err := json.Unmarshal([]byte(stdout), &row); err != nil || row.TCP["rtt_us"] != 1530.0 || row.Memory["drops"] != 3.0 {
		t.Errorf("%v in %s", err, stdout)
	}
}

// TestSetCSV checks that in CSV a flag is all of its columns.
func TestSetCSV(t *testing.T) {
	for _, set := range field.Sets() {
		_, stdout, stderr := run(t, &recorded{rows: []socket.Socket{detailed(t)}}, "--csv", "--columns", "proto", "--"+set.Flag)
		records, err := csv.NewReader(strings.NewReader(stdout)).ReadAll()
		if err != nil || len(records) != 2 {
			t.Fatalf("--%s: %v, %v, %s", set.Flag, records, err, stderr)
		}
		want := []string{"proto"}
		for _, f := range set.All() {
			if !slices.Contains(want, f.Name) {
				want = append(want, f.Name)
			}
		}
		if diff := cmp.Diff(want, records[0]); diff != "" {
			t.Errorf("--%s (-want +got):\n%s", set.Flag, diff)
		}
	}
}

func TestSetsWithoutProcesses(t *testing.T) {
	for args, want := range map[string]string{
		"-Z --no-processes":                    "sockls: --no-processes leaves nothing to show for --context\n",
		"--reuse --json --no-processes":        "sockls: --no-processes leaves nothing to show for --reuse\n",
		"--columns reuseport --no-processes":   `sockls: --no-processes leaves nothing to show in column "reuseport"` + "\n",
		"--columns rtt --no-processes --reuse": "sockls: --no-processes leaves nothing to show for --reuse\n",
	} {
		if code, stdout, stderr := run(t, &recorded{}, strings.Fields(args)...); code != exitFailed || stdout != "" || stderr != want {
			t.Errorf("%s: exit %d, %q, %q", args, code, stdout, stderr)
		}
	}
	if code, _, stderr := run(t, &recorded{}, strings.Fields("-eomi --tos --cgroup --inet-sockopt --no-processes")...); code != exitNone || stderr != "" {
		t.Errorf("exit %d, %q", code, stderr)
	}
}
