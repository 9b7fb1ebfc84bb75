package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
)

// played is a source that shows one picture after the other, and stays at the last.
type played struct {
	pictures [][]socket.Socket
	n        atomic.Int64
	// over, if not nil, is called when all that the pictures show has been told.
	over func()
	// gone is closed when the last one is shown, in which the last socket of the
	// others is missing.
	gone chan struct{}
}

// Look implements watch.Source.
func (p *played) Look(_ context.Context, yield func(*socket.Socket) error) (socket.Report, error) {
	n := int(p.n.Add(1))
	at := min(n, len(p.pictures)) - 1
	if n == len(p.pictures) {
		if n > 1 {
			close(p.gone)
		}
		if p.over != nil {
			time.AfterFunc(time.Second, p.over)
		}
	}
	for _, s := range p.pictures[at] {
		if err := yield(&s); err != nil {
			return socket.Report{}, err
		}
	}
	return socket.Report{}, nil
}

// Identify implements watch.Source.
func (p *played) Identify(_ context.Context, rows []*socket.Socket) (socket.Report, error) {
	for _, s := range rows {
		s.Processes = []socket.Holder{{Process: &socket.Process{PID: 7, Name: "one"}, FD: 3}}
	}
	return socket.Report{}, nil
}

// Held implements watch.Source.
func (p *played) Held(*socket.Socket) bool { return true }

// Subscribe implements watch.Source.
func (p *played) Subscribe() (watch.Subscription, error) { return obituary{p}, nil }

// obituary tells of the end of the socket that goes.
type obituary struct{ *played }

// Listen implements watch.Subscription.
func (o obituary) Listen(ctx context.Context, hear func(*socket.Socket, int) error) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-o.gone:
	}
	before := o.pictures[len(o.pictures)-2]
	last := before[len(before)-1]
	if len(before) == len(o.pictures[len(o.pictures)-1]) { // it was not in the picture
		<-ctx.Done()
		return ctx.Err()
	}
	last.State = socket.Close
	if err := hear(&last, 0); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// MoreMissing implements watch.Subscription.
func (obituary) MoreMissing() int { return 0 }

// Close implements watch.Subscription.
func (obituary) Close() error { return nil }

// playedConnection is a connection that is there from the second picture on, changes, and goes.
func playedConnection() *played {
	end := func(port uint32) socket.Endpoint {
		return socket.Endpoint{Addr: netip.MustParseAddr("127.0.0.1"), Port: port}
	}
	stands := socket.Socket{
		Proto: socket.TCP, Family: socket.IPv4, Type: socket.Stream, State: socket.Established,
		Local: end(1), Remote: end(2), Cookie: 1, Inode: 1,
	}
	comes := stands
	comes.Local, comes.Cookie, comes.Inode = end(3), 2, 2
	changes := comes
	changes.State = socket.CloseWait
	return &played{gone: make(chan struct{}), pictures: [][]socket.Socket{{stands}, {stands, comes}, {stands, changes}, {stands}}}
}

// runWatch runs the command on a source.
func runWatch(ctx context.Context, source watch.Source, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	s := streams.Streams{Out: &out, Err: &errs, Env: func(string) string { return "" }}
	cmd := newWatchCmd(s, func(o *watchOptions) error {
		o.source = source
		return watchRun(ctx, o)
	})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	code = execute(ctx, s, cmd, append([]string{"--interval", "10ms"}, args...))
	return code, out.String(), errs.String()
}

