package netfilter

import (
	"errors"
	"fmt"
	"strconv"
)

// Conn speaks with the nfnetlink of one network namespace.
type Conn interface {
	Send(request []byte) error
	// Receive reads one datagram.
	Receive(b []byte) (int, error)
	Close() error
}

// refusal is an errno (include/uapi/asm-generic/errno-base.h).
type refusal int32

const (
	errnoPerm       refusal = 1
	errnoNoEntry    refusal = 2
	errnoInterrupt  refusal = 4
	errnoInvalid    refusal = 22
	errnoNotSupport refusal = 95
)

func (e refusal) Error() string { return "errno " + strconv.Itoa(int(e)) }

// receiveBuffer holds a datagram of a dump: the kernel makes them no larger than
// what was read at once before, and at most 32 KiB.
const receiveBuffer = 64 << 10

// reader reads the rules of nftables.
type reader struct {
	conn  Conn
	buf   []byte
	seq   uint32
	kinds map[setKey]setKind
	sets  map[setKey]*set
	// started is the generation of the rules that were read first.
	started uint32
	// changed is set when the kernel said so, or when something that was listed
	// has gone.
	changed bool
}

func newReader(conn Conn) *reader {
	return &reader{conn: conn, buf: make([]byte, receiveBuffer), kinds: make(map[setKey]setKind), sets: make(map[setKey]*set)}
}

// ask sends a request and yields the answers of a kind, up to the end of a dump
// or up to the only one.
func (r *reader) ask(kind, want, flags uint16, family uint8, yield func(message), texts ...textAttr) error {
	r.seq++
	if err := r.conn.Send(appendRequest(nil, kind, flags, r.seq, family, texts...)); err != nil {
		return fmt.Errorf("ask nftables: %w", err)
	}
	for {
		n, err := r.conn.Receive(r.buf)
		if err != nil {
			return fmt.Errorf("read nftables: %w", err)
		}
		for rest := r.buf[:n]; len(rest) > 0; {
			var m message
			if m, rest, err = nextMessage(rest); err != nil {
				return fmt.Errorf("read nftables: %w", err)
			}
			if m.seq != r.seq {
				continue
			}
			if m.flags&flagDumpIntr != 0 {
				r.changed = true
			}
			switch {
			case m.ends && m.errno != 0:
				return fmt.Errorf("read nftables: %w", refusal(m.errno))
			case m.ends:
				return nil
			case m.kind == want:
				yield(m)
				if flags&flagDump == 0 {
					return nil
				}
			}
		}
	}
}

// generation is a number that every change of the rules raises.
func (r *reader) generation() (id uint32, err error) {
	err = r.ask(msgGetGen, msgNewGen, 0, 0, func(m message) {
		for kind, a := range attrs(m.attrs) {
			if kind == attrGenID {
				id = a.u32()
			}
		}
	})
	return id, err
}

// begin reads the rules. There are none where nfnetlink knows no nftables.
func (r *reader) begin() (*ruleset, error) {
	var err error
	r.started, err = r.generation()
	var errno refusal
	if errors.As(err, &errno) && (errno == errnoInvalid || errno == errnoNotSupport) {
		return &ruleset{}, nil
	}
	if err != nil {
		return nil, err
	}
	return r.rules()
}

// unchanged tells whether the rules are those that were there at the beginning.
func (r *reader) unchanged() bool {
	now, err := r.generation()
	return err != nil || now == r.started && !r.changed
}

// rules reads all chains and, of the tables that have base chains that matter,
// the rules.
func (r *reader) rules() (*ruleset, error) {
	dormant := make(map[tableKey]bool)
	err := r.ask(msgGetTable, msgNewTable, flagDump, 0, func(m message) {
		if key, asleep := decodeTable(m); asleep {
			dormant[key] = true
		}
	})
	if err != nil {
		return nil, err
	}
	out := &ruleset{source: "nftables", elements: r.elements}
	tables := make(map[tableKey]map[string]*chain)
	var order []tableKey
	err = r.ask(msgGetChain, msgNewChain, flagDump, 0, func(m message) {
		c, b := decodeChain(m)
		key := tableKey{c.family, c.table}
		if dormant[key] {
			return
		}
		if tables[key] == nil {
			tables[key] = make(map[string]*chain)
		}
		c.peers = tables[key]
		c.peers[c.name] = c
		if b != nil {
			out.bases = append(out.bases, b)
		}
	})
	if err != nil {
		return nil, err
	}
	wanted := make(map[tableKey]bool)
	for _, b := range out.bases {
		if key := (tableKey{b.family, b.table}); !wanted[key] {
			wanted[key] = true
			order = append(order, key)
		}
	}
	for _, key := range order {
		if err := r.table(key, tables[key]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// table reads the rules of one table, and the names of its sets.
func (r *reader) table(key tableKey, chains map[string]*chain) error {
	err := r.ask(msgGetRule, msgNewRule, flagDump, key.family, func(m message) {
		table, name, rule := decodeRule(m)
		if c := chains[name]; c != nil && table == key.name && m.family == key.family {
			c.rules = append(c.rules, rule)
		}
	}, textAttr{attrRuleTable, key.name})
	if err != nil {
		return r.gone(err)
	}
	err = r.ask(msgGetSet, msgNewSet, flagDump, key.family, func(m message) {
		name, kind := decodeSet(m)
		r.kinds[name] = kind
	}, textAttr{attrSetTable, key.name})
	return r.gone(err)
}

// gone takes what is not there any more for a change of the rules.
func (r *reader) gone(err error) error {
	var errno refusal
	if errors.As(err, &errno) && (errno == errnoNoEntry || errno == errnoInterrupt) {
		r.changed = true
		return nil
	}
	return err
}

// elements reads a set when a rule asks for it. It returns nil for one that
// cannot be read.
func (r *reader) elements(key setKey) *set {
	if s, ok := r.sets[key]; ok {
		return s
	}
	r.sets[key] = nil
	kind, ok := r.kinds[key]
	if !ok {
		return nil
	}
	var list []entry
	err := r.ask(msgGetSetElem, msgNewSetElem, flagDump, key.family, func(m message) {
		if len(list) < elementLimit {
			list = decodeEntries(list, m)
		}
	}, textAttr{attrElemsTable, key.table}, textAttr{attrElemsSet, key.name})
	if err != nil {
		r.changed = r.changed || r.gone(err) == nil
		return nil
	}
	r.sets[key] = newSet(kind, list)
	return r.sets[key]
}
