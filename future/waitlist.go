package future

import "rondo.dev/rondo/async"

// waitlist is the operations that wait for one event: their wakers, nil before the first
// poll and after a wake.
type waitlist struct{ tickets[*async.Waker] }

// wakeAll wakes those who wait, and reports whether there are any.
func (w *waitlist) wakeAll() (any bool) {
	for i := range w.places {
		p := &w.places[i]
		any = any || p.taken
		if p.val != nil {
			p.val.WakeLocal()
			p.val = nil
		}
	}
	return any
}
