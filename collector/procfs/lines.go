package procfs

import (
	"bufio"
	"errors"
	"io"
)

// lineReader cuts a stream into lines without copying them. Unlike
// bufio.Scanner it survives a line that is longer than its buffer.
type lineReader struct {
	buf *bufio.Reader
}

func newLineReader(r io.Reader, size int) *lineReader {
	return &lineReader{buf: bufio.NewReaderSize(r, size)}
}

// next returns the next line without its newline; the bytes are valid until
// the following call. When the line does not fit the buffer, whole is false
// and only its beginning is returned. The error is io.EOF after the last line,
// which need not be terminated.
func (l *lineReader) next() (line []byte, whole bool, err error) {
	line, err = l.buf.ReadSlice('\n')
	switch {
	case err == nil:
		return line[:len(line)-1], true, nil
	case errors.Is(err, bufio.ErrBufferFull):
		start := append([]byte(nil), line[:min(len(line), maxShown)]...)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = l.buf.ReadSlice('\n')
		}
		if err == io.EOF {
			// The line itself has been seen; the end is told by the next call.
			err = nil
		}
		return start, false, err
	case err == io.EOF && len(line) > 0:
		return line, true, nil
	}
	return nil, false, err
}
