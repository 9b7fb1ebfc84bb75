package fact

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sockls/sockls/collector/socket"
)

// TestFacts is what every fact promises.
func TestFacts(t *testing.T) {
	t.Parallel()
	names, keys := map[string]bool{}, map[string]bool{}
	word := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	for _, f := range All() {
		if names[f.Name] || !word.MatchString(f.Name) {
			t.Errorf("name %q is not a new word", f.Name)
		}
		names[f.Name] = true
		if key := f.Group.String() + "." + f.Key; keys[key] || f.Key == "" {
			t.Errorf("%s: key %q is not new", f.Name, key)
		} else {
			keys[key] = true
		}
		if f.Help == "" || strings.Contains(f.Help, "%!") {
			t.Errorf("%s: help %q", f.Name, f.Help)
		}
		if text := f.Kind == Text; (f.Text != nil) != text || (f.SetText != nil) != text || (f.Number == nil) != text || (f.SetNumber == nil) != text {
			t.Errorf("%s: functions are not those of its kind", f.Name)
		}
		if f.Group != NoGroup && f.Details == 0 {
			t.Errorf("%s: no details", f.Name)
		}
		unit := map[Kind]string{Bytes: "bytes", Microseconds: "microseconds", Milliseconds: "milliseconds", ByteRate: "bytes a second"}[f.Kind]
		if known := regexp.MustCompile("PACKET_|SO_|sen[dt] |rmem|drop"); unit != "" && !strings.Contains(f.Help, unit) && !known.MatchString(f.Help) {
			t.Errorf("%s: help %q does not name the unit %s", f.Name, f.Help, unit)
		}
		found, ok := Lookup(f.Name)
		if !ok || found.Name != f.Name || found.Group != f.Group {
			t.Errorf("Lookup(%q) = %q of %q, %v", f.Name, found.Name, found.Group, ok)
		}
	}
	if _, ok := Lookup("nonsense"); ok {
		t.Error("there is a fact named nonsense")
	}
	if Of(groupEnd) != nil || Group(200).String() != "" {
		t.Error("a group that is not one has facts or a name")
	}
}

// TestAbsent: a socket without details has none of the facts that take some,
// and asking makes none.
func TestAbsent(t *testing.T) {
	t.Parallel()
	for _, details := range []*socket.Details{nil, {}, {TCP: &socket.TCPInfo{}, Extended: &socket.Extended{}, IP: &socket.IPOptions{}, Reuse: &socket.Reuse{}}} {
		for _, g := range append(Groups(), groupEnd) {
			for _, f := range Of(g) {
				s := &socket.Socket{Details: details}
				if f.Kind == Text {
					if text, ok := f.Text(s); ok && text != "open" {
						t.Errorf("%s is told as %q", f.Name, text)
					}
				} else if n, ok := f.Number(s); ok {
					t.Errorf("%s is told as %d", f.Name, n)
				}
			}
		}
	}
}

// values are what a fact of a kind is set to.
func values(f Fact, r *rand.Rand) []int64 {
	if f.Kind == Flag {
		return []int64{0, 1}
	}
	return []int64{1, 2, 100, r.Int64N(200)}
}

// TestRoundTrip: what was set is read back, on an empty socket and on one that
// has everything else.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, f := range All() {
		for _, full := range []bool{false, true} {
			s := &socket.Socket{Family: socket.IPv6}
			if full {
				for _, other := range All() {
					if other.Kind != Text {
						other.SetNumber(s, r.Int64N(100)+1)
					}
				}
			}
			if f.Kind == Text {
				for _, want := range texts(f) {
					f.SetText(s, want)
					if got, ok := f.Text(s); !ok || got != want {
						t.Errorf("%s: %q, %v; set to %q", f.Name, got, ok, want)
					}
				}
				continue
			}
			set := values(f, r)
			if f.Group == Timer {
				lookup(t, "timer").SetText(s, "on")
			}
			for _, want := range set {
				f.SetNumber(s, want)
				if got, ok := f.Number(s); want != 0 && (!ok || got != want) {
					t.Errorf("%s: %d, %v; set to %d", f.Name, got, ok, want)
				}
			}
		}
	}
}

func lookup(t *testing.T, name string) Fact {
	t.Helper()
	f, ok := Lookup(name)
	if !ok {
		t.Fatalf("there is no fact %q", name)
	}
	return f
}

// texts are some values of a text: those that its help lists, or any.
func texts(f Fact) []string {
	if _, list, ok := strings.Cut(f.Help, ": "); ok {
		split := ", "
		if strings.Contains(list, ";") {
			split = "; "
		}
		var all []string
		for _, word := range strings.Split(list, split) {
			word, _, _ = strings.Cut(word, " (")
			all = append(all, word)
		}
		return all
	}
	switch f.Name {
	case "mptcp-write-seq", "mptcp-snd-una", "mptcp-rcv-nxt", "subflow-map-seq":
		return []string{"0", "1f", "e824727c9f4e2255"}
	}
	if f.Name == "tls-cipher" {
		return tlsCiphers()[51:]
	}
	return []string{"x", "a text", "\xff\n"}
}

