package future

import "rondo.dev/rondo/async"

// waitlist is the operations that wait for one event. A ticket is a place on it,
// counted from 1, and above that the generation of the place, so that the ticket of
// an operation that is over is known as such.
type waitlist struct {
	places []place
	free   uint32 // the first free place, counted from 1
}

type place struct {
	waker *async.Waker
	next  uint32 // if free
	gen   uint8
	taken bool
}

const placeBits = 24

func (w *waitlist) take() (ticket uint32) {
	i := w.free
	if i == 0 {
		w.places = append(w.places, place{})
		i = uint32(len(w.places))
		if i >= 1<<placeBits {
			panic("rondo/future: more than 16 million wait for one result")
		}
	}
	p := &w.places[i-1]
	w.free, p.next, p.taken = p.next, 0, true
	return i | uint32(p.gen)<<placeBits
}

func (w *waitlist) at(ticket uint32) *place {
	p := &w.places[ticket&(1<<placeBits-1)-1]
	if !p.taken || p.gen != uint8(ticket>>placeBits) {
		panic("rondo/future: an operation was polled that is over, or is a copy of one that is")
	}
	return p
}

func (w *waitlist) wait(ticket uint32, waker *async.Waker) { w.at(ticket).waker = waker }

func (w *waitlist) leave(ticket uint32) {
	p := w.at(ticket)
	*p = place{next: w.free, gen: p.gen + 1}
	w.free = ticket & (1<<placeBits - 1)
}

// wakeAll wakes those who wait, and reports whether there were any.
func (w *waitlist) wakeAll() (any bool) {
	for i := range w.places {
		p := &w.places[i]
		any = any || p.taken
		if p.waker != nil {
			p.waker.WakeLocal()
			p.waker = nil
		}
	}
	return any
}
