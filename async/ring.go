package async

// ring is a queue of cores that grows and does not shrink.
type ring struct {
	buf  []*Core // its length is zero or a power of two
	head uint32
	tail uint32
}

func (r *ring) len() int { return int(r.tail - r.head) }

func (r *ring) push(c *Core) {
	if r.len() == len(r.buf) {
		r.grow()
	}
	r.buf[r.tail&uint32(len(r.buf)-1)] = c
	r.tail++
}

// pop is for a queue that is not empty.
func (r *ring) pop() *Core {
	p := &r.buf[r.head&uint32(len(r.buf)-1)]
	c := *p
	*p = nil
	r.head++
	return c
}

func (r *ring) grow() {
	bigger := make([]*Core, max(16, 2*len(r.buf)))
	n := 0
	for r.head != r.tail {
		bigger[n] = r.pop()
		n++
	}
	r.buf, r.head, r.tail = bigger, 0, uint32(n)
}
