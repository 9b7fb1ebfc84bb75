package filter_test

import (
	"math/rand/v2"
	"testing"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/filter/filtertest"
	"github.com/sockls/sockls/collector/socket"
)

var (
	devA   = filter.Device{Name: "a"}
	devB   = filter.Device{Name: "b"}
	devC   = filter.Device{Name: "c"}
	devYes = filter.Device{Name: "yes"}
	devNo  = filter.Device{Name: "no"}
	always = filter.And{}
	never  = filter.Or{}
)

// decideByName knows two of the leaves.
func decideByName(leaf filter.Expr) socket.Tri {
	switch leaf {
	case devYes:
		return socket.Yes
	case devNo:
		return socket.No
	}
	return socket.Unknown
}

func notOf(e filter.Expr) filter.Expr { return filter.Not{X: e} }

func TestSimplify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		in, want filter.Expr
	}{
		{"a leaf stays", devA, devA},
		{"a leaf that is decided", devYes, always},
		{"a leaf that is decided otherwise", devNo, never},
		{"true in and", filter.And{devA, devYes, devB}, filter.And{devA, devB}},
		{"false in and", filter.And{devA, devNo, devB}, never},
		{"true in or", filter.Or{devA, devYes, devB}, always},
		{"false in or", filter.Or{devA, devNo, devB}, filter.Or{devA, devB}},
		{"nothing left of and", filter.And{devYes, devYes}, always},
		{"nothing left of or", filter.Or{devNo, devNo}, never},
		{"one left of and", filter.And{devYes, devA}, devA},
		{"one left of or", filter.Or{devA, devNo}, devA},
		{"and in and", filter.And{devA, filter.And{devB, devC}}, filter.And{devA, devB, devC}},
		{"or in or", filter.Or{filter.Or{devA, devB}, devC}, filter.Or{devA, devB, devC}},
		{"or in and", filter.And{devA, filter.Or{devB, devC}}, filter.And{devA, filter.Or{devB, devC}}},
		{"and that becomes visible", filter.And{devA, filter.Or{filter.And{devB, devC}, devNo}}, filter.And{devA, devB, devC}},
		{"not true", notOf(devYes), never},
		{"not false", notOf(devNo), always},
		{"not unknown", notOf(devA), notOf(devA)},
		{"not not", notOf(notOf(devA)), devA},
		{"not not not", notOf(notOf(notOf(devA))), notOf(devA)},
		{"not of what becomes a negation", notOf(filter.And{devYes, notOf(devA)}), devA},
		{"and behind two negations", filter.And{devA, notOf(notOf(filter.And{devB, devC}))}, filter.And{devA, devB, devC}},
		{"negated and that is decided", filter.Or{devA, notOf(filter.And{devB, devNo})}, always},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := tt.in.String()
			if got := filter.Simplify(tt.in, decideByName); !filter.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
			if tt.in.String() != before {
				t.Errorf("the expression was changed to %v", tt.in)
			}
		})
	}
}

func TestNNF(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		in, want filter.Expr
	}{
		{"nothing to do", filter.And{devA, filter.Or{devB, notOf(devC)}}, filter.And{devA, filter.Or{devB, notOf(devC)}}},
		{"and", notOf(filter.And{devA, devB}), filter.Or{notOf(devA), notOf(devB)}},
		{"or", notOf(filter.Or{devA, notOf(devB)}), filter.And{notOf(devA), devB}},
		{"deep", notOf(filter.And{devA, notOf(filter.Or{devB, notOf(devC)})}), filter.Or{notOf(devA), filter.Or{devB, notOf(devC)}}},
		{"true", notOf(always), never},
		{"false", notOf(never), always},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := filter.NNF(tt.in); !filter.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// TestSimplifyMeansTheSame: whatever is decided rightly, or not at all, the
// value is the one it was.
func TestSimplifyMeansTheSame(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20_000) {
		rng := rand.New(rand.NewPCG(seed, 4))
		e, s := filtertest.RandomExpr(rng, 4), filtertest.RandomSocket(rng)
		have := socket.Detail(rng.Uint32())
		want := filter.Eval(e, s, have)
		simpler := filter.Simplify(e, func(leaf filter.Expr) socket.Tri {
			if rng.IntN(2) == 0 {
				return socket.Unknown
			}
			return filter.Eval(leaf, s, have)
		})
		nnf := filter.NNF(e)
		for what, got := range map[string]filter.Expr{"simplified": simpler, "in NNF": nnf} {
			if value := filter.Eval(got, s, have); value != want {
				t.Fatalf("seed %d: %s\nis %v, %s it is %v\n%s", seed, e, want, what, value, got)
			}
		}
		checkNNF(t, nnf)
	}
}

func checkNNF(t *testing.T, e filter.Expr) {
	t.Helper()
	switch x := e.(type) {
	case filter.And:
		for _, part := range x {
			checkNNF(t, part)
		}
	case filter.Or:
		for _, part := range x {
			checkNNF(t, part)
		}
	case filter.Not:
		switch x.X.(type) {
		case filter.And, filter.Or, filter.Not:
			t.Fatalf("not in front of %v", x.X)
		}
	}
}

func TestConstant(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		e    filter.Expr
		want socket.Tri
	}{{always, socket.Yes}, {never, socket.No}, {devA, socket.Unknown}, {filter.And{devA}, socket.Unknown}, {filter.Or{devA, devB}, socket.Unknown}} {
		if got := filter.Constant(tt.e); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.e, got, tt.want)
		}
	}
}
