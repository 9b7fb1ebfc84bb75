package netfilter

// ruleset is all that has been read: tables of nftables, or the old ones.
type ruleset struct {
	source string
	bases  []*base
	// elements reads a set, each once.
	elements func(setKey) *set
}

// base is a chain that the kernel calls by itself.
type base struct {
	*chain
	hook     uint32
	priority int32
	filter   bool // of type filter, and not nat
	drops    bool // what comes to its end
}

// chain is a list of rules.
type chain struct {
	family uint8
	table  string
	name   string
	where  string // its table and name for people
	rules  []*rule
	// peers are the chains of its table.
	peers map[string]*chain

	// reach is what walking through it can lead to, found once.
	reach   reach
	reached bool
}

// rule is what is asked of a packet, in order.
type rule struct {
	ops     []op
	comment string
}

// reach says what can come of a chain: a new destination, or the end of the way.
type reach struct{ forwards, ends bool }

// verdict is what becomes of a packet.
type verdict struct {
	code  int32
	chain string
}

// op is one step of a rule. It narrows what the state says about the connection
// and reports whether the rule can go on.
type op interface {
	step(p *pass, s *state) bool
}

// brancher is an op that can go on in more than one way. Where branches returns
// false, step is to be taken.
type brancher interface {
	op
	branches(p *pass, s *state, each func(*state)) bool
}

// state is where a rule is.
type state struct {
	condition
	regs    registers
	verdict verdict
	// modulus is between how many the last lot decides.
	modulus uint32
}

// depthLimit bounds jumps: the kernel allows 16 of them (NFT_JUMP_STACK_SIZE).
const depthLimit = 32

// reaches finds what can come of a chain.
func (c *chain) reaches(depth int) reach {
	if c.reached || depth > depthLimit {
		return c.reach
	}
	var found reach
	for _, r := range c.rules {
		for _, o := range r.ops {
			switch o := o.(type) {
			case *dnatOp, *tproxyOp:
				found.forwards = true
			case *verdictOp:
				found = found.or(c.verdictReach(o.verdict, depth))
			case *stopOp:
				found.ends = true
			case *lookupOp:
				if o.verdicts() { // any chain
					found.forwards, found.ends = true, true
				}
			}
		}
	}
	c.reach, c.reached = found, true
	return found
}

func (r reach) or(o reach) reach {
	return reach{r.forwards || o.forwards, r.ends || o.ends}
}

func (c *chain) verdictReach(v verdict, depth int) reach {
	switch v.code {
	case verdictJump, verdictGoto:
		var found reach
		if next := c.peers[v.chain]; next != nil {
			found = next.reaches(depth + 1)
		}
		found.ends = found.ends || v.code == verdictGoto
		return found
	case verdictContinue, verdictBreak, verdictReturn:
		return reach{}
	}
	return reach{ends: true}
}
