package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/sockls/sockls/collector/saved"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/jsonout"
)

// saving writes beside the output what was collected, to be looked at later.
// A file appears whole or not at all: it is written under another name first.
type saving struct {
	path   string
	file   *os.File
	lines  *jsonout.Lines // of a file of JSON lines
	origin socket.Origin
	kept   []*socket.Socket // of a document
}

// savedDetails are what goes into a file whatever is shown.
const savedDetails = holderDetails | socket.DetailUser | socket.DetailQueues | socket.DetailPeer | socket.DetailNetNS

// save starts to write a file. Only its owner may read it: command lines can
// hold secrets.
func save(path string, origin socket.Origin, owners bool) (*saving, error) {
	if path == "" {
		return nil, errors.New("--save needs the name of a file")
	}
	if isOutput(path) {
		return nil, fmt.Errorf("save %s: the output goes there already; --json saves nothing else", path)
	}
	s := &saving{path: path, origin: origin}
	var err error
	if target, linkErr := filepath.EvalSymlinks(path); linkErr == nil {
		s.path = target // a link stays one
	}
	if inPlace(s.path) {
		s.file, err = os.OpenFile(s.path, os.O_WRONLY, 0)
	} else {
		s.file, err = os.CreateTemp(filepath.Dir(s.path), "."+filepath.Base(s.path)+".*")
	}
	if err != nil {
		return nil, fmt.Errorf("save: %w", err)
	}
	if strings.HasSuffix(path, ".jsonl") {
		s.lines = jsonout.NewLines(s.file, origin.Host, origin.Time, owners)
	}
	return s, nil
}

// isOutput reports whether path is the file that standard output was redirected
// to: put in its place, the new one would take what is shown with it.
func isOutput(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	output, err := os.Stdout.Stat()
	return err == nil && os.SameFile(info, output)
}

// inPlace reports whether path is nothing that another file can be put in the
// place of: a pipe, a device, or a stream of this process under a name in /dev or
// /proc, of which a link may be all that is there to be replaced.
func inPlace(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && !info.Mode().IsRegular() || strings.HasPrefix(path, "/proc/") || strings.HasPrefix(path, "/dev/")
}

// whileSaving makes what would end the program at once end the collection: a file
// begun is then finished or removed.
func whileSaving(ctx context.Context) (context.Context, context.CancelFunc) {
	signal.Ignore(syscall.SIGPIPE) // a reader that went away is an error of the writer
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
}

// beside makes a renderer that saves what another one shows.
func (s *saving) beside(shown renderer) renderer {
	gone := false // the reader of what is shown
	unlessGone := func(err error) error {
		if errors.Is(err, syscall.EPIPE) {
			gone, err = true, nil
		}
		return err
	}
	both := shown
	if both.row = nil; shown.row != nil && s.lines != nil {
		both.row = func(row *socket.Socket) error {
			if err := s.row(row); err != nil || gone {
				return err
			}
			return unlessGone(shown.row(row))
		}
	}
	both.rows = func(rows []*socket.Socket) error {
		for _, row := range rows {
			if err := s.row(row); err != nil {
				return err
			}
		}
		return unlessGone(shown.rows(rows))
	}
	both.close = func(report socket.Report) error {
		if err := s.close(report); err != nil || gone {
			return err
		}
		return unlessGone(shown.close(report))
	}
	return both
}

// row adds a socket. A document keeps the pointer.
func (s *saving) row(row *socket.Socket) error {
	if s.lines == nil {
		s.kept = append(s.kept, row)
		return nil
	}
	return s.failed(s.lines.Row(row))
}

// close ends the file and gives it its name.
func (s *saving) close(report socket.Report) error {
	var err error
	if s.lines != nil {
		err = s.lines.Close()
	} else {
		err = jsonout.Document(s.file, &socket.Snapshot{
			Host: s.origin.Host, Time: s.origin.Time, Sockets: s.kept, Report: report,
		})
	}
	if closeErr := s.file.Close(); err == nil {
		err = closeErr
	}
	if err == nil && s.file.Name() != s.path {
		err = os.Rename(s.file.Name(), s.path)
	}
	return s.failed(err)
}

// abandon removes what has been written of a file that will not be whole.
func (s *saving) abandon() {
	_ = s.file.Close() // it may be closed already, and is not wanted any more
	if s.file.Name() != s.path {
		_ = os.Remove(s.file.Name()) // after close it has another name
	}
}

func (s *saving) failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("save %s: %w", s.path, err)
}

// now is where and when a live collection takes place.
func now() socket.Origin { return socket.Origin{Host: host(), Time: time.Now()} }

// openSaved makes a file what is collected from.
func (o *listOptions) openSaved() (*savedFile, error) {
	if o.resolve {
		return nil, errors.New("--resolve asks the resolver of this machine and says nothing about a saved file")
	}
	f := &savedFile{closer: io.NopCloser(nil)}
	in, name := o.streams.In, "standard input"
	if o.from != "-" {
		opened, err := os.Open(o.from)
		if err != nil {
			return nil, err
		}
		in, name, f.closer = opened, o.from, opened
	}
	var err error
	if f.File, err = saved.Open(in, name); err != nil {
		_ = f.closer.Close() // nothing was written to it
		return nil, err
	}
	o.collector = f
	return f, nil
}

// savedFile is a saved file and what it is read from.
type savedFile struct {
	*saved.File
	closer io.Closer
}

// Close ends the reading.
func (f *savedFile) Close() { _ = f.closer.Close() } // nothing was written to it
