package sockdiag

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sockls/sockls/collector/socket"
)

// reply is one call of Receive: a datagram or an error.
type reply struct {
	err  error
	data []byte
}

func datagram(messages ...[]byte) reply { return reply{data: bytes.Join(messages, nil)} }

// answer makes the replies to one request.
type answer func(seq uint32) []reply

// kernel is a Conn that answers requests one after the other from a script.
type kernel struct {
	t       testing.TB
	sendErr error
	answers []answer
	sent    [][]byte
	queue   []reply
	scratch bool // overwrite the buffer in front of each datagram
	closed  bool
}

func (k *kernel) Send(request []byte) error {
	if k.sendErr != nil {
		return k.sendErr
	}
	k.sent = append(k.sent, bytes.Clone(request))
	if len(k.answers) == 0 {
		k.t.Errorf("request %d was not expected: %x", len(k.sent), request)
		return errors.New("no answer in the script")
	}
	next := k.answers[0]
	k.answers = k.answers[1:]
	k.queue = append(k.queue, next(native.Uint32(request[8:]))...)
	return nil
}

func (k *kernel) Receive(b []byte) (int, error) {
	if len(k.queue) == 0 {
		k.t.Error("read past the end of the answer, where a kernel would be silent")
		return 0, errors.New("silence")
	}
	next := k.queue[0]
	k.queue = k.queue[1:]
	if k.scratch {
		for i := range b {
			b[i] = 0xee
		}
	}
	return copy(b, next.data), next.err
}

func (k *kernel) Close() error {
	k.closed = true
	return nil
}

// client is a client of this kernel.
func (k *kernel) client() *Client { return NewClient(k, testIfName) }

// dump is one dump by a new client.
func (k *kernel) dump(r Request) ([]socket.Socket, error) {
	k.t.Helper()
	rows, err := gather(k.client(), r)
	if len(k.answers) > 0 {
		k.t.Errorf("%d answers were not asked for", len(k.answers))
	}
	return rows, err
}

func gather(c *Client, r Request) ([]socket.Socket, error) {
	var rows []socket.Socket
	err := c.Dump(context.Background(), r, func(s *socket.Socket) error {
		rows = append(rows, *s)
		return nil
	})
	return rows, err
}

// recorded is an answer from testdata/netlink: datagrams in hexadecimal, each
// after a line of two dashes, with "seq" in the place of the sequence number
// and comments after a number sign. The bytes are those of a little-endian
// machine.
func recorded(t testing.TB, name string) answer {
	t.Helper()
	if native.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the answer is a little-endian machine's")
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "netlink", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return func(seq uint32) []reply {
		sequence := hex.EncodeToString(native.AppendUint32(nil, seq))
		var replies []reply
		for line := range strings.Lines(string(text)) {
			line, _, _ = strings.Cut(line, "#")
			line = strings.TrimSpace(line)
			if line == "--" {
				replies = append(replies, reply{})
				continue
			}
			for word := range strings.FieldsSeq(strings.ReplaceAll(line, "seq", sequence)) {
				b, err := hex.DecodeString(word)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				last := &replies[len(replies)-1]
				last.data = append(last.data, b...)
			}
		}
		return replies
	}
}
