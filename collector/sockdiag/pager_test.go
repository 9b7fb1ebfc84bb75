package sockdiag

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

// perPage rows make a datagram so long that the receiver runs ahead.
const perPage = 250

// longRows are rows with the cookies from first on.
func longRows(seq uint32, first uint64) [][]byte {
	var messages [][]byte
	for i := range uint64(perPage) {
		messages = append(messages, udpRow(seq, first+i))
	}
	return messages
}

// longAnswer has pages of rows with the cookies from 1 on, and no end.
func longAnswer(seq uint32, pages int) []reply {
	var all []reply
	for i := range uint64(pages) {
		all = append(all, datagram(longRows(seq, 1+i*perPage)...))
	}
	return all
}

// wantCookies are the numbers from 1 to n.
func wantCookies(n uint64) []uint64 {
	var all []uint64
	for i := range n {
		all = append(all, i+1)
	}
	return all
}

// TestLongAnswers: datagrams that are received ahead make the same rows and
// errors in the same order.
func TestLongAnswers(t *testing.T) {
	t.Parallel()
	const pages = 40
	if n := len(longAnswer(1, 1)[0].data); n < longPage || n > 32<<10 {
		t.Fatalf("a page of %d bytes", n)
	}
	tests := []struct {
		name string
		end  func(seq uint32) []reply
		want outcome
	}{
		{
			name: "the end by itself",
			end:  func(seq uint32) []reply { return []reply{datagram(done(seq, 0))} },
		},
		{
			name: "the end behind rows",
			end: func(seq uint32) []reply {
				return []reply{datagram(append(longRows(seq, 1+pages*perPage), done(seq, 0))...)}
			},
			want: outcome{rows: wantCookies((pages + 1) * perPage)},
		},
		{
			name: "an error at the end",
			end:  func(seq uint32) []reply { return []reply{datagram(done(seq, int32(syscall.ENOMEM)))} },
			want: outcome{err: syscall.ENOMEM},
		},
		{
			name: "receive fails",
			end:  func(uint32) []reply { return []reply{{err: syscall.ENOBUFS}} },
			want: outcome{err: syscall.ENOBUFS},
		},
		{
			name: "damage",
			end:  func(uint32) []reply { return []reply{{data: []byte{1, 2, 3}}} },
			want: outcome{err: errShort},
		},
		{
			name: "the end of an older answer on the way",
			end: func(seq uint32) []reply {
				return []reply{
					datagram(done(seq-1, 0)),
					{},
					datagram(nlmsg(nlmsgError, 0, seq+1, pack(int32(-1)))),
					datagram(append([][]byte{done(seq+7, 0)}, longRows(seq, 1+pages*perPage)...)...),
					datagram(done(seq, 0)),
				}
			},
			want: outcome{rows: wantCookies((pages + 1) * perPage)},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.want.rows == nil {
				tt.want.rows = wantCookies(pages * perPage)
			}
			k := &kernel{t: t, scratch: true, answers: script(func(seq uint32) []reply {
				return append(longAnswer(seq, pages), tt.end(seq)...)
			})}
			var rows []socket.Socket
			var err error
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				rows, err = k.dump(udp4)
			}()
			select {
			case <-ended:
			case <-time.After(20 * time.Second):
				t.Fatal("the dump waits for an answer that has been read")
			}
			check(t, tt.want, rows, err)
			if len(k.queue) > 0 {
				t.Errorf("%d datagrams were not read", len(k.queue))
			}
		})
	}
}

// TestLongAnswerAbandoned: whoever leaves early leaves nobody behind that
// still reads from the connection, which the race detector would see.
func TestLongAnswerAbandoned(t *testing.T) {
	t.Parallel()
	say := func(seq uint32) []reply { return append(longAnswer(seq, 40), datagram(done(seq, 0))) }
	enough := errors.New("enough")
	for _, after := range []int{1, perPage - 1, perPage, perPage + 1, 3*perPage + 7} {
		k := &kernel{t: t, scratch: true, answers: script(say)}
		c := k.client()
		n := 0
		err := c.Dump(context.Background(), udp4, func(*socket.Socket) error {
			if n++; n == after {
				return enough
			}
			return nil
		})
		if err != enough || n != after { //nolint:errorlint // the very error is promised
			t.Errorf("error %v after %d rows, want %d", err, n, after)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if len(k.queue) == 0 {
			t.Error("the rest of the answer was read for nobody")
		}
	}

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	k := &kernel{t: t, answers: script(say)}
	var rows []socket.Socket
	err := k.client().Dump(ctx, udp4, func(s *socket.Socket) error {
		if rows = append(rows, *s); len(rows) == 2*perPage {
			cancel()
		}
		return nil
	})
	check(t, outcome{rows: wantCookies(2 * perPage), err: context.Canceled}, rows, err)
}

func TestCloses(t *testing.T) {
	t.Parallel()
	p := &pager{seq: 7}
	tests := []struct {
		name string
		page []byte
		want bool
	}{
		{name: "empty"},
		{name: "rows", page: pack(udpRow(7, 1), udpRow(7, 2))},
		{name: "DONE", page: pack(udpRow(7, 1), done(7, 0)), want: true},
		{name: "ERROR", page: nlmsg(nlmsgError, 0, 7, pack(int32(-1))), want: true},
		{name: "another's DONE", page: pack(done(6, 0), udpRow(7, 1))},
		{name: "another's DONE before this one's", page: pack(done(6, 0), done(7, 0)), want: true},
		{name: "damage", page: pack(udpRow(7, 1), []byte{1}), want: true},
	}
	got, want := map[string]bool{}, map[string]bool{}
	for _, tt := range tests {
		got[tt.name], want[tt.name] = p.closes(tt.page), tt.want
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ends (-want +got):\n%s", diff)
	}
}
