package summary

import "math/bits"

// portSet is a set of port numbers.
type portSet [1 << 16 / 64]uint64

func (s *portSet) add(port uint16)    { s[port/64] |= 1 << (port % 64) }
func (s *portSet) remove(port uint16) { s[port/64] &^= 1 << (port % 64) }

func (s *portSet) has(port uint16) bool { return s[port/64]&(1<<(port%64)) != 0 }

func (s *portSet) size() int {
	n := 0
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// Ports are those that the kernel chooses from for a socket that needs one.
type Ports struct {
	// First and Last are the limits of the range.
	First, Last uint16
	usable      portSet
}

// NewPorts makes a range in which nothing is reserved.
func NewPorts(first, last uint16) *Ports {
	p := &Ports{First: first, Last: last}
	for port := int(first); port <= int(last); port++ {
		p.usable.add(uint16(port))
	}
	return p
}

// Reserve takes the ports from first to last out: the kernel leaves them to
// those who name them.
func (p *Ports) Reserve(first, last uint16) {
	for port := int(first); port <= int(last); port++ {
		p.usable.remove(uint16(port))
	}
}

// Size is how many ports there are to choose from.
func (p *Ports) Size() int { return p.usable.size() }
