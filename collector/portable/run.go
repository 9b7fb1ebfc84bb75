package portable

import (
	"context"
	"errors"
	"slices"
	"time"
)

// tableLimit is how long a program may take to print a table. lsof looks at every
// descriptor of every process.
const tableLimit = 30 * time.Second

// ask runs a program in the first of the ways that its version understands. What
// it has printed before it failed counts, and that it failed is noted.
func (r *reading) ask(ctx context.Context, p Program, ways ...[]string) ([]byte, bool) {
	var failed error
	for _, args := range ways {
		out, err := r.host.Run(ctx, p, args...)
		if err == nil || quiet(err) {
			r.from(p.Name)
			return out, true
		}
		if ctx.Err() != nil {
			return nil, false
		}
		failed = err
		if len(out) > 0 {
			r.from(p.Name)
			r.unreadable("all of the answer of "+p.Name, err)
			return out, true
		}
		var failure *ProgramError
		if !errors.As(err, &failure) || failure.Exit < 0 {
			break // it is not there, or did not end
		}
	}
	r.unreadable("the answer of "+p.Name, failed)
	return nil, false
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
