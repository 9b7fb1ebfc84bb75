package socket

// Rows gathers sockets. They are kept in blocks that never move, so a table of
// a million rows is never copied while it grows, and sorting moves pointers.
type Rows struct {
	All   []*Socket
	block []Socket
}

// Add keeps a copy of s and returns it.
func (r *Rows) Add(s *Socket) *Socket {
	const blockRows = 128
	if len(r.block) == cap(r.block) {
		r.block = make([]Socket, 0, blockRows)
	}
	r.block = append(r.block, *s)
	kept := &r.block[len(r.block)-1]
	kept.Details = kept.Details.Clone()
	r.All = append(r.All, kept)
	return kept
}
