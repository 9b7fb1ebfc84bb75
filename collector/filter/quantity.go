package filter

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sockls/sockls/collector/fact"
)

// exampleOf is a number of the kind of f, for messages.
func exampleOf(f fact.Fact) string {
	switch f.Kind {
	case fact.Microseconds, fact.Milliseconds:
		return "50ms"
	case fact.Bytes:
		return "64KiB"
	case fact.ByteRate:
		return "10Mbps"
	case fact.Hex:
		return "0x10"
	}
	return "10"
}

// quantity reads a number with its unit. Durations and rates have to have one,
// for nobody remembers which the kernel has them in.
func (p *parser) quantity(f fact.Fact, t token) (quantity, error) {
	what := "a number for " + f.Name + ", such as " + exampleOf(f)
	if n, err := parseWhole(t.text); err == nil {
		if n != 0 && (f.Kind == fact.Microseconds || f.Kind == fact.Milliseconds || f.Kind == fact.ByteRate) {
			return quantity{}, p.errorAt(t, "expected a unit after %s, such as %s", shorten(t.text), exampleOf(f))
		}
		return quantity{n, true}, nil
	}
	q, ok := sum(t.text, unitsOf(f.Kind), f.Kind == fact.Microseconds || f.Kind == fact.Milliseconds)
	if !ok {
		return quantity{}, p.expected(t, what, nil)
	}
	return q, nil
}

// sum reads a number with its unit, or where several are allowed the sum of
// them, which is how tables print long durations: "1min59s".
func sum(text string, units []unit, several bool) (quantity, bool) {
	total := quantity{exact: true}
	for {
		end := strings.IndexFunc(text, isLetter)
		if end < 0 {
			end = len(text)
		}
		next := len(text)
		if digit := strings.IndexAny(text[end:], "0123456789"); several && digit > 0 {
			next = end + digit
		}
		u, ok := lookupUnit(units, text[end:next])
		if !ok {
			return quantity{}, false
		}
		q, ok := scale(text[:end], u)
		if !ok || q.n > math.MaxInt64-1-total.n {
			return quantity{}, false
		}
		total.n, total.exact = total.n+q.n, total.exact && q.exact
		if next == len(text) {
			return total, true
		}
		text = text[next:]
	}
}

// lookupUnit prefers the unit that is written exactly so: "m" are minutes, "M"
// are millions. Of a rate the b counts whatever the rest: b is a bit, B a byte.
func lookupUnit(units []unit, name string) (unit, bool) {
	if name == "" {
		return unit{of: 1, per: 1}, len(units) > 0
	}
	for _, u := range units {
		if u.name == name {
			return u, true
		}
	}
	for _, u := range units {
		if utf8.ValidString(name) && strings.EqualFold(u.name, name) && (!isRate(units) || strings.Contains(u.name, "B") == strings.Contains(name, "B")) {
			return u, true
		}
	}
	return unit{}, false
}

func isRate(units []unit) bool { return len(units) > 0 && units[0] == rateUnits[0] }

// scale multiplies a decimal fraction by a unit and rounds down.
func scale(text string, u unit) (quantity, bool) {
	text, negative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(text, ".")
	const most = 9 // digits of a fraction
	if len(fraction) > most || whole == "" && fraction == "" {
		return quantity{}, false
	}
	mantissa, err := strconv.ParseUint(whole+fraction, 10, 63)
	if err != nil {
		return quantity{}, false
	}
	per := uint64(u.per)
	for range len(fraction) {
		per *= 10
	}
	high, low := bits.Mul64(mantissa, uint64(u.of))
	if high >= per {
		return quantity{}, false
	}
	n, rest := bits.Div64(high, low, per)
	if n > math.MaxInt64-1 {
		return quantity{}, false
	}
	q := quantity{int64(n), rest == 0}
	if negative {
		if q.n = -q.n; !q.exact {
			q.n--
		}
	}
	return q, true
}

// oneLine is an error's message without anything that a terminal would obey.
func oneLine(err error) string {
	quoted := strconv.Quote(err.Error())
	return strings.ReplaceAll(strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`), `\\`, `\`)
}
