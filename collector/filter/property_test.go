package filter_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/filter/filtertest"
)

// TestPrintParse holds that what String writes is read back as the same tree.
func TestPrintParse(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		want := filtertest.RandomExpr(rng, 4)
		text := want.String()
		f, err := filter.Parse(text, filter.Options{})
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if !filter.Equal(f.Expr, want) {
			t.Fatalf("%s\nwas read as\n%s\n%s", text, f.Expr, cmp.Diff(want, f.Expr))
		}
		if f.Expr.String() != text {
			t.Fatalf("%s\nprints as\n%s", text, f.Expr)
		}
	}
}
