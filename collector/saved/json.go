package saved

import (
	"io"
	"math"

	"github.com/sockls/sockls/collector/socket"
)

// Schema names the contract that this package reads.
const Schema = "sockls/v1"

// jsonReader reads a document, or objects that are one socket each.
type jsonReader struct {
	*decoder
	form     form
	known    part // of the document's keys those that came
	topHost  text
	origin   socket.Origin
	source   socket.Source
	notes    []socket.Notice
	topFirst bool // no key of the outermost object came yet
	// more rows follow in the array of sockets, of which first tells that none
	// came before.
	inArray, first bool
	// waiting are rows that were read and not returned: the first line, or the
	// sockets of a document that says afterwards what they are.
	waiting []row
	// others counts the lines of another machine or time than the first, and
	// asked those that tell of processes.
	others, asked int
}

type form uint8

const (
	unknownForm form = iota
	document
	lines
)

// part is a set of keys of a document.
type part uint8

const (
	partSchema part = 1 << iota
	partHost
	partTime
	partSource
	partNotices
	partSockets
	// partAbout has to be known before the first socket goes out.
	partAbout = partSchema | partHost | partTime | partSource | partNotices
)

// newJSONReader reads up to the first socket of a document, or the first line.
func newJSONReader(r io.Reader) *jsonReader {
	j := &jsonReader{decoder: newDecoder(newScanner(r)), topFirst: true}
	j.start()
	j.inSocket = false // so far
	j.begin()
	at := j.token
	j.open('{')
	j.top()
	switch {
	case j.err != nil || j.form == document:
	case j.form == lines:
		j.finish(at)
		j.wait()
	default:
		j.token = at
		j.fail(foreign(`an object with neither "schema" nor "proto"`))
	}
	if j.err != nil && j.form == lines && !j.named { // not only this value is wrong
		j.err.err = foreign(j.err.err.Error())
	}
	return j
}

// wait keeps the row that was read last.
func (j *jsonReader) wait() {
	if j.err == nil {
		j.waiting = append(j.waiting, j.row)
	}
}

// top reads the keys of the outermost object, until the sockets begin or it ends.
func (j *jsonReader) top() {
	for j.err == nil && j.more('}', j.topFirst) {
		j.topFirst = false
		key := j.scanner.key()
		if j.err != nil {
			return
		}
		if !j.topKey(string(key)) {
			return
		}
		j.keyEnd()
	}
	switch {
	case j.err != nil || j.form != document:
	case j.known&partSchema == 0:
		j.fail(foreign(`a document without "schema"`))
	case j.known&partSockets == 0:
		j.fail(foreign(`a document without "sockets"`))
	}
}

// topKey reads the value of one key. It reports false when the sockets begin
// and are to be read one by one.
func (j *jsonReader) topKey(key string) bool {
	switch p := partOf(key); {
	case p == partHost, p == partTime, p != 0 && j.form != lines:
		if j.known&p != 0 {
			j.failf("it stands here twice")
		}
		j.known |= p
		return j.part(p)
	case key == "host_base64":
		j.twin(&j.topHost)
		j.origin.Host = j.topHost.value
	case j.form != document && j.key([]byte(key)):
		j.form, j.inSocket = lines, true
	default:
		j.skip()
	}
	return true
}

func partOf(key string) part {
	switch key {
	case "schema":
		return partSchema
	case "host":
		return partHost
	case "time":
		return partTime
	case "source":
		return partSource
	case "notices":
		return partNotices
	case "sockets":
		return partSockets
	}
	return 0
}

func (j *jsonReader) part(p part) bool {
	switch p {
	case partHost:
		j.text(&j.topHost)
		j.origin.Host = j.topHost.value
		return true
	case partTime:
		j.origin.Time = j.time()
		return true
	}
	j.form = document
	switch p {
	case partSchema:
		if schema := string(j.bytes()); j.err == nil && schema != Schema {
			j.failf("unknown schema %s; this program reads %q", shown(schema), Schema)
		}
	case partSource:
		j.readSource()
	case partNotices:
		if !j.null() {
			for range j.array {
				j.readNotice()
			}
		}
	case partSockets:
		return j.sockets()
	}
	return true
}

// sockets begins the array, or reads it where the rest has to be known first.
func (j *jsonReader) sockets() bool {
	if j.known&partAbout == partAbout {
		j.open('[')
		j.inArray, j.first = j.err == nil, true
		return false
	}
	for range j.array {
		j.socket()
		j.wait()
	}
	return true
}

func (j *jsonReader) readSource() {
	if j.null() {
		return
	}
	var kernel, owners, reason text
	for key := range j.object {
		switch string(key) {
		case "kernel":
			j.text(&kernel)
		case "kernel_base64":
			j.twin(&kernel)
		case "owners":
			j.text(&owners)
		case "owners_base64":
			j.twin(&owners)
		case "owners_reason":
			j.text(&reason)
		case "owners_reason_base64":
			j.twin(&reason)
		case "tables":
			if j.null() {
				continue
			}
			for range j.array {
				j.source.Tables = append(j.source.Tables, j.interned.word(j.bytes()))
			}
		default:
			j.skip()
		}
	}
	j.source.Kernel, j.source.Owners, j.source.OwnersReason = kernel.value, owners.value, reason.value
}

func (j *jsonReader) readNotice() {
	var (
		n                   socket.Notice
		code, message, hint text
	)
	for key := range j.object {
		switch string(key) {
		case "code":
			j.text(&code)
		case "code_base64":
			j.twin(&code)
		case "message":
			j.text(&message)
		case "message_base64":
			j.twin(&message)
		case "hint":
			j.text(&hint)
		case "hint_base64":
			j.twin(&hint)
		case "count":
			if !j.null() {
				n.Count = int(j.uint(math.MaxInt32))
			}
		default:
			j.skip()
		}
	}
	n.Code, n.Message, n.Hint = code.value, message.value, hint.value
	j.notes = append(j.notes, n)
}

// next implements reader.
func (j *jsonReader) next() *row {
	switch {
	case j.err != nil:
		return nil
	case len(j.waiting) > 0:
		j.row = j.waiting[0]
		j.waiting = j.waiting[1:]
	case j.inArray:
		if !j.more(']', j.first) {
			j.afterArray()
			return nil
		}
		j.first = false
		j.socket()
	case j.form == document:
		j.end()
		return nil
	default:
		if j.atEnd() || j.err != nil {
			return nil
		}
		j.socket()
		if j.host.value != j.origin.Host || !j.at.Equal(j.origin.Time) {
			j.others++
		}
	}
	if j.err != nil {
		return nil
	}
	if j.row.has.Has(socket.DetailOwners) {
		j.asked++
	}
	return &j.row
}

// afterArray reads what is behind the sockets, up to the end of the file.
func (j *jsonReader) afterArray() {
	if j.err != nil {
		return
	}
	j.inArray = false
	j.keyEnd()
	j.top()
	j.end()
}

// end makes sure that nothing is behind a document.
func (j *jsonReader) end() {
	if j.err == nil && !j.atEnd() && j.err == nil {
		j.begin()
		j.failf("something behind the end of the document")
	}
}
