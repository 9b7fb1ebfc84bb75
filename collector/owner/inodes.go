package owner

// Inodes is a set of socket inodes, each with a dense index in the order of
// arrival. It is an open-addressed table: one probe and no pointer for the
// collector, which looks up every socket descriptor of the machine in it.
type Inodes struct {
	slots []slot
	shift uint
	n     int
}

type slot struct {
	inode uint64 // 0 marks a free slot; no socket has inode 0
	index int32
}

// NewInodes makes room for n inodes without growing.
func NewInodes(n int) *Inodes {
	bits := uint(4)
	for 1<<bits < n*2 {
		bits++
	}
	return &Inodes{slots: make([]slot, 1<<bits), shift: 64 - bits}
}

// Len is the number of inodes in the set.
func (t *Inodes) Len() int { return t.n }

// Add puts an inode into the set and returns its index. Inode 0 is no inode;
// its index is -1.
func (t *Inodes) Add(inode uint64) int32 {
	if inode == 0 {
		return -1
	}
	if t.n*2 >= len(t.slots) {
		t.grow()
	}
	s := t.find(inode)
	if s.inode == 0 {
		*s = slot{inode: inode, index: int32(t.n)}
		t.n++
	}
	return s.index
}

// Index returns the index of an inode, or -1.
func (t *Inodes) Index(inode uint64) int32 {
	if s := t.find(inode); s.inode == inode && inode != 0 {
		return s.index
	}
	return -1
}

// find returns the slot of the inode or the free slot where it belongs. Inodes
// are handed out in sequence, which multiplication spreads (Fibonacci hashing).
func (t *Inodes) find(inode uint64) *slot {
	mask := uint64(len(t.slots) - 1)
	for i := inode * 0x9e3779b97f4a7c15 >> t.shift; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.inode == inode || s.inode == 0 {
			return s
		}
	}
}

func (t *Inodes) grow() {
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	t.shift--
	for _, s := range old {
		if s.inode != 0 {
			*t.find(s.inode) = s
		}
	}
}