// TestStrangeValues: what no kernel says is ignored and never panics.
func TestStrangeValues(t *testing.T) {
	t.Parallel()
	for _, f := range All() {
		s := &socket.Socket{}
		if f.Kind == Text {
			f.SetText(s, "")
			f.SetText(s, "no such value")
			f.Text(s)
			continue
		}
		for _, n := range []int64{-1 << 63, -1, 1<<63 - 1} {
			s := &socket.Socket{}
			f.SetNumber(s, n)
			if got, ok := f.Number(s); ok && got != n && got != 0 && f.Kind != Flag {
				t.Errorf("%s is %d when set to %d", f.Name, got, n)
			}
		}
	}
}

// TestKeys: names in the JSON are a contract, and say their unit.
func TestKeys(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"recv-q": "recv_q", "netns": "netns.inode", "netns-name": "netns.name", "rtt": "rtt_us", "lastsnd": "lastsnd_ms",
		"pacing-rate": "pacing_rate_bytes_per_s", "cwnd": "cwnd", "expires": "expires_ms", "wmem-queued": "wmem_queued",
		"bytes-acked": "bytes_acked", "cgroup-id": "cgroup_id", "app-limited": "app_limited",
	} {
		if got := lookup(t, name).Key; got != want {
			t.Errorf("%s has the key %q, want %q", name, got, want)
		}
	}
}

// TestListeners: of a listener the kernel fills four fields, and two with what
// they do not mean.
func TestListeners(t *testing.T) {
	t.Parallel()
	s := &socket.Socket{State: socket.Listen, Details: &socket.Details{TCP: &socket.TCPInfo{Size: 280, Congestion: "bbr", Options: 0xff}}}
	var told []string
	for _, f := range Of(TCP) {
		ok := false
		if f.Kind == Text {
			_, ok = f.Text(s)
		} else {
			_, ok = f.Number(s)
		}
		if ok {
			told = append(told, f.Name)
		}
	}
	want := []string{"congestion", "cwnd", "reordering", "pacing-rate", "max-pacing-rate"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("facts of a listener (-want +got):\n%s", diff)
	}
}

// TestNone: the numbers by which the kernel says that there is no value.
func TestNone(t *testing.T) {
	t.Parallel()
	s := &socket.Socket{Details: &socket.Details{TCP: &socket.TCPInfo{
		Size: 280, SendSsthresh: socket.InfiniteSsthresh, MinRTT: socket.NoMinRTT,
		PacingRate: socket.Unlimited, MaxPacingRate: socket.Unlimited,
	}}}
	for _, name := range []string{"ssthresh", "minrtt", "pacing-rate", "max-pacing-rate"} {
		if n, ok := lookup(t, name).Number(s); ok {
			t.Errorf("%s is told as %d", name, n)
		}
	}
	for _, name := range []string{"retrans", "lost", "delivered", "rtt", "received-ce"} {
		if n, ok := lookup(t, name).Number(s); !ok || n != 0 {
			t.Errorf("%s = %d, %v, and the kernel said 0", name, n, ok)
		}
	}
	lookup(t, "rcv-wnd").SetNumber(s, 5)
	fresh := &socket.Socket{}
	lookup(t, "rcv-wnd").SetNumber(fresh, 5)
	if n, ok := lookup(t, "ssthresh").Number(fresh); ok {
		t.Errorf("ssthresh of a file that has none is %d", n)
	}
}

// TestCopy: a row that is kept shares nothing with the one that is reused.
func TestCopy(t *testing.T) {
	t.Parallel()
	fill := func(n int64) *socket.Socket {
		s := &socket.Socket{}
		for _, f := range All() {
			if f.Kind == Text {
				f.SetText(s, fmt.Sprint(n))
				for _, x := range texts(f) {
					f.SetText(s, x)
				}
			} else {
				f.SetNumber(s, n)
			}
		}
		return s
	}
	s := fill(1)
	var rows socket.Rows
	kept := rows.Add(s)
	for _, f := range Of(TCP) {
		if f.Kind != Text {
			f.SetNumber(s, 2)
		}
	}
	for _, g := range Groups() {
		for _, f := range Of(g) {
			if f.Kind != Text {
				f.SetNumber(s, 2)
			}
		}
	}
	if diff := cmp.Diff(fill(1), kept, cmpopts.EquateComparable(socket.Endpoint{})); diff != "" {
		t.Errorf("the copy changed with the original (-want +got):\n%s", diff)
	}
	noZero(t, "Details", reflect.ValueOf(*kept.Details))
}

// noZero: facts reach every pointer of the details.
func noZero(t *testing.T, name string, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Pointer {
			if f.IsNil() {
				t.Errorf("%s.%s: no fact sets it", name, v.Type().Field(i).Name)
				continue
			}
			noZero(t, name+"."+v.Type().Field(i).Name, f.Elem())
		} else if f.IsZero() {
			t.Errorf("%s.%s: no fact sets it", name, v.Type().Field(i).Name)
		}
	}
}

func BenchmarkAll(b *testing.B) {
	for b.Loop() {
		for g := range groupEnd {
			makers[g]()
		}
	}
}

// BenchmarkNumbers reads all that a TCP connection may have.
func BenchmarkNumbers(b *testing.B) {
	s := &socket.Socket{Proto: socket.TCP, State: socket.Established, Details: &socket.Details{TCP: &socket.TCPInfo{Size: 280, Congestion: "bbr"}}}
	all := Of(TCP)
	for b.Loop() {
		for i := range all {
			if f := &all[i]; f.Kind == Text {
				f.Text(s)
			} else {
				f.Number(s)
			}
		}
	}
}
