package netfilter

import (
	"fmt"
	"testing"
)

// TestNoEnd walks through chains that each call the next one many times. The
// kernel takes such rules, and would be as long in going through them.
func TestNoEnd(t *testing.T) {
	t.Parallel()
	peers := make(map[string]*chain)
	for i := range 15 {
		c := &chain{family: familyIPv4, table: "t", name: fmt.Sprint(i), peers: peers}
		for range 10 {
			c.rules = append(c.rules, &rule{ops: []op{&verdictOp{verdict{code: verdictJump, chain: fmt.Sprint(i + 1)}}}})
		}
		peers[c.name] = c
	}
	peers["14"].rules = []*rule{{ops: []op{unknownOp{}, &dnatOp{}}}}
	w := &walker{}
	w.walk(&ruleset{source: "test", bases: []*base{{chain: peers["0"], hook: hookOutput}}})
	if !w.over || w.steps > stepLimit+1000 {
		t.Errorf("over: %t after %d steps", w.over, w.steps)
	}
	if len(w.found) == 0 || len(w.found) > foundLimit {
		t.Errorf("%d rules found", len(w.found))
	}
}

// TestLoop has rules that the kernel does not take.
func TestLoop(t *testing.T) {
	t.Parallel()
	c := &chain{family: familyIPv4, table: "t", name: "c"}
	c.peers = map[string]*chain{"c": c}
	c.rules = []*rule{
		{ops: []op{&verdictOp{verdict{code: verdictGoto, chain: "c"}}}},
		{ops: []op{&dnatOp{}}},
	}
	w := &walker{}
	w.walk(&ruleset{source: "test", bases: []*base{{chain: c, hook: hookOutput}}})
	if !w.over {
		t.Error("it came to an end")
	}
}
