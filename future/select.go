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
// Select allocates once. With pointers to operations (&op), those are moved to
// the heap as well.
func Select[A, B any](a async.Future[A], b async.Future[B]) async.Future[Either[A, B]] {
	return &selecting[A, B]{a: a, b: b}
}

// selecting is in one of two states: racing, or (decided) waiting for the end of
// what was asked to give up. Which of the two futures decides is a different
// question from which are waited for: when the task is cancelled, both are.
type selecting[A, B any] struct {
	a       async.Future[A]
	b       async.Future[B]
	begun   [2]bool // has been polled
	waits   [2]bool // decided: has not ended yet
	decided bool
	takeA   bool // decided: a's end is the result
	over    bool
	won     Either[A, B]
	err     error
}

func (s *selecting[A, B]) Poll(t *async.Task) (Either[A, B], error) {
	if s.over {
		panic("rondo/future: Select polled after it had its result")
	}
	if !s.decided {
		s.race(t)
	}
	if s.decided {
		s.drain(t)
	}
	if s.over {
		return s.won, s.err
	}
	var zero Either[A, B]
	return zero, async.Pending
}

func (s *selecting[A, B]) race(t *async.Task) {
	s.begun[0] = true
	if v, err := s.a.Poll(t); !async.IsPending(err) {
		s.won, s.err, s.decided = Either[A, B]{Won: 0, A: v}, err, true
		s.waits[1] = s.begun[1] && !giveUp(t, s.b, true)
		return
	}
	s.begun[1] = true
	if v, err := s.b.Poll(t); !async.IsPending(err) {
		s.won, s.err, s.decided = Either[A, B]{Won: 1, B: v}, err, true
		s.waits[0] = !giveUp(t, s.a, true)
	}
}

// giveUp cancels a future that has been started, and reports whether it is gone.
func giveUp[T any](t *async.Task, f async.Future[T], loser bool) (idle bool) {
	c, ok := f.(async.Canceler)
	return !ok || c.Cancel(t, loser)
}

func (s *selecting[A, B]) drain(t *async.Task) {
	if s.waits[0] {
		if v, err := s.a.Poll(t); !async.IsPending(err) {
			s.waits[0] = false
			if s.takeA {
				s.won.A, s.err = v, err
			}
		}
	}
	if s.waits[1] {
		if _, err := s.b.Poll(t); !async.IsPending(err) {
			s.waits[1] = false
		}
	}
	s.over = !s.waits[0] && !s.waits[1]
}

// Cancel makes it a Canceler. Only one of two results could be delivered, so b is
// cancelled as a loser, and a's end decides. With a winner already, that is
// delivered as soon as the loser has ended.
func (s *selecting[A, B]) Cancel(t *async.Task, loser bool) (idle bool) {
	if s.decided || s.over {
		return s.over
	}
	s.waits[0] = s.begun[0] && !giveUp(t, s.a, loser)
	s.waits[1] = s.begun[1] && !giveUp(t, s.b, true)
	s.decided, s.takeA, s.err = true, true, t.Cause()
	s.over = !s.waits[0] && !s.waits[1]
	return s.over
}
