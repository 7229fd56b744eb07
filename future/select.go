package future

import "rondo.dev/rondo/async"

// Either is the result of Select: which future was first, and its value.
type Either[A, B any] struct {
	Won int // 0 for the first, 1 for the second
	A   A   // if Won is 0
	B   B   // if Won is 1
}

// Select returns a future of whichever of a and b is ready first, with its value
// and error. a is looked at first: if both are ready it wins. The other is
// cancelled as a loser, and its end waited for; if it was not polled yet it is
// not touched.
//
// When the task is cancelled, only one of two results could be delivered: b is
// cancelled as a loser, and the end of a is the result.
//
// Select allocates once. With pointers to operations (&op), those are moved to
// the heap as well. The future is polled by one task, and not again after its
// result; one that has lost a Select itself can be.
func Select[A, B any](a async.Future[A], b async.Future[B]) async.Future[Either[A, B]] {
	return &selecting[A, B]{a: a, b: b}
}

// selecting is racing, until its result is decided; then it waits for the end of
// what was asked to give up. Which of the two futures decides is a different
// question from which are waited for: when the task is cancelled, both are.
type selecting[A, B any] struct {
	a      async.Future[A]
	b      async.Future[B]
	state  state
	takeA  bool    // decided, without a winner: a's end is the result
	loser  bool    // it was cancelled as a loser: nobody takes the result
	begun  [2]bool // has been polled
	waits  [2]bool // decided: has not ended yet
	result Either[A, B]
	err    error
}

type state uint8

const (
	racing state = iota
	decided
	over
)

func (s *selecting[A, B]) Poll(t *async.Task) (Either[A, B], error) {
	switch s.state {
	case over:
		panic("rondo/future: Select polled after it had its result")
	case racing:
		s.race(t)
	}
	if s.state != decided || !s.drained(t) {
		var zero Either[A, B]
		return zero, async.Pending
	}
	r, err := s.result, s.err
	s.end()
	return r, err
}

func (s *selecting[A, B]) race(t *async.Task) {
	s.begun[0] = true
	if v, err := s.a.Poll(t); !async.IsPending(err) {
		s.decide(Either[A, B]{Won: 0, A: v}, err)
		s.waits[1] = s.begun[1] && !giveUp(t, s.b, true)
		return
	}
	s.begun[1] = true
	if v, err := s.b.Poll(t); !async.IsPending(err) {
		s.decide(Either[A, B]{Won: 1, B: v}, err)
		s.waits[0] = !giveUp(t, s.a, true)
	}
}

func (s *selecting[A, B]) decide(r Either[A, B], err error) {
	s.result, s.err, s.state = r, err, decided
}

// giveUp cancels a future that has been started, and reports whether it is gone.
func giveUp[T any](t *async.Task, f async.Future[T], loser bool) (idle bool) {
	c, ok := f.(async.Canceler)
	return !ok || c.Cancel(t, loser)
}

// drained reports whether all that was asked to give up has ended.
func (s *selecting[A, B]) drained(t *async.Task) bool {
	if s.waits[0] {
		if v, err := s.a.Poll(t); !async.IsPending(err) {
			s.waits[0] = false
			if s.takeA {
				s.result.A, s.err = v, err
			}
		}
	}
	if s.waits[1] {
		if _, err := s.b.Poll(t); !async.IsPending(err) {
			s.waits[1] = false
		}
	}
	return !s.waits[0] && !s.waits[1]
}

// end is called with the result. If nobody takes it, s is as if it had not been
// started; but what a winner has yielded can't be put back from here, so that
// stays decided, and is there for the next Poll.
func (s *selecting[A, B]) end() {
	switch {
	case !s.loser:
		s.state = over
	case s.takeA:
		*s = selecting[A, B]{a: s.a, b: s.b}
	default:
		s.loser = false
	}
}

// Cancel makes it a Canceler. With a winner already, that is the result, as soon as
// the loser has ended.
func (s *selecting[A, B]) Cancel(t *async.Task, loser bool) (idle bool) {
	if s.state == over {
		return true
	}
	s.loser = loser
	if s.state == decided {
		return false
	}
	s.waits[0] = s.begun[0] && !giveUp(t, s.a, loser)
	s.waits[1] = s.begun[1] && !giveUp(t, s.b, true)
	s.decide(Either[A, B]{}, t.Cause())
	s.takeA = true
	if s.waits[0] || s.waits[1] {
		return false
	}
	s.end()
	return true
}