func TestWatch(t *testing.T) {
	t.Parallel()
	const (
		there   = "= tcp ESTABLISHED 127.0.0.1:1 127.0.0.1:2 one[7]"
		opened  = "+ tcp ESTABLISHED 127.0.0.1:3 127.0.0.1:2 one[7]"
		changed = "~ tcp CLOSE_WAIT 127.0.0.1:3 127.0.0.1:2 one[7] was ESTABLISHED"
		closed  = "- tcp CLOSE_WAIT 127.0.0.1:3 127.0.0.1:2 one[7] lived"
	)
	tests := []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"--for", "1h"}, 0, []string{opened, changed, closed}},
		{[]string{"--for", "1h", "--initial", "--events"}, 0, []string{there, opened, changed, closed}},
		{[]string{"--count", "2", "--initial"}, 0, []string{there, opened, changed}},
		{[]string{"--count", "1"}, 0, []string{opened}},
		{[]string{"--until", "state close-wait"}, 0, []string{opened, changed}},
		{[]string{"--until", "state established"}, 0, []string{there}},
		{[]string{"--until", "open"}, 0, []string{opened}},
		{[]string{"--until", "close and sport = :3"}, 0, []string{opened, changed, closed}},
		{[]string{"--until", "close sport = :3"}, 0, []string{opened, changed, closed}},
		{[]string{"--until", "close sport = :1", "--for", "1h"}, 1, []string{opened, changed, closed}},
		{[]string{"--until", "process = two", "--for", "1h"}, 1, []string{opened, changed, closed}},
		{[]string{"--until", "process = one"}, 0, []string{there}},
		{[]string{"--for", "1h", "sport", "=", ":1"}, 0, nil},
		{[]string{"--for", "1h", "state", "close-wait"}, 0, []string{"+" + strings.Replace(changed[1:], " was", " matches now, was", 1), closed}},
		{[]string{"--for", "1h", "process", "=", "one"}, 0, []string{opened, changed, closed}},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			t.Parallel()
			source := playedConnection()
			if slices.Contains(tt.args, "sport") && slices.Contains(tt.args, ":1") {
				for i := range source.pictures { // a source judges what lasts
					source.pictures[i] = source.pictures[i][:1]
				}
			}
			// Time is up when everything has happened, however busy the machine is.
			ctx, end := context.WithCancelCause(t.Context())
			defer end(nil)
			if slices.Contains(tt.args, "--for") {
				source.over = func() { end(errTimeUp) }
			}
			code, out, errs := runWatch(ctx, source, tt.args...)
			var got []string
			for line := range strings.Lines(out) {
				words := strings.Fields(line)[1:]
				line = strings.Join(words, " ")
				if i := strings.Index(line, " lived"); i >= 0 {
					line = line[:i+len(" lived")]
				}
				got = append(got, line)
			}
			// What time ends, ends with a summary; what has come true says nothing.
			summed := strings.HasPrefix(errs, "sockls: ") && strings.Count(errs, "\n") == 1 && strings.Contains(errs, " none lost, in ")
			unmet := strings.Contains(errs, "--until has not come true")
			if summed != slices.Contains(tt.args, "--for") || unmet != (tt.code == exitTimeOut) {
				t.Errorf("stderr %q", errs)
			}
			if code != tt.code || !slices.Equal(got, tt.want) {
				t.Errorf("code %d, stderr %q, got\n%s", code, errs, strings.Join(got, "\n"))
			}
		})
	}
}

func TestWatchJSONL(t *testing.T) {
	t.Parallel()
	code, out, errs := runWatch(t.Context(), playedConnection(), "--jsonl", "--count", "3")
	if code != 0 || errs != "" {
		t.Errorf("code %d, stderr %q", code, errs)
	}
	var kinds []string
	for line := range strings.Lines(out) {
		var event struct {
			Time   time.Time
			Host   *string
			Event  string
			Socket struct {
				Local     struct{ Port int }
				Processes []struct{ PID int }
			}
			Changed []string
			Lived   *int `json:"lived_ms"`
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, event.Event)
		if event.Host == nil || event.Socket.Local.Port != 3 || len(event.Socket.Processes) != 1 || time.Since(event.Time) > time.Minute {
			t.Errorf("%+v", event)
		}
	}
	if got := strings.Join(kinds, " "); got != "open change close" {
		t.Errorf("events %s", got)
	}
}

