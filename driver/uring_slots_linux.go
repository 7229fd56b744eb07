package driver

// A token names an operation to the kernel: the index of its slot, and in the
// upper half the slot's generation, so that an answer which comes too late finds
// nobody. Go pointers stay in Go. Index 0 is no slot; its tokens are the
// driver's own.
type token uint64

const (
	tokenIgnored token = 0       // nobody waits for the answer
	tokenWake    token = 1 << 32 // the eventfd of wakes was written
)

func (t token) index() uint32      { return uint32(t) }
func (t token) generation() uint32 { return uint32(t >> 32) }

// A slot holds an operation from Submit to its end. It is what keeps the Op,
// and so the memory that the kernel was told of, alive.
type slot struct {
	op         *Op
	generation uint32
	next, prev uint32 // in the chain of its descriptor; next also links free slots
	queued     bool   // its request waits for room in the ring: the kernel can't know it
	polling    bool   // its request is a poll that comes before it is tried again
	draining   bool   // it is a close that waits for the others on its descriptor
	reissued   uint8  // see uring.again
}

// slots is the table of what is in flight. Slots are chained by descriptor, in
// as many chains as there is room for slots: descriptors are small and dense
// numbers, so a chain seldom has more than the few operations of one.
type slots struct {
	slots []slot // the first is not used
	free  uint32
	heads []uint32 // of the chains, a power of two
}

func newSlots() slots {
	return slots{slots: make([]slot, 1, 16), heads: make([]uint32, 16)}
}

// take finds a slot for op.
func (t *slots) take(op *Op) uint32 {
	i := t.free
	if i != 0 {
		t.free = t.slots[i].next
	} else {
		i = uint32(len(t.slots))
		t.slots = append(t.slots, slot{})
		if len(t.slots) > len(t.heads) {
			t.spread()
		}
	}
	s := &t.slots[i]
	*s = slot{op: op, generation: s.generation}
	op.slot = i
	t.link(i)
	return i
}

// release frees a slot, and the token it had with it.
func (t *slots) release(i uint32) *Op {
	t.unlink(i)
	s := &t.slots[i]
	op := s.op
	*s = slot{generation: s.generation + 1, next: t.free}
	t.free = i
	return op
}

func (t *slots) at(i uint32) *slot { return &t.slots[i] }

// token returns the name of the operation in slot i.
func (t *slots) token(i uint32) token { return token(t.slots[i].generation)<<32 | token(i) }

// find returns the slot that a token names, 0 if the operation has ended.
func (t *slots) find(k token) uint32 {
	i := k.index()
	if int(i) >= len(t.slots) || t.slots[i].op == nil || t.slots[i].generation != k.generation() {
		return 0
	}
	return i
}

// onDescriptor calls f for each slot whose operation is on fd; f does not change
// the table.
func (t *slots) onDescriptor(fd int32, f func(i uint32, s *slot)) {
	for i := *t.head(fd); i != 0; i = t.slots[i].next {
		if s := &t.slots[i]; s.op.fd == fd {
			f(i, s)
		}
	}
}

func (t *slots) head(fd int32) *uint32 { return &t.heads[uint32(fd)&uint32(len(t.heads)-1)] }

func (t *slots) link(i uint32) {
	s := &t.slots[i]
	head := t.head(s.op.fd)
	s.prev, s.next = 0, *head
	if s.next != 0 {
		t.slots[s.next].prev = i
	}
	*head = i
}

func (t *slots) unlink(i uint32) {
	s := &t.slots[i]
	if s.next != 0 {
		t.slots[s.next].prev = s.prev
	}
	if s.prev != 0 {
		t.slots[s.prev].next = s.next
	} else {
		*t.head(s.op.fd) = s.next
	}
}

// spread doubles the number of chains.
func (t *slots) spread() {
	t.heads = make([]uint32, 2*len(t.heads))
	for i := range t.slots {
		if t.slots[i].op != nil {
			t.link(uint32(i))
		}
	}
}
