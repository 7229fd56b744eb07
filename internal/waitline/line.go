package waitline

import (
	"sync"

	"rondo.dev/rondo/async"
)

// A Line is a queue of waiters, and the memory for them. The zero value is empty.
// The mutex of the object that it is a part of guards it.
type Line struct {
	first, last *Waiter
	pool        *Pool // nil until somebody waits
}

// A Waiter is one that waits. It is handed out by Add and is the line's again with
// Free.
type Waiter struct {
	next, prev *Waiter // in the line, or next alone in the free list
	waker      *async.Waker
	home       *async.Executor // of the waker, if it is known
	ticket     uint32
	need       int64
	state      State
	linked     bool
}

// State is how things stand with a waiter.
type State uint8

const (
	// Waiting is in the line.
	Waiting State = iota
	// Given is out of the line: it has what it needs, and must take it or pass it on.
	Given
	// Told is out of the line, with nothing to pass on: something has happened
	// that concerns everybody.
	Told
)

// Tickets that no waiter has: those of operations that were over when they began.
const (
	GivenTicket uint32 = (1 + iota) << indexBits // it was given one unit
	ToldTicket
)

// A ticket is the index of a waiter + 1, and above it a generation.
const (
	indexBits = 22
	indexMask = 1<<indexBits - 1
)

// A Pool is a line's waiters. A waiter stays at its address and its index, which
// tickets name, for as long as anybody waits.
type Pool struct {
	all   []*Waiter
	free  *Waiter
	used  int
	peak  int      // of used, since it was last 0
	spare []wakeup // memory for a Woken of many

	// Most have one waiter at a time: it is here.
	one   Waiter
	first [1]*Waiter
}

// Use makes the line, before its first use, keep its waiters in p, which is zero: for
// who knows that somebody is going to wait, and has room for it.
func (l *Line) Use(p *Pool) {
	p.one = Waiter{ticket: 1, state: free}
	p.first[0] = &p.one
	p.all, p.free = p.first[:], &p.one
	l.pool = p
}

// keep is how many waiters a line keeps in any case. What is more goes when the
// line is empty, and a quarter would have done since it last was.
const keep = 64

// Add appends a waiter that needs so many units.
func (l *Line) Add(need int64) *Waiter {
	w := l.New()
	w.need = need
	l.Append(w)
	return w
}

// New returns a waiter that is not in the line: a ticket for something else.
func (l *Line) New() *Waiter {
	if l.pool == nil {
		l.Use(new(Pool))
	}
	p := l.pool
	p.used++
	p.peak = max(p.peak, p.used)
	w := p.free
	if w == nil {
		if len(p.all) == indexMask {
			panic("rondo: more than four million wait for one object")
		}
		w = &Waiter{ticket: uint32(len(p.all) + 1)}
		p.all = append(p.all, w)
		return w
	}
	p.free, w.next, w.state = w.next, nil, Waiting
	return w
}

// Append puts a waiter, which is in no line, at the end.
func (l *Line) Append(w *Waiter) {
	w.linked, w.state = true, Waiting
	w.prev = l.last
	if l.last == nil {
		l.first = w
	} else {
		l.last.next = w
	}
	l.last = w
}

// First returns who has waited longest, or nil.
func (l *Line) First() *Waiter { return l.first }

// Empty reports whether nobody is in the line.
func (l *Line) Empty() bool { return l.first == nil }

// Find returns the waiter with a ticket. It panics if there is none, which is the
// mistake of somebody who has copied an operation or polled it after its end.
func (l *Line) Find(ticket uint32) *Waiter {
	if i := int(ticket&indexMask) - 1; l.pool != nil && i >= 0 && i < len(l.pool.all) {
		if w := l.pool.all[i]; w.ticket == ticket && !w.idle() {
			return w
		}
	}
	panic("rondo: an operation was used that is over: it has had its result, or is a copy of one that has")
}

// Remove takes w out of the line, if it is in it.
func (l *Line) Remove(w *Waiter) {
	if !w.linked {
		return
	}
	if w.prev == nil {
		l.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		l.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.next, w.prev, w.linked = nil, nil, false
}

// Free ends w, whether it is in the line or not.
func (l *Line) Free(w *Waiter) {
	l.Remove(w)
	p := l.pool
	w.ticket += 1 << indexBits
	w.waker, w.home, w.need, w.state = nil, nil, 0, free
	w.next, p.free = p.free, w
	if p.used--; p.used > 0 {
		return
	}
	if len(p.all) > keep && p.peak < len(p.all)/4 {
		l.pool = nil
	}
	p.peak = 0
}

// free is the state of a waiter that nobody has.
const free State = 255

func (w *Waiter) idle() bool { return w.state == free }

// Ticket returns the name of w for Find.
func (w *Waiter) Ticket() uint32 { return w.ticket }

// State returns how things stand with w.
func (w *Waiter) State() State { return w.state }

// Need returns how many units w needs, or was given.
func (w *Waiter) Need() int64 { return w.need }

// Wakes stores whom to wake for w, who is at home somewhere.
func (w *Waiter) Wakes(waker *async.Waker) { w.waker, w.home = waker, nil }

// Await stores whom to wake for w.
func (w *Waiter) Await(t *async.Task) { w.waker, w.home = t.Waker(), t.Executor() }

// StartQuick is Source.Start of a quick operation that is told and looks for itself: it
// stands in line, or t is woken to look now. The mutex, which is locked, is so no more
// afterwards.
func (l *Line) StartQuick(t *async.Task, now bool, mu *sync.Mutex) (ticket uint32) {
	defer func() {
		mu.Unlock()
		if now {
			t.Waker().WakeLocal()
		}
	}()
	w := l.New()
	if !now {
		l.Stand(w, t)
	}
	return w.Ticket()
}

// Stand makes w stand in line, if it does not, and stores whom to wake. It is for
// those who are told, look, and find nothing that is for them.
func (l *Line) Stand(w *Waiter, t *async.Task) {
	if !w.linked {
		l.Append(w)
	}
	w.Await(t)
}
