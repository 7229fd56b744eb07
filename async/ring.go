package async

// ring is a queue of cores that grows, and shrinks when trim is called.
type ring struct {
	buf  []*Core // its length is zero or a power of two
	head uint32
	tail uint32
}

// maxRing is how many cores an empty ring keeps room for. What had more was a burst,
// beside whose cost that of growing again is small.
const maxRing = 1 << 16

// trim gives back the memory of a burst that is over.
func (r *ring) trim() {
	if r.head == r.tail && len(r.buf) > maxRing {
		*r = ring{}
	}
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
