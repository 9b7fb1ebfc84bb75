package fact

import (
	"math"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// integer is what numbers are kept as in the model.
type integer interface {
	~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int32
}

// place finds the number in a socket, nil where it has none; with create it
// makes what the number lives in.
type place[T integer] func(s *socket.Socket, create bool) *T

// number makes a fact of a number that is always told when it has a place.
func number[T integer](g Group, name string, kind Kind, d socket.Detail, help string, at place[T]) Fact {
	return Fact{
		Name: name, Help: help, Group: g, Key: keyOf(name, kind), Kind: kind, Details: d,
		Number: func(s *socket.Socket) (int64, bool) {
			p := at(s, false)
			if p == nil {
				return 0, false
			}
			return signed(*p), true
		},
		SetNumber: func(s *socket.Socket, n int64) {
			if fits[T](n) {
				*at(s, true) = T(n)
			}
		},
	}
}

// sequence makes a fact of a 64-bit sequence number, which begins anywhere and
// is not a quantity: it is text, in hexadecimal as ss has it.
func sequence(g Group, name string, d socket.Detail, help string, at place[uint64]) Fact {
	return Fact{
		Name: name, Help: help, Group: g, Key: keyOf(name, Text), Kind: Text, Details: d,
		Text: func(s *socket.Socket) (string, bool) {
			p := at(s, false)
			if p == nil {
				return "", false
			}
			return strconv.FormatUint(*p, 16), true
		},
		SetText: func(s *socket.Socket, text string) {
			if n, err := strconv.ParseUint(text, 16, 64); err == nil {
				*at(s, true) = n
			}
		},
	}
}

// flag makes a fact of one bit.
func flag[T integer](g Group, name string, d socket.Detail, help string, bit T, at place[T]) Fact {
	return Fact{
		Name: name, Help: help, Group: g, Key: keyOf(name, Flag), Kind: Flag, Details: d,
		Number: func(s *socket.Socket) (int64, bool) {
			p := at(s, false)
			switch {
			case p == nil:
				return 0, false
			case *p&bit != 0:
				return 1, true
			}
			return 0, true
		},
		SetNumber: func(s *socket.Socket, n int64) {
			p := at(s, true)
			*p &^= bit
			if n != 0 {
				*p |= bit
			}
		},
	}
}

// tri makes a fact of a boolean that may be unknown.
func tri(g Group, name string, d socket.Detail, help string, at func(s *socket.Socket, create bool) *socket.Tri) Fact {
	return Fact{
		Name: name, Help: help, Group: g, Key: keyOf(name, Flag), Kind: Flag, Details: d,
		Number: func(s *socket.Socket) (int64, bool) {
			p := at(s, false)
			if p == nil || *p == socket.Unknown {
				return 0, false
			}
			return int64(*p - socket.No), true
		},
		SetNumber: func(s *socket.Socket, n int64) { *at(s, true) = socket.TriOf(n != 0) },
	}
}

// text makes a fact of a text, which is not told where it is empty.
func text(g Group, name string, d socket.Detail, help string, at func(s *socket.Socket, create bool) *string) Fact {
	return Fact{
		Name: name, Help: help, Group: g, Key: keyOf(name, Text), Kind: Text, Details: d,
		Text: func(s *socket.Socket) (string, bool) {
			p := at(s, false)
			if p == nil || *p == "" {
				return "", false
			}
			return *p, true
		},
		SetText: func(s *socket.Socket, t string) { *at(s, true) = t },
	}
}

// choice makes a fact of a number whose values have names. A number without
// one is not told.
func choice[T integer](g Group, name string, d socket.Detail, help string, names []string, at place[T]) Fact {
	return Fact{
		Name: name, Help: help, Group: g, Key: keyOf(name, Text), Kind: Text, Details: d,
		Text: func(s *socket.Socket) (string, bool) {
			p := at(s, false)
			if p == nil || uint64(*p) >= uint64(len(names)) || names[*p] == "" {
				return "", false
			}
			return names[*p], true
		},
		SetText: func(s *socket.Socket, t string) {
			for i, known := range names {
				if known == t && t != "" {
					*at(s, true) = T(i)
				}
			}
		},
	}
}

// without makes a fact absent where it has a value that means none.
func (f Fact) without(none int64) Fact {
	told := f.Number
	f.Number = func(s *socket.Socket) (int64, bool) {
		n, ok := told(s)
		if !ok || n == none {
			return 0, false
		}
		return n, true
	}
	return f
}

// keyOf is the name in the JSON, which carries the unit of durations and rates.
func keyOf(name string, kind Kind) string {
	key := strings.ReplaceAll(name, "-", "_")
	switch kind {
	case Microseconds:
		return key + "_us"
	case Milliseconds:
		return key + "_ms"
	case ByteRate:
		return key + "_bytes_per_s"
	}
	return key
}

// signed cuts a rate or a count that no real socket has to the largest that fits.
func signed[T integer](n T) int64 {
	if n > 0 && uint64(n) > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(n)
}

// fits reports whether n is a value of T.
func fits[T integer](n int64) bool {
	t := T(n)
	return int64(t) == n && (t < 0) == (n < 0)
}

func details(s *socket.Socket, create bool) *socket.Details {
	if s.Details == nil && create {
		s.Details = &socket.Details{}
	}
	return s.Details
}

// known makes a fact of a number that comes with a mark that it was told; in
// finds, or with create makes, what both live in.
func known[C any, T integer](
	name string, kind Kind, g Group, d socket.Detail, help string,
	in func(s *socket.Socket, create bool) *C, at func(*C) (number *T, told *bool),
) Fact {
	return number(g, name, kind, d, help, func(s *socket.Socket, create bool) *T {
		c := in(s, create)
		if c == nil {
			return nil
		}
		n, told := at(c)
		if create {
			*told = true
		}
		if !*told {
			return nil
		}
		return n
	})
}
