package channel

// ring is a queue in one piece of memory, which grows by doubling.
type ring[T any] struct {
	buf  []T // its length is zero or a power of two
	head int
	n    int
	peak int // of n, since it was last 0
}

// keep is how many places a ring keeps in any case. A larger one is dropped when
// it is empty, and a quarter of it would have done since it last was.
const keep = 64

func (r *ring[T]) push(v T) {
	if r.n == len(r.buf) {
		r.grow()
	}
	r.buf[(r.head+r.n)&(len(r.buf)-1)] = v
	r.n++
	r.peak = max(r.peak, r.n)
}

// pop is for a ring that is not empty.
func (r *ring[T]) pop() T {
	p := &r.buf[r.head]
	v := *p
	var zero T
	*p = zero // what was received must not be held here
	r.head = (r.head + 1) & (len(r.buf) - 1)
	if r.n--; r.n == 0 {
		if len(r.buf) > keep && r.peak < len(r.buf)/4 {
			r.buf = nil
		}
		r.head, r.peak = 0, 0
	}
	return v
}

func (r *ring[T]) grow() {
	bigger := make([]T, max(4, 2*len(r.buf)))
	m := copy(bigger, r.buf[r.head:])
	copy(bigger[m:], r.buf[:r.head])
	r.buf, r.head = bigger, 0
}
