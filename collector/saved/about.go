package saved

import (
	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/socket"
)

// count implements reader.
func (j *jsonReader) count() int { return j.complete }

// fault implements reader.
func (j *jsonReader) fault() *Error {
	if j.err == nil {
		return nil
	}
	e := &Error{
		Line: j.err.line, Column: j.err.offset - j.err.lineAt + 1, Offset: j.err.offset,
		InSocket: j.inSocket, Keys: j.err.keys, Err: j.err.err,
	}
	if j.inSocket && j.form == document { // within "sockets", which goes without saying
		e.Keys = e.Keys[1:]
	}
	return e
}

// about implements reader.
func (j *jsonReader) about(name string, _ collector.Query, report *socket.Report) {
	report.Origin = j.origin
	if j.form == document {
		report.Source, report.Notices = j.source, j.notes
		return
	}
	// Lines do not tell how the holders were found, only whether.
	report.Source.Owners = "none"
	if j.asked > 0 {
		report.Source.Owners = "unknown"
	}
	if j.others > 0 {
		report.Notices = append(report.Notices, socket.Notice{
			Code: "mixed-origins", Count: j.others,
			Message: name + " mixes sockets of several machines or times",
		})
	}
}
