package filter

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/sorting"
)

// NewRanges puts ranges in order and joins those that touch.
func NewRanges(list []Range) Ranges {
	list = slices.DeleteFunc(list, func(r Range) bool { return r.First > r.Last })
	sorting.Stable(list, func(a, b Range) int { return cmp.Compare(a.First, b.First) })
	var out Ranges
	for _, r := range list {
		if n := len(out); n > 0 && (out[n-1].Last == math.MaxInt64 || r.First <= out[n-1].Last+1) {
			out[n-1].Last = max(out[n-1].Last, r.Last)
			continue
		}
		out = append(out, r)
	}
	return out
}

// quantity is a number that may lie between two whole ones: more than n and
// less than n+1 unless it is exact.
type quantity struct {
	n     int64
	exact bool
}

// domain is a kind of number: what it can be and how it is written.
type domain struct {
	what      string
	low, high int64
	read      func(p *parser, t token) (quantity, error)
	// names reads what does not begin like a number; it is nil where nothing has
	// a name.
	names func(p *parser, t token) (Ranges, error)
}

// numberPredicate reads the operator and the numbers of a comparison.
func (p *parser) numberPredicate(d domain) (r Ranges, negated bool, err error) {
	operatorAt := p.tok
	operator, err := p.comparison()
	if err != nil {
		return nil, false, err
	}
	t, err := p.operandWord(d.what, nil)
	if err != nil {
		return nil, false, err
	}
	return p.compare(d, operator, operatorAt, t)
}

func (p *parser) compare(d domain, operator string, operatorAt, t token) (r Ranges, negated bool, err error) {
	switch operator {
	case "=", "!=":
		r, err = p.numberList(d, t)
		return r, operator == "!=", err
	case "~", "!~":
		return nil, false, p.errorAt(operatorAt, "%s compares text: expected one of = != < <= > >=", operatorAt.quote(p.text))
	}
	if strings.Contains(t.text, ",") || t.text == "" {
		return nil, false, p.errorAt(t, "expected one number after %s, not %s", operatorAt.quote(p.text), shorten(t.text))
	}
	q, err := p.oneNumber(d, t)
	if err != nil {
		return nil, false, err
	}
	var one Range
	switch {
	case operator == ">" && q.n == math.MaxInt64, operator == "<" && q.exact && q.n == math.MinInt64:
		return Ranges{}, false, nil
	case operator == ">", operator == ">=" && !q.exact:
		one = Range{q.n + 1, d.high}
	case operator == ">=":
		one = Range{q.n, d.high}
	case operator == "<" && q.exact:
		one = Range{d.low, q.n - 1}
	default:
		one = Range{d.low, q.n}
	}
	return NewRanges([]Range{one}), false, nil
}

// oneNumber reads the operand of an ordering.
func (p *parser) oneNumber(d domain, t token) (quantity, error) {
	if d.names != nil && !startsNumber(t.text) {
		r, err := d.names(p, t)
		if err != nil {
			return quantity{}, err
		}
		if len(r) != 1 || r[0].First != r[0].Last {
			return quantity{}, p.errorAt(t, "%s is not one number; only = and != take more", shorten(t.text))
		}
		return quantity{r[0].First, true}, nil
	}
	return p.bounded(d, t)
}

func (p *parser) bounded(d domain, t token) (quantity, error) {
	q, err := d.read(p, t)
	if err == nil && (q.n < d.low || q.n > d.high) {
		return q, p.errorAt(t, "expected %s from %d to %d, not %s", d.what, d.low, d.high, shorten(t.text))
	}
	return q, err
}

// numberList reads numbers and ranges with commas between them.
func (p *parser) numberList(d domain, t token) (Ranges, error) {
	if t.text == "none" {
		return nil, nil
	}
	var list []Range
	for part := range elements(t) {
		if part.text == "*" {
			list = append(list, Range{d.low, d.high})
			continue
		}
		if d.names != nil && !startsNumber(part.text) {
			r, err := d.names(p, part)
			if err != nil {
				return nil, err
			}
			list = append(list, r...)
			continue
		}
		r, err := p.numberRange(d, part)
		if err != nil {
			return nil, err
		}
		if r.First <= r.Last {
			list = append(list, r)
		}
	}
	return NewRanges(list), nil
}

// startsNumber tells numbers from names: names do not begin with a digit. The
// words of an open end are numbers.
func startsNumber(text string) bool {
	return text != "" && '0' <= text[0] && text[0] <= '9' ||
		strings.HasPrefix(text, "-") || strings.HasPrefix(text, "min-") || strings.HasPrefix(text, ".")
}

// numberRange reads "5", "5-9", "min-9" and "5-max". A number that lies between
// two whole ones is none that anything could be equal to.
func (p *parser) numberRange(d domain, t token) (Range, error) {
	dash := -1
	if len(t.text) > 0 {
		dash = strings.IndexByte(t.text[1:], '-')
	}
	if dash < 0 {
		q, err := p.bounded(d, t)
		if !q.exact {
			return Range{1, 0}, err
		}
		return Range{q.n, q.n}, err
	}
	first, last := t, t.tail(t.text[dash+2:])
	first.text = t.text[:dash+1]
	if t.kind == tokenWord {
		first.end = first.begin + len(first.text)
	}
	r := Range{d.low, d.high}
	if first.text != "min" {
		if last.text != "max" && !strings.ContainsFunc(first.text, isLetter) {
			first.text += strings.TrimLeftFunc(last.text, func(r rune) bool { return !isLetter(r) })
		}
		q, err := p.bounded(d, first)
		if err != nil {
			return Range{}, err
		}
		if r.First = q.n; !q.exact {
			r.First++
		}
	}
	if last.text != "max" {
		q, err := p.bounded(d, last)
		if err != nil {
			return Range{}, err
		}
		r.Last = q.n
	}
	if r.First > r.Last {
		return Range{}, p.errorAt(t, "the range %s ends before it begins", shorten(t.text))
	}
	return r, nil
}

func isLetter(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' || r > 0x7f }

// wholeNumber reads a number without a unit, decimal or after "0x".
func wholeNumber(what string) func(*parser, token) (quantity, error) {
	return func(p *parser, t token) (quantity, error) {
		n, err := parseWhole(t.text)
		if err != nil {
			return quantity{}, p.expected(t, what, nil)
		}
		return quantity{n, true}, nil
	}
}

func parseWhole(text string) (int64, error) {
	sign := ""
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		sign, text = "-", rest
	}
	if text == "" || text[0] < '0' || text[0] > '9' {
		return 0, strconv.ErrSyntax
	}
	if len(text) > 2 && (text[1] == 'x' || text[1] == 'X') {
		return strconv.ParseInt(sign+text[2:], 16, 64)
	}
	return strconv.ParseInt(sign+text, 10, 64)
}
