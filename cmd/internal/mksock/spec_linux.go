package mksock

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// spec is one parsed argument: kind:address,option=value,option.
type spec struct {
	text    string
	kind    string
	address string
	options map[string]string
}

// parseSpec splits before it unescapes, so that an escaped comma (\x2c) can be
// part of a path.
func parseSpec(text string) (*spec, error) {
	s := &spec{text: text, options: map[string]string{}}
	head, rest, more := strings.Cut(text, ",")
	kind, address, _ := strings.Cut(head, ":")
	s.kind = kind
	var err error
	if s.address, err = unescape(address); err != nil {
		return nil, fmt.Errorf("spec %q: %w", text, err)
	}
	for more {
		var option string
		option, rest, more = strings.Cut(rest, ",")
		key, value, _ := strings.Cut(option, "=")
		if value, err = unescape(value); err != nil {
			return nil, fmt.Errorf("spec %q: %w", text, err)
		}
		if _, double := s.options[key]; double || key == "" {
			return nil, fmt.Errorf("spec %q: option %q is empty or given twice", text, key)
		}
		s.options[key] = value
	}
	return s, nil
}

// take returns an option and forgets it. What is left when the sockets are
// made was meant for another kind, and finish says so.
func (s *spec) take(key string) (string, bool) {
	value, ok := s.options[key]
	delete(s.options, key)
	return value, ok
}

func (s *spec) flag(key string) bool {
	_, ok := s.take(key)
	return ok
}

func (s *spec) word(key, fallback string) string {
	if value, ok := s.take(key); ok {
		return value
	}
	return fallback
}

func (s *spec) number(key string, fallback int) (int, error) {
	value, ok := s.take(key)
	if !ok {
		return fallback, nil
	}
	n, err := strconv.ParseInt(value, 0, 64)
	if err != nil {
		return 0, fmt.Errorf("option %s: %w", key, err)
	}
	return int(n), nil
}

func (s *spec) finish() error {
	if len(s.options) == 0 {
		return nil
	}
	var left []string
	for key := range s.options {
		left = append(left, key)
	}
	sort.Strings(left)
	return errors.New("options that mean nothing here: " + strings.Join(left, ", "))
}

// withoutLeaderExit spells the spec again for the process that is to lose its
// leader.
func (s *spec) withoutLeaderExit(label string) string {
	delete(s.options, "leader-exit")
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%s,label=%s", s.kind, escaped(s.address), label)
	for key, value := range s.options {
		fmt.Fprintf(&b, ",%s=%s", key, escaped(value))
	}
	return b.String()
}

// unescape understands the escapes of a Go string literal, so that a test can
// spell any byte.
func unescape(s string) (string, error) {
	var out []byte
	for len(s) > 0 {
		if s[0] != '\\' {
			out = append(out, s[0])
			s = s[1:]
			continue
		}
		r, multibyte, tail, err := strconv.UnquoteChar(s, 0)
		if err != nil {
			return "", fmt.Errorf("escape in %q: %w", s, err)
		}
		if multibyte {
			out = append(out, string(r)...)
		} else {
			out = append(out, byte(r))
		}
		s = tail
	}
	return string(out), nil
}
