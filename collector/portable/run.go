package portable

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// tableLimit is how long a program may take to print a table. lsof looks at every
// descriptor of every process.
const tableLimit = 30 * time.Second

// ask runs a program in the first of the ways that its version understands. What
// it has printed before it failed counts; the error is why there is no more.
func (r *reading) ask(ctx context.Context, p Program, ways ...[]string) ([]byte, error) {
	var failed error
	for _, args := range ways {
		out, err := r.host.Run(ctx, p, args...)
		if err == nil || quiet(err) {
			r.from(p.Name)
			return out, nil
		}
		failed = err
		if len(out) > 0 {
			r.from(p.Name)
			return out, err
		}
		var failure *ProgramError
		if !errors.As(err, &failure) || failure.Exit < 0 {
			break // it is not there, or did not end
		}
	}
	return nil, failed
}

// askTable is ask for sockets.
func (r *reading) askTable(ctx context.Context, p Program, ways ...[]string) []byte {
	out, err := r.ask(ctx, p, ways...)
	if err != nil {
		r.unreadable("the table of "+p.Name, err)
	}
	return out
}

// askHolders is ask for who holds them.
func (r *reading) askHolders(ctx context.Context, p Program, ways ...[]string) []byte {
	out, err := r.ask(ctx, p, ways...)
	if err != nil {
		r.failures = append(r.failures, err)
		r.note(socket.Notice{Code: "owners-unavailable", Message: "processes could not be looked at: " + err.Error()})
	}
	return out
}

// quiet reports whether a program has only said that it has found nothing: lsof
// exits with 1 then.
func quiet(err error) bool {
	var failure *ProgramError
	return errors.As(err, &failure) && failure.Name == "lsof" && failure.Exit == 1 && failure.Said == "" && !failure.Cut
}

// from notes a source that was read.
func (r *reading) from(table string) {
	if !slices.Contains(r.tables, table) {
		r.tables = append(r.tables, table)
	}
}

// errNothing is the error where no source could be read.
var errNothing = errors.New("no table of sockets could be read")

// answered is an error where nothing was read at all.
func (r *reading) answered() error {
	if len(r.tables) > 0 {
		return nil
	}
	if len(r.failures) > 0 {
		return errors.Join(append([]error{errNothing}, r.failures...)...)
	}
	return errNothing
}
