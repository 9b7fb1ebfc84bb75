package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// bySignal is added to the number of the signal that has ended a run, as shells
// have it.
const bySignal = 128

// interruption is a signal that asks this program to end.
type interruption struct{ syscall.Signal }

// Error implements error.
func (i interruption) Error() string { return "interrupted" }

// untilInterrupted makes what would end the program at once end the context: what
// has been done by then is to be told. A signal that is ignored, as under nohup,
// stays so.
func untilInterrupted(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 1)
	for _, sig := range [...]os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(sig) {
			signal.Notify(signals, sig)
		}
	}
	go func() {
		select {
		case sig := <-signals:
			number, _ := sig.(syscall.Signal)
			cancel(interruption{number})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// interrupted ends a run whose processes may have been signalled, which has been
// told, and whose ports were not looked at to the end.
func (k *killing) interrupted(cause error) error {
	k.ports = nil
	complain(k.streams, "interrupted; whether the port is free was not looked at")
	err := k.finish(false)
	var by interruption
	var code exitError
	if errors.As(err, &code) && errors.As(cause, &by) {
		return exitError(bySignal + int(by.Signal))
	}
	return err
}
