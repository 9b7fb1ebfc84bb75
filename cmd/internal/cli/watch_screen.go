package cli

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/tui"
)

// onScreen reports whether there is a terminal to draw on, and nothing that was
// asked for is about the stream.
func (o *watchOptions) onScreen() bool {
	in, ok := o.streams.In.(*os.File)
	name := o.streams.Env("TERM")
	return !o.streamed && o.streams.Terminal && ok && term.IsTerminal(int(in.Fd())) && name != "" && name != "dumb"
}

// screenRun shows the screen until somebody ends it.
func screenRun(ctx context.Context, o *watchOptions) error {
	options, err := o.screenOptions(ctx)
	if err != nil {
		return err
	}
	if err := o.openSystem(); err != nil {
		return err
	}
	defer holdNetNS(o.namespace)()
	source := &screenSource{o: o, watch: o.watch}
	options.Inspect = source.inspect
	terminal := tui.Terminal{In: o.streams.In, Out: o.streams.Out, Env: os.Environ()}
	sig, err := tui.Run(ctx, terminal, source, options)
	if number, ok := sig.(syscall.Signal); ok && err == nil {
		return exitError(bySignal + int(number))
	}
	return err
}

// screenOptions are what the screen begins with. What is wrong with the flags is
// said before the screen opens.
func (o *watchOptions) screenOptions(ctx context.Context) (tui.Options, error) {
	filters := &screenFilter{o: o, hosts: map[string][]netip.Addr{}}
	text, err := filters.first(ctx)
	if err != nil {
		return tui.Options{}, err
	}
	fields, err := o.fields(o.selection.listen && !o.selection.all, o.noProcesses)
	if err != nil {
		return tui.Options{}, err
	}
	order, err := screenOrder(o.sort)
	if err != nil {
		return tui.Options{}, err
	}
	colours, err := palette(o.colour, o.streams)
	if err != nil {
		return tui.Options{}, err
	}
	return tui.Options{
		Host: host(), Fields: fields, Sort: order, Filter: text, Interval: o.interval, Palette: colours, ASCII: !o.unicode(),
		Selection: tui.Selection{
			TCP: o.selection.tcp, UDP: o.selection.udp, Unix: o.selection.unix,
			Listening: o.selection.listen, All: o.selection.all,
		},
		Parse: filters.typed, Kill: o.killOnScreen, Export: o.export,
	}, nil
}

// screenOrder is the one column that a screen is sorted by.
func screenOrder(keys string) (string, error) {
	if tui.IsRate(strings.TrimPrefix(keys, "-")) {
		return keys, nil
	}
	if _, err := field.ParseSort(keys); err != nil {
		return "", err
	}
	if strings.Contains(keys, ",") || keys == "none" {
		return "", errors.New("--sort of the screen is one column, with a - in front for the reverse")
	}
	return keys, nil
}

// unicode reports whether the locale has more than ASCII.
func (o *watchOptions) unicode() bool {
	for _, name := range [...]string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := o.streams.Env(name); value != "" {
			value = strings.ToLower(value)
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}

// killOnScreen ends who holds a socket, with the manners of kill, on the terminal
// as it was before the screen.
func (o *watchOptions) killOnScreen(s *socket.Socket, in io.Reader, out, errs io.Writer) error {
	surroundings := o.streams
	surroundings.In, surroundings.Out, surroundings.Err, surroundings.Width = in, out, errs, 0
	if f, ok := out.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			surroundings.Width = width
		}
	}
	k := &killOptions{
		manners: manners{streams: surroundings, netns: o.netns, choosesNetNS: o.choosesNetNS, collector: o.collector},
		signal:  "TERM", timeout: killTimeout, only: s,
	}
	err := killRun(context.Background(), k)
	var code exitError
	if errors.As(err, &code) {
		return nil // it has said everything
	}
	return err
}

// export writes what the screen shows into a new file, in the format that its name
// ends in: .json, .jsonl, .txt for a table, and CSV otherwise. Only its owner may
// read it, for command lines can hold secrets.
func (o *watchOptions) export(path string, rows []*socket.Socket, fields []field.Field) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			_ = os.Remove(path) // half a file would look like a whole one
		}
	}()
	format := output{
		json: strings.HasSuffix(path, ".json"), jsonl: strings.HasSuffix(path, ".jsonl"), colour: "never",
		asked: make([]bool, len(field.Sets())),
	}
	format.csv = !format.json && !format.jsonl && !strings.HasSuffix(path, ".txt")
	surroundings := o.streams
	surroundings.Out, surroundings.Terminal, surroundings.Width = file, false, 0
	q := collector.Query{IPv6: true, Details: field.Details(fields)}
	w, err := format.renderer(surroundings, fields, q, socket.Origin{Host: host(), Time: time.Now()})
	if err != nil {
		return err
	}
	for _, s := range rows {
		w.measure(s)
	}
	if err := w.rows(rows); err != nil {
		return err
	}
	return w.close(socket.Report{})
}
