package future

import (
	"io"

	"rondo.dev/rondo/async"
)

// roster is the members of a Set or an Ordered, which come and go: a list in the
// order of their results, if that is fixed, else of their coming. What has landed
// stays on the list until it is taken.
type roster[T any] struct {
	crowd       crowd[T]
	first, last *member[T]
	free        *member[T] // through after
	size        int
	stored      int   // how many have landed
	quitting    bool  // asked to give up: the end of all in flight is waited for
	cause       error // why, if somebody waits to be told; nil: as losers
}

// add puts a future at the end of the list, or at its beginning.
func (r *roster[T]) add(f async.Future[T], front bool) {
	m := r.free
	if m == nil {
		m = new(member[T])
	} else {
		r.free, m.after = m.after, nil
	}
	r.size++
	switch {
	case r.first == nil:
		r.first, r.last = m, m
	case front:
		m.after, r.first.before = r.first, m
		r.first = m
	default:
		m.before, r.last.after = r.last, m
		r.last = m
	}
	m.join(&r.crowd, f)
	r.crowd.wakeWaiter()
}

// remove takes a member off the list and returns its result. The member may still
// be woken, and queued; then it is passed over.
func (r *roster[T]) remove(m *member[T]) (T, error) {
	if m.state == landed {
		r.stored--
	}
	r.size--
	if m.before != nil {
		m.before.after = m.after
	} else {
		r.first = m.after
	}
	if m.after != nil {
		m.after.before = m.before
	} else {
		r.last = m.before
	}
	v, err := m.val, m.err
	m.arm = arm[T]{}
	m.before, m.after = nil, r.free
	r.free = m
	return v, err
}

// next returns the next result, io.EOF if there are no members, or Pending. A
// member that panics is taken off the list, and the panic goes on.
func (r *roster[T]) next(t *async.Task, inOrder bool) (v T, err error) {
	turns := r.crowd.attend(t)
	for {
		if m := r.ready(inOrder); m != nil {
			return r.remove(m)
		}
		if r.quitting && r.crowd.inFlight == 0 {
			if cause := r.end(); cause != nil {
				return v, cause
			}
		}
		if r.size == 0 {
			return v, io.EOF
		}
		m := r.crowd.step(t, &turns, !r.quitting)
		if m == nil {
			return v, async.Pending
		}
		switch m.state {
		case landed:
			r.stored++
			if !inOrder && !r.quitting {
				return r.remove(m)
			}
		case burst:
			r.raise()
		}
	}
}

// ready returns a member that has landed and whose turn it is, or nil. While others
// have to be waited for it is nobody's turn.
func (r *roster[T]) ready(inOrder bool) *member[T] {
	if r.stored == 0 || r.quitting && r.crowd.inFlight > 0 {
		return nil
	}
	m := r.first
	for m.state != landed {
		if inOrder {
			return nil
		}
		m = m.after
	}
	if r.quitting {
		r.end()
	}
	return m
}

// end ends the time of quitting, and returns why it came: members that had
// nothing in flight, or ended as losers, are as if they had not been started.
func (r *roster[T]) end() (cause error) {
	cause = r.cause
	r.quitting, r.cause = false, nil
	for m := r.first; m != nil; m = m.after {
		if m.state == fresh {
			r.crowd.enqueue(m)
		}
	}
	return cause
}

// quit asks all members to give up. Those that were asked already become losers, if
// that is what they are asked now.
func (r *roster[T]) quit(t *async.Task, loser bool) {
	r.quitting, r.cause = true, nil
	if !loser {
		r.cause = cause(t)
	}
	for m := r.first; m != nil; m = m.after {
		r.crowd.giveUp(t, m, loser)
	}
}

// asked reports whether the members were asked to give up, and not as losers.
func (r *roster[T]) asked() bool { return r.quitting && r.cause != nil }

// raise takes a member that has panicked off the list, and goes on with its panic. Those
// that a Goexit has left are taken off, too.
func (r *roster[T]) raise() {
	for m := r.first; m != nil; {
		next := m.after
		if m.state == burst {
			if _, p := r.remove(m); p != nil {
				panic(p)
			}
		}
		m = next
	}
}

// cancel is Canceler.Cancel for both. A loser only stops waiting; if the members were
// asked to give up before, nobody is to be told of that any more.
func (r *roster[T]) cancel(t *async.Task, loser bool) (idle bool) {
	if loser {
		if r.asked() {
			r.quit(t, true)
			r.raise()
		}
		return true
	}
	r.quit(t, false)
	r.raise()
	if r.crowd.inFlight > 0 || r.stored > 0 {
		return false
	}
	r.end()
	return true
}

// close gives up all members as losers, waits until they have, and forgets them.
func (r *roster[T]) close(t *async.Task) { async.Await(t.WithoutCancel(), (*rosterClose[T])(r)) }

// rosterClose is close as a future.
type rosterClose[T any] roster[T]

func (c *rosterClose[T]) Poll(t *async.Task) (nothing struct{}, err error) {
	r := (*roster[T])(c)
	turns := r.crowd.attend(t)
	if !r.quitting || r.asked() {
		r.quit(t, true)
		turns = r.crowd.queued
	}
	for r.crowd.inFlight > 0 {
		m := r.crowd.step(t, &turns, false)
		if m == nil {
			return nothing, async.Pending
		}
		if m.state == landed {
			r.stored++
		}
	}
	defer r.forget() // also when a member has panicked
	r.raise()
	return nothing, nil
}

func (r *roster[T]) forget() {
	for r.first != nil {
		r.remove(r.first)
	}
	r.quitting, r.cause = false, nil
}
