package sockdiag

// pager reads the datagrams of one answer. The kernel composes each of them
// inside the call that receives it, which takes longer than to print its rows,
// so a long answer is received on a goroutine of its own, some datagrams ahead.
type pager struct {
	conn  Conn
	seq   uint32 // of the request
	buf   []byte
	page  []byte      // the page that the caller is reading
	full  chan fetch  // not nil once there is a receiver
	free  chan []byte // buffers for it
	ended chan struct{}
}

type fetch struct {
	page []byte
	err  error
}

const (
	// longPage is the size from which a datagram is taken for one of many. The
	// answers of most machines are shorter, and for them nothing is started.
	longPage = 16 << 10
	// pagesAhead is how far the receiver may be in front.
	pagesAhead = 6
)

// next returns the next datagram, which is good until the call after.
func (p *pager) next() ([]byte, error) {
	if p.full != nil {
		p.free <- p.page[:cap(p.page)]
		f := <-p.full
		p.page = f.page
		return f.page, f.err
	}
	n, err := p.conn.Receive(p.buf)
	if err != nil {
		return nil, err
	}
	p.page = p.buf[:n]
	if n >= longPage && !p.closes(p.page) {
		p.full = make(chan fetch, pagesAhead)
		p.free = make(chan []byte, pagesAhead+1)
		p.ended = make(chan struct{})
		for range pagesAhead {
			p.free <- make([]byte, len(p.buf))
		}
		go p.receive()
	}
	return p.page, nil
}

// receive fills buffers until the answer ends or there are no more buffers.
func (p *pager) receive() {
	defer close(p.ended)
	for buf := range p.free {
		n, err := p.conn.Receive(buf)
		p.full <- fetch{page: buf[:n], err: err}
		if err != nil || p.closes(buf[:n]) {
			return
		}
	}
}

// stop ends the receiver and waits until it has let go of the connection.
func (p *pager) stop() {
	if p.full == nil {
		return
	}
	close(p.free)
	for {
		select {
		case <-p.full:
		case <-p.ended:
			return
		}
	}
}

// closes reports whether a datagram holds the end of the answer: whoever asks
// for more after that waits in vain. Damage counts as an end, that of
// an older answer does not.
func (p *pager) closes(page []byte) bool {
	for rest := page; len(rest) > 0; {
		m, tail, err := nextMessage(rest)
		if err != nil || m.seq == p.seq && (m.kind == nlmsgDone || m.kind == nlmsgError) {
			return true
		}
		rest = tail
	}
	return false
}
