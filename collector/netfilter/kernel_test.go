package netfilter

import (
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/sockls/sockls/collector/machine"
)

// kernel answers requests with the messages that it has of their kind.
type kernel struct {
	messages []byte
	// asked counts the requests of each kind.
	asked map[uint16]int
	// change, if it is there, is told of each answer and may change it.
	change func(k *kernel, kind uint16, answer []byte) []byte
	queue  [][]byte
	closed bool
}

func newKernel(messages []byte) *kernel {
	return &kernel{messages: messages, asked: make(map[uint16]int)}
}

func (k *kernel) Close() error {
	k.closed = true
	return nil
}

// answerOf is the kind that a request is answered with.
func answerOf(request uint16) uint16 {
	switch request {
	case msgGetTable:
		return msgNewTable
	case msgGetChain:
		return msgNewChain
	case msgGetRule:
		return msgNewRule
	case msgGetSet:
		return msgNewSet
	case msgGetSetElem:
		return msgNewSetElem
	}
	return msgNewGen
}

func (k *kernel) Send(request []byte) error {
	kind, seq := native.Uint16(request[4:])&0xff, native.Uint32(request[8:])
	k.asked[kind]++
	var answer []byte
	for rest := k.messages; len(rest) >= headerLen; {
		n := int(native.Uint32(rest))
		if n < headerLen || n > len(rest) {
			break
		}
		if m := rest[:n]; native.Uint16(m[4:]) == subsysTables<<8|answerOf(kind) && k.about(kind, request, m) {
			at := len(answer)
			answer = append(answer, m...)
			answer = append(answer, make([]byte, align4(n)-n)...)
			native.PutUint32(answer[at+8:], seq)
		}
		rest = rest[min(align4(n), len(rest)):]
	}
	if native.Uint16(request[6:])&flagDump != 0 {
		answer = append(answer, lastMessage(seq, 0)...)
	} else if answer == nil {
		answer = lastMessage(seq, -int32(errnoInvalid))
	}
	if k.change != nil {
		answer = k.change(k, kind, answer)
	}
	k.queue = append(k.queue, answer)
	return nil
}

// about tells whether an element list is that of the set that was asked for: its
// first two attributes name it, as those of the request.
func (k *kernel) about(kind uint16, request, m []byte) bool {
	if kind != msgGetSetElem || len(m) < headerLen+genLen {
		return true
	}
	var want, have [3]string
	for i, a := range attrs(request[headerLen+genLen:]) {
		if i < 3 {
			want[i] = a.text()
		}
	}
	for i, a := range attrs(m[headerLen+genLen:]) {
		if i < 3 {
			have[i] = a.text()
		}
	}
	return want == have && m[headerLen] == request[headerLen]
}

// lastMessage is NLMSG_DONE, or NLMSG_ERROR with an errno.
func lastMessage(seq uint32, errno int32) []byte {
	kind := uint16(nlmsgDone)
	if errno != 0 {
		kind = nlmsgError
	}
	b := native.AppendUint32(nil, headerLen+4)
	b = native.AppendUint16(b, kind)
	b = native.AppendUint16(b, 0)
	b = native.AppendUint32(b, seq)
	b = native.AppendUint32(b, 0)
	return native.AppendUint32(b, uint32(errno))
}

func (k *kernel) Receive(b []byte) (int, error) {
	if len(k.queue) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(b, k.queue[0])
	if k.queue[0] = k.queue[0][n:]; len(k.queue[0]) == 0 {
		k.queue = k.queue[1:]
	}
	return n, nil
}

// replay reads rules from recorded messages.
func replay(messages []byte) ([]machine.Forward, *reader, error) {
	r := newReader(newKernel(messages))
	set, err := r.begin()
	if err != nil {
		return nil, r, err
	}
	w := &walker{links: func(index uint32) (string, bool) { return loopback, index == loopbackIndex }}
	w.walk(set)
	return w.forwards(), r, nil
}

func littleEndian() bool {
	return native.Uint16([]byte{1, 0}) == binary.LittleEndian.Uint16([]byte{1, 0})
}

// TestChange has rules change while they are read: the kernel says so, gives
// another generation at the end, or something has gone.
func TestChange(t *testing.T) {
	generation := func(id uint32) []byte {
		b := appendRequest(nil, msgNewGen, 0, 0, 0)
		b = native.AppendUint16(native.AppendUint16(b, attrLen+4), attrGenID)
		b = big.AppendUint32(b, id)
		native.PutUint32(b, uint32(len(b)))
		return b
	}
	for _, tt := range []struct {
		name    string
		change  func(k *kernel, kind uint16, answer []byte) []byte
		changed bool
		fails   bool
	}{
		{name: "nothing"},
		{name: "generation", changed: true, change: func(k *kernel, kind uint16, answer []byte) []byte {
			if kind == msgGetGen && k.asked[kind] == 2 {
				answer[len(answer)-1]++
			}
			return answer
		}},
		{name: "interrupted", changed: true, change: func(_ *kernel, kind uint16, answer []byte) []byte {
			if kind == msgGetChain {
				native.PutUint16(answer[6:], flagDumpIntr)
			}
			return answer
		}},
		{name: "refused", fails: true, change: func(_ *kernel, kind uint16, answer []byte) []byte {
			if kind == msgGetTable {
				return lastMessage(native.Uint32(answer[8:]), -int32(errnoPerm))
			}
			return answer
		}},
		{name: "no nftables", change: func(k *kernel, _ uint16, answer []byte) []byte {
			return lastMessage(native.Uint32(answer[8:]), -int32(errnoInvalid))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := newKernel(generation(7))
			k.change = tt.change
			r := newReader(k)
			_, err := r.begin()
			var errno refusal
			if errors.As(err, &errno) != tt.fails {
				t.Fatalf("begin: %v", err)
			}
			if got := !r.unchanged(); got != tt.changed {
				t.Errorf("changed: %t", got)
			}
		})
	}
}
