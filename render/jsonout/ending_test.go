package jsonout_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/render/jsonout"
)

func ended() *jsonout.Ending {
	s := &socket.Socket{
		Proto: socket.TCP, Family: socket.IPv4, Type: socket.Stream, State: socket.Listen, Inode: 5, Cookie: 7,
		Local: socket.Endpoint{Addr: netip.MustParseAddr("127.0.0.1"), Port: 80},
	}
	return &jsonout.Ending{
		Head:   jsonout.Head{Host: "h", Time: time.Unix(1_700_000_000, 0), Notices: []socket.Notice{{Code: "x", Message: "y"}}},
		Action: "kill", Plan: &jsonout.Plan{Text: "Do", Signal: "TERM", Then: "KILL", Timeout: 1500 * time.Millisecond, PIDs: []int{7, 8}},
		Done: true, Sockets: []*socket.Socket{s},
		Processes: []jsonout.EndedProcess{
			{PID: 7, Result: "ended", Signals: []string{"TERM", "KILL"}, Advice: &why.Remedy{Text: "Stop \x1b\xff", Command: "systemctl stop x.service"}},
			{PID: 8, Result: "refused", Error: "operation not permitted"},
			{PID: 9},
		},
		Ports: []jsonout.FreedPort{
			{Socket: s, Free: true, Text: "free", Wait: 1500 * time.Millisecond},
			{Socket: s, Text: "still held", By: s},
		},
	}
}

func decode(t *testing.T, e *jsonout.Ending) (text string, document map[string]any) {
	t.Helper()
	var out bytes.Buffer
	if err := jsonout.WriteEnding(&out, e); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &document); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if strings.ContainsRune(out.String(), '\x1b') {
		t.Errorf("an escape gets through: %q", out.String())
	}
	return out.String(), document
}

func TestEndingKill(t *testing.T) {
	t.Parallel()
	text, document := decode(t, ended())
	type object = map[string]any
	want := []any{
		object{"pid": 7.0, "result": "ended", "signals": []any{"TERM", "KILL"}, "error": nil, "advice": object{
			"text": `Stop \x1b\xff`, "text_base64": "U3RvcCAb/w==", "command": "systemctl stop x.service",
		}},
		object{"pid": 8.0, "result": "refused", "signals": []any{}, "error": "operation not permitted", "advice": nil},
		object{"pid": 9.0, "result": nil, "signals": []any{}, "error": nil, "advice": nil},
	}
	if diff := cmp.Diff(want, document["processes"]); diff != "" {
		t.Errorf("processes (-want +got):\n%s", diff)
	}
	for _, part := range []string{
		`"schema": "sockls/v1"`, `"action": "kill"`, `"dry_run": false`, `"done": true`,
		`"plan": {"text":"Do","signal":"TERM","timeout_ms":1500,"then":"KILL","pids":[7,8]}`,
		`{"proto":"tcp","local":{"address":"127.0.0.1","port":80},"device":null,"free":true,"text":"free","wait_s":2,"held_by":null}`,
		`"text":"still held","wait_s":null,"held_by":{"proto":"tcp",`,
	} {
		if !strings.Contains(text, part) {
			t.Errorf("no %s in\n%s", part, text)
		}
	}
}

func TestEndingClose(t *testing.T) {
	t.Parallel()
	e := ended()
	e.Action, e.Processes, e.Ports = "close", nil, nil
	e.Destroyed = []jsonout.Destroyed{{Result: "failed", Error: "no"}}
	text, document := decode(t, e)
	if !strings.Contains(text, `"no_process":null,"result":"failed","error":"no","remark":null}`) {
		t.Errorf("no result in\n%s", text)
	}
	if _, there := document["processes"]; there {
		t.Error("close has nothing to do with processes")
	}
	if !strings.Contains(text, `"plan": {"text":"Do"},`) {
		t.Errorf("close has a plan without signals:\n%s", text)
	}
	e.Destroyed, e.DryRun, e.Plan = nil, true, nil
	if text, _ = decode(t, e); strings.Contains(text, "result") || !strings.Contains(text, `"dry_run": true`) || !strings.Contains(text, `"plan": null`) {
		t.Errorf("what would be done has no result:\n%s", text)
	}
}
