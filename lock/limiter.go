package lock

import (
	"errors"
	"math"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
	"rondo.dev/rondo/internal/wheel"
)

// ErrBurst is the error of asking a Limiter for more at once than it ever has.
var ErrBurst = errors.New("rondo/lock: more tokens than the limiter's burst")

// A Limiter limits how often something happens: a bucket that holds a number of
// tokens, its burst, and is filled at a steady rate; whoever does it takes a token
// first, or as many as it costs. Those who wait are served in their order.
//
// Unlike the other types of this package it is at home on one loop, whose clock it
// goes by. Operations may be awaited by any task and goroutine, as those of a
// connection; TryAcquire is for tasks of its loop.
type Limiter struct {
	exec  *async.Executor
	every int64 // nanoseconds a token
	burst int64
	// empty is when the bucket would have been empty if nothing but the rate had
	// filled it: what has flowed in since is what is in it. A full bucket
	// overflows, so that it is never longer ago than burst * every.
	empty int64
	line  waitline.Line
	timer wheel.Timer // runs while somebody waits: until the first one's turn
}

// NewLimiter returns a limiter, at home on t's loop, whose bucket is full, holds
// burst tokens, and gets one every so often. It panics if either is not positive,
// or if filling the bucket would take more than a century.
func NewLimiter(t *async.Task, every time.Duration, burst int) *Limiter {
	const century = 100 * 365 * 24 * time.Hour
	if every <= 0 || burst <= 0 || int64(burst) > int64(century/every) {
		panic("rondo/lock: a limiter needs a positive rate and burst, and less than a century to fill")
	}
	return &Limiter{exec: t.Executor(), every: int64(every), burst: int64(burst), empty: math.MinInt64}
}

// Acquire suspends until there are n tokens and takes them. Cancelled, or as the
// loser of a Select, it has taken none. More than the burst is ErrBurst. It panics
// if n is negative.
func (l *Limiter) Acquire(n int) async.Act {
	checkUnits(int64(n))
	return async.NewAct((*limiting)(l), uint64(n))
}

// TryAcquire takes n tokens if they are there and nobody waits, and reports
// whether it did. Tasks of the limiter's loop call it.
func (l *Limiter) TryAcquire(n int) bool {
	checkUnits(int64(n))
	return l.line.Empty() && l.take(int64(n))
}

// take takes n tokens if they are there.
func (l *Limiter) take(n int64) bool {
	now := l.exec.Now()
	l.empty = max(l.empty, now-l.burst*l.every)
	if n > l.burst || l.empty+n*l.every > now {
		return false
	}
	l.empty += n * l.every
	return true
}

// serve gives tokens to those whose turn it is, and sets the timer for the first
// of the others.
func (l *Limiter) serve(k *waitline.Woken) {
	for w := l.line.First(); w != nil; w = l.line.First() {
		if !l.take(w.Need()) {
			l.exec.StopTimer(&l.timer)
			l.exec.StartTimerAt(&l.timer, l.empty+w.Need()*l.every, (*refill)(l))
			return
		}
		l.line.Give(w, k)
	}
	l.exec.StopTimer(&l.timer)
}

// refill is what a limiter does when its timer fires.
type refill Limiter

func (r *refill) Fire() {
	var k waitline.Woken
	(*Limiter)(r).serve(&k)
	k.Wake(r.exec)
}

// limiting is the source of Acquire.
type limiting Limiter

func (s *limiting) Home() *async.Executor { return s.exec }

func (s *limiting) Start(_ *async.Task, _ []byte, n uint64) uint32 {
	l := (*Limiter)(s)
	if int64(n) > l.burst {
		return waitline.ToldTicket
	}
	first := l.line.Empty()
	w := l.line.Add(int64(n))
	if first {
		var nobody waitline.Woken // w was not polled
		l.serve(&nobody)
	}
	return w.Ticket()
}

func (s *limiting) PollOp(t *async.Task, ticket uint32, keep bool) (struct{}, error) {
	if ticket == waitline.ToldTicket {
		return struct{}{}, ErrBurst
	}
	w := s.line.Find(ticket)
	if w.State() == waitline.Waiting {
		w.Await(t)
		return struct{}{}, async.Pending
	}
	if !keep {
		s.line.Free(w)
	}
	return struct{}{}, nil
}

func (s *limiting) CancelOp(_ *async.Task, ticket uint32) (idle bool) {
	if ticket != waitline.ToldTicket {
		(*Limiter)(s).end(ticket, true)
	}
	return true
}

// Settle ends an Acquire whose tokens were kept for it.
func (s *limiting) Settle(ticket uint32, back bool) int {
	if ticket != waitline.ToldTicket {
		(*Limiter)(s).end(ticket, back)
	}
	return 0
}

// end ends an operation. With back, tokens that it was given are poured back.
func (l *Limiter) end(ticket uint32, back bool) {
	w := l.line.Find(ticket)
	if back && w.State() == waitline.Given {
		l.empty -= w.Need() * l.every
	}
	l.line.Free(w)
	var k waitline.Woken
	l.serve(&k)
	k.Wake(l.exec)
}
