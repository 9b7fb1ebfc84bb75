package sockdiag

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/sockls/sockls/collector/socket"
)

// Stream reads answers to requests for TCP sockets that were kept as the kernel
// sent them, in the byte order of the machine that it did so on: netlink
// messages one after the other, of each answer the rows and the message that
// ends it. That is what "ss -D" writes, which asks for IPv4 and then for IPv6.
type Stream struct {
	r      *bufio.Reader
	dec    decoder
	recent recent
	row    socket.Socket
	buf    []byte
	at     int64 // where the message begins that was read last
	next   int64
	open   bool // there were messages after the end of the last answer

	// Interrupted tells that the kernel said that its table changed while it
	// wrote it, Refused how many answers ended with an error in place of rows.
	Interrupted bool
	Refused     int
}

// maxMessage is far above what a row with all its attributes takes.
const maxMessage = 1 << 20

// StreamHead is how many bytes tell whether a file is a Stream.
const StreamHead = headerLen + 4

// ErrByteOrder is a file of a machine whose numbers are the other way round.
var ErrByteOrder = errors.New("it was written on a machine of the other byte order")

// DetectStream reports whether a file that begins with head is a Stream. It is
// ErrByteOrder where it is one that this machine cannot read.
func DetectStream(head []byte) (bool, error) {
	if looksLikeStream(head, native) {
		return true, nil
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if looksLikeStream(head, order) {
			return true, ErrByteOrder
		}
	}
	return false, nil
}

// looksLikeStream knows the messages that can stand first.
func looksLikeStream(head []byte, order binary.ByteOrder) bool {
	if len(head) < StreamHead {
		return false
	}
	n := order.Uint32(head)
	switch order.Uint16(head[4:]) {
	case nlmsgDone, nlmsgError:
		return n >= StreamHead && n <= maxMessage
	case typeTCPDiag, typeByFamily:
		family := head[headerLen]
		return n >= headerLen+inetMessageLen && n <= maxMessage && (family == afInet || family == afInet6)
	}
	return false
}

// NewStream reads from r. IfName names the interfaces of the machine that the
// answers are from. The rows come with the details that were asked for when
// they were written.
func NewStream(r io.Reader, ifName func(index uint32) string) *Stream {
	s := &Stream{r: bufio.NewReaderSize(r, receiveSize), dec: decoder{ifName: ifName}}
	s.dec.details.want(tableDetails, TailUnknown)
	return s
}

// Offset is where the message begins that was read last, for errors.
func (s *Stream) Offset() int64 { return s.at }

// Next returns the next row, which is good until the call after. The error is
// io.EOF at the end, and io.ErrUnexpectedEOF where a message or the end of an
// answer is missing.
func (s *Stream) Next() (*socket.Socket, error) {
	for {
		m, err := s.message()
		if err != nil {
			return nil, err
		}
		s.open = true
		s.Interrupted = s.Interrupted || m.flags&flagDumpIntr != 0
		switch m.kind {
		case nlmsgNoop:
		case nlmsgDone, nlmsgError:
			s.open = false
			errno, _, err := errnoError(m)
			if err != nil {
				return nil, err
			}
			if errno != 0 {
				s.Refused++
			}
		case typeTCPDiag, typeByFamily:
			if !s.dec.decodeInet(m.payload, socket.TCP, &s.row) {
				return nil, fmt.Errorf("a message of %d bytes that is no TCP socket", headerLen+len(m.payload))
			}
			if !s.recent.seen(&s.row) {
				return &s.row, nil
			}
		default:
			return nil, fmt.Errorf("a message of the unknown type %d", m.kind)
		}
	}
}

// message reads one message into the buffer.
func (s *Stream) message() (message, error) {
	s.at = s.next
	header, err := s.r.Peek(headerLen)
	switch {
	case len(header) == 0 && errors.Is(err, io.EOF):
		if s.open {
			return message{}, io.ErrUnexpectedEOF
		}
		return message{}, io.EOF
	case len(header) < headerLen && errors.Is(err, io.EOF):
		return message{}, io.ErrUnexpectedEOF
	case err != nil:
		return message{}, err
	}
	n := int64(native.Uint32(header))
	if n < headerLen || n > maxMessage {
		return message{}, fmt.Errorf("a message of %d bytes", n)
	}
	if int64(len(s.buf)) < n {
		s.buf = make([]byte, n)
	}
	if _, err := io.ReadFull(s.r, s.buf[:n]); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return message{}, err
	}
	m, _, err := nextMessage(s.buf[:n])
	if err != nil {
		return message{}, err
	}
	// What fills up to the next message can be missing behind the last one.
	padding, err := s.r.Discard(align4(int(n)) - int(n))
	if err != nil && !errors.Is(err, io.EOF) {
		return message{}, err
	}
	s.next += n + int64(padding)
	return m, nil
}
