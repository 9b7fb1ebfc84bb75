package jsonout

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
)

// TestEvents: every line is an object that begins with the keys of the contract.
func TestEvents(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 5, 6, 14, 3, 7, 5e8, time.UTC)
	end := func(port uint32) socket.Endpoint {
		return socket.Endpoint{Addr: netip.MustParseAddr("127.0.0.1"), Port: port}
	}
	holders := []socket.Holder{{Process: &socket.Process{PID: 7, Name: "a\xff"}, FD: 3}}
	s := &socket.Socket{Proto: socket.TCP, Family: socket.IPv4, Type: socket.Stream, State: socket.Established, Local: end(1), Remote: end(2), Processes: holders}
	remains := *s
	remains.State, remains.Processes, remains.NoProcess = socket.TimeWait, nil, socket.ReasonTimeWait
	remains.Details = &socket.Details{TCP: &socket.TCPInfo{Size: 248, BytesSent: 5}}
	tests := []struct {
		event watch.Event
		want  string // without the sockets
	}{
		{watch.Event{Kind: watch.Initial, Time: at, Socket: s}, `"event":"initial","socket":{},"changed":null,"lived_ms":null}`},
		{watch.Event{Kind: watch.Open, Time: at, Socket: s, Whole: true}, `"event":"open","socket":{},"changed":null,"lived_ms":null}`},
		{
			watch.Event{
				Kind: watch.Change, Time: at, Socket: &remains, Before: s, Changed: []string{"state", "recv-q"},
				Held: holders, Lived: 1500 * time.Millisecond, Most: 2 * time.Second, Whole: true,
			},
			`"event":"change","socket":{},"changed":["state","recv-q"],"lived_ms":1500,"lived":"between","lived_max_ms":2000,"before":{},` +
				`"held_by":[{"pid":7,"fd":3,"name":"a\\xff","name_base64":"Yf8=","command":null,"exe":null,"uid":null,"user":null,"started":null}]}`,
		},
		{
			watch.Event{Kind: watch.Close, Time: at, Socket: &remains, Lived: 999 * time.Microsecond, Brief: true, Final: true},
			`"event":"close","socket":{},"changed":null,"lived_ms":0,"lived":"at-most","final":true}`,
		},
		{
			watch.Event{Kind: watch.Close, Time: at, Socket: s, Lived: time.Hour},
			`"event":"close","socket":{},"changed":null,"lived_ms":3600000,"lived":"at-least","final":false}`,
		},
		{
			watch.Event{Kind: watch.Open, Time: at, Socket: s, Before: s, Crossed: true},
			`"event":"open","socket":{},"changed":null,"lived_ms":null,"matches":true,"before":{}}`,
		},
		{
			watch.Event{Kind: watch.Close, Time: at, Socket: s, Before: s, Crossed: true},
			`"event":"close","socket":{},"changed":null,"lived_ms":0,"lived":"at-least","matches":false,"before":{},"final":false}`,
		},
		{watch.Event{Kind: watch.Lost, Time: at, Missing: 12}, `"event":"lost","socket":null,"changed":null,"lived_ms":null,"missing":12}`},
		{watch.Event{Kind: watch.Lost, Time: at}, `"event":"lost","socket":null,"changed":null,"lived_ms":null,"missing":null}`},
	}
	var all []watch.Event
	for _, tt := range tests {
		all = append(all, tt.event)
	}
	var out bytes.Buffer
	if err := NewEvents(&out, "here", true).Write(all); err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(out.String()))
	if len(lines) != len(tests) {
		t.Fatalf("%d lines", len(lines))
	}
	for i, tt := range tests {
		var object map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &object); err != nil {
			t.Errorf("%s: %v", lines[i], err)
		}
		got := strings.TrimSuffix(lines[i], "\n")
		for _, e := range []*socket.Socket{tt.event.Socket, tt.event.Before} {
			if e != nil {
				got = strings.Replace(got, string(AppendSocket(nil, e, true)), "{}", 1)
			}
		}
		if want := `{"time":"2024-05-06T14:03:07.5Z","host":"here",` + tt.want; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
