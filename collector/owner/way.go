package owner

// Way is how to look for holders.
type Way uint8

// The ways. Whichever is taken, what is found is the same.
const (
	// Auto takes the one that is likely to be faster, among those that can be.
	Auto Way = iota
	// BPF has the kernel walk the descriptors of all processes.
	BPF
	// ByProc reads /proc/PID/fd.
	ByProc
)

// Ways are the names of the ways, by which people choose.
func Ways() []string { return []string{Auto.String(), BPF.String(), ByProc.String()} }

// ParseWay returns the way of a name.
func ParseWay(name string) (Way, bool) {
	for w := Auto; w <= ByProc; w++ {
		if w.String() == name {
			return w, true
		}
	}
	return Auto, false
}

// String is the name of the way: what the JSON contract's source.owners says of
// the one that was taken.
func (w Way) String() string {
	switch w {
	case BPF:
		return "bpf"
	case ByProc:
		return "proc"
	}
	return "auto"
}
