package waitline

import (
	"sync"

	"rondo.dev/rondo/async"
)

// Units is a stock that is given out in the order of asking. The mutex of the
// object that it is a part of guards it.
//
// The invariant, whenever the mutex is free: either nobody waits, or there is less
// in stock than the first one needs. So whoever takes out of turn takes from
// nobody: there is no line when there is enough.
//
// The zero value is an empty stock.
type Units struct {
	free   int64
	closed bool
	line   Line
}

// Free returns how much is in stock.
func (u *Units) Free() int64 { return u.free }

// Closed reports whether the stock was closed.
func (u *Units) Closed() bool { return u.closed }

// Waiting reports whether anybody waits.
func (u *Units) Waiting() bool { return !u.line.Empty() }

// Line returns the line before the stock.
func (u *Units) Line() *Line { return &u.line }

// Take takes n at once, if they are there and nobody waits.
func (u *Units) Take(n int64) bool {
	if u.closed || u.free < n || !u.line.Empty() {
		return false
	}
	u.free -= n
	return true
}

// Stock adds n to the stock if nobody waits, and reports whether it did: what Put does
// then, for those who want to pay for no more.
func (u *Units) Stock(n int64) bool {
	if !u.line.Empty() {
		return false
	}
	u.free += n
	return true
}

// Start is Source.Start of an operation that takes n: at once if that can be, else
// it stands in line.
func (u *Units) Start(n int64) (ticket uint32) {
	switch {
	case u.closed:
		return ToldTicket
	case u.Take(n):
		if n == 1 {
			return GivenTicket
		}
		w := u.line.New()
		w.need, w.state = n, Given
		return w.Ticket()
	}
	return u.line.Add(n).Ticket()
}

// StartQuick is Start of a quick operation: t is woken when it is time to Poll. The
// mutex, which is locked, is so no more afterwards.
func (u *Units) StartQuick(t *async.Task, n int64, mu *sync.Mutex) (ticket uint32) {
	over := false
	defer func() {
		mu.Unlock()
		if over {
			t.Waker().WakeLocal()
		}
	}()
	ticket, over = u.startQuick(t, n)
	return ticket
}

func (u *Units) startQuick(t *async.Task, n int64) (ticket uint32, over bool) {
	if u.closed || u.free >= n && u.line.Empty() {
		return u.Start(n), true
	}
	w := u.line.Add(n)
	w.Await(t)
	return w.Ticket(), false
}

// Poll returns how an operation stands. If it is Waiting, t will be woken; else
// the operation is over, and has what it needs if it is Given.
func (u *Units) Poll(t *async.Task, ticket uint32) State {
	switch ticket {
	case GivenTicket:
		return Given
	case ToldTicket:
		return Told
	}
	w := u.line.Find(ticket)
	s := w.state
	if s == Waiting {
		w.Await(t)
	} else {
		u.line.Free(w)
	}
	return s
}

// Cancel ends an operation, and returns what it had been given. The caller puts
// that back, with all that means for it, even if it is nothing: with a large
// request gone, smaller ones behind it may be next.
func (u *Units) Cancel(ticket uint32) (back int64) {
	switch ticket {
	case GivenTicket:
		return 1
	case ToldTicket:
		return 0
	}
	w := u.line.Find(ticket)
	if w.state == Given {
		back = w.need
	}
	u.line.Free(w)
	return back
}

// Put adds n to the stock, and gives to those whose turn it is.
func (u *Units) Put(n int64, k *Woken) {
	u.free += n
	u.serve(k)
}

func (u *Units) serve(k *Woken) {
	for w := u.line.first; w != nil && w.need <= u.free; w = u.line.first {
		u.free -= w.need
		u.line.Give(w, k)
	}
}

// Close tells all who wait, and all who come, that they get nothing. What was
// given stays so.
func (u *Units) Close(k *Woken) {
	u.closed = true
	u.line.Tell(k)
}
