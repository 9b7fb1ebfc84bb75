package mksock

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// collect makes everything that was asked for.
func (o *options) collect(w *world, f *family) ([]holding, error) {
	switch {
	case o.holder != "":
		h, err := hold(o.holder, inheritedFD, 0)
		h.ephemeral = false
		return []holding{h}, err
	case o.receiver != "":
		fd, err := receive()
		if err != nil {
			return nil, err
		}
		h, err := hold(o.receiver, fd, 0)
		h.ephemeral = false
		return []holding{h}, err
	}
	var specs []*spec
	for _, text := range o.arguments {
		s, err := parseSpec(text)
		if err != nil {
			return nil, err
		}
		specs = append(specs, s)
	}
	// A thread's own table starts as a copy of the common one; see inOwnTable.
	slices.SortStableFunc(specs, func(a, b *spec) int {
		_, x := a.options["thread"]
		_, y := b.options["thread"]
		switch {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	})
	var all []holding
	for _, s := range specs {
		held, err := f.makeAll(w, s)
		if err != nil {
			return nil, fmt.Errorf("spec %q: %w", s.text, err)
		}
		all = append(all, held...)
	}
	return all, nil
}

// makeAll makes the sockets of one spec as often as its count says.
func (f *family) makeAll(w *world, s *spec) ([]holding, error) {
	label := s.word("label", strings.ReplaceAll(s.kind, "-", ""))
	count, err := s.number("count", 1)
	if err != nil {
		return nil, err
	}
	var all []holding
	for i := range count {
		one := *s
		one.options = maps.Clone(s.options)
		name := label
		if i > 0 {
			name += "_" + strconv.Itoa(i+1)
		}
		held, err := f.makeOne(w, &one, name)
		if err != nil {
			return nil, err
		}
		all = append(all, held...)
	}
	return all, nil
}

func (f *family) makeOne(w *world, s *spec, label string) ([]holding, error) {
	if _, ok := s.options["leader-exit"]; ok {
		return f.spawn(nil, "-leader-exit", s.withoutLeaderExit(label))
	}
	h, err := s.takeHands()
	if err != nil {
		return nil, err
	}
	open := func() ([]holding, error) { return w.make(s, label) }
	if h.thread {
		if h != (hands{thread: true}) {
			return nil, errors.New("option thread goes with no other way to hold a socket")
		}
		return inOwnTable(open)
	}
	if h.away {
		if h != (hands{away: true}) {
			return nil, errors.New("option away goes with no other way to hold a socket")
		}
		return inOwnNetwork(open)
	}
	held, err := open()
	if err != nil {
		return nil, err
	}
	return f.give(h, label, held)
}
