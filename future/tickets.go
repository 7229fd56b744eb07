package future

// tickets is what is known of operations under way. A ticket is a place among them,
// counted from 1, and above that the generation of the place, so that the ticket of an
// operation that is over is known as such.
type tickets[T any] struct {
	places []place[T]
	free   uint32 // the first free place, counted from 1
}

type place[T any] struct {
	val   T
	next  uint32 // if free
	gen   uint8
	taken bool
}

const placeBits = 24

func (x *tickets[T]) take(v T) (ticket uint32) {
	i := x.free
	if i == 0 {
		x.places = append(x.places, place[T]{})
		i = uint32(len(x.places))
		if i >= 1<<placeBits {
			panic("rondo/future: more than 16 million wait for one result")
		}
	}
	p := &x.places[i-1]
	x.free = p.next
	p.val, p.next, p.taken = v, 0, true
	return i | uint32(p.gen)<<placeBits
}

func (x *tickets[T]) at(ticket uint32) *T {
	p := &x.places[ticket&(1<<placeBits-1)-1]
	if !p.taken || p.gen != uint8(ticket>>placeBits) {
		panic("rondo/future: an operation was polled that is over, or is a copy of one that is")
	}
	return &p.val
}

func (x *tickets[T]) leave(ticket uint32) {
	x.at(ticket)
	i := ticket & (1<<placeBits - 1)
	p := &x.places[i-1]
	*p = place[T]{next: x.free, gen: p.gen + 1}
	x.free = i
}