func TestWatchUsage(t *testing.T) {
	t.Parallel()
	tests := []struct{ args, want string }{
		{"--count 0", "from 1 on"},
		{"--until opne", "did you mean"},
		{"--interval 1ms", "10ms or more"},
		{"--for nonsense", "30s or 5m"},
		{"--queue -1", "number of bytes"},
		{"--color mauve", "auto, always or never"},
		{"--until state=bogus", "bogus"},
		{"-t --until udp", "can never be true"},
		{"--no-processes --until process=one", "nothing to match"},
		{"--no-processes process=one", "nothing to match"},
		{"-N nowhere-at-all", "nowhere-at-all"},
		{"sport", "sport"},
	}
	for _, tt := range tests {
		code, out, errs := runWatch(t.Context(), playedConnection(), append(strings.Fields(tt.args), "--for", "1")...)
		if tt.args == "--for nonsense" {
			code, out, errs = runWatch(t.Context(), playedConnection(), strings.Fields(tt.args)...)
		}
		if code != exitFailed || out != "" || !strings.Contains(errs, tt.want) {
			t.Errorf("%s: code %d, stdout %q, stderr %q", tt.args, code, out, errs)
		}
	}
}

// TestWatchFull: what cannot be written is a failure.
func TestWatchFull(t *testing.T) {
	t.Parallel()
	var errs bytes.Buffer
	s := streams.Streams{Out: fullWriter{}, Err: &errs, Env: func(string) string { return "" }}
	cmd := newWatchCmd(s, func(o *watchOptions) error {
		o.source = playedConnection()
		return watchRun(t.Context(), o)
	})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	if code := execute(t.Context(), s, cmd, []string{"--interval", "10ms"}); code != exitFailed || !strings.Contains(errs.String(), "no space") {
		t.Errorf("code %d, %s", code, errs.String())
	}
}

type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// TestWatchReaderGone: a watch ends when nobody reads it, even if nothing happens.
func TestWatchReaderGone(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var errs bytes.Buffer
	s := streams.Streams{Out: w, Err: &errs, Env: func(string) string { return "" }}
	cmd := newWatchCmd(s, func(o *watchOptions) error {
		o.source = &played{pictures: [][]socket.Socket{nil}}
		return watchRun(t.Context(), o)
	})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	ended := make(chan int)
	go func() { ended <- execute(t.Context(), s, cmd, []string{"--interval", "10ms"}) }()
	select {
	case <-ended:
		t.Fatal("it has ended")
	case <-time.After(100 * time.Millisecond):
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case code := <-ended:
		if code != 0 || errs.Len() > 0 {
			t.Errorf("code %d, %s", code, errs.String())
		}
	case <-time.After(10 * time.Second):
		t.Error("it goes on")
	}
}

func TestWatchSummary(t *testing.T) {
	t.Parallel()
	o := &teller{o: &watchOptions{}, begun: time.Now()}
	if got, want := o.summary(), "sockls: 0 opens, 0 closes, 0 changes, none lost, in 0s"; got != want {
		t.Errorf("%q", got)
	}
	for kind, n := range map[watch.Kind]int{watch.Open: 1, watch.Close: 2, watch.Change: 3, watch.Lost: 1} {
		for range n {
			o.tally(&watch.Event{Kind: kind})
		}
	}
	if got, want := o.summary(), "sockls: 1 open, 2 closes, 3 changes, some may be missing, in 0s"; got != want {
		t.Errorf("%q", got)
	}
	o.tally(&watch.Event{Kind: watch.Lost, Missing: 9})
	if got, want := o.summary(), "9 events may be missing"; !strings.Contains(got, want) {
		t.Errorf("%q", got)
	}
	// What an interrupt ends, ends with that.
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errInterrupted)
	var errs bytes.Buffer
	o.o.streams.Err = &errs
	if err := o.ended(ctx, ctx.Err()); err != nil || !strings.HasPrefix(errs.String(), "sockls: 1 open") {
		t.Errorf("%v, %q", err, errs.String())
	}
	o.until = &condition{}
	var code exitError
	if err := o.ended(ctx, ctx.Err()); !errors.As(err, &code) || code != exitTimeOut {
		t.Errorf("%v", err)
	}
}
