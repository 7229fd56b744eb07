package future

import (
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/repeat"
)

// Go returns a future of what the async function f returns. f starts, as a child of
// the task that polls, with the first poll, and then runs by itself: a sibling that
// holds the task up does not hold f up. Two allocations, the second when it starts,
// and a coroutine while it runs. It needs an event loop: async.Block can't run it.
//
// As a loser f is cancelled and its end waited for. If it ends with the cause, it
// is as if it had not been started, and a further poll starts it again; any other
// result stays, for whoever polls next. A panic in a loser, or a Goexit, is raised in
// the task that waits for it: nobody else would learn of it.
func Go[T any](f func(*async.Task) (T, error)) async.Future[T] { return &spawned[T]{f: f} }

type spawned[T any] struct {
	f      func(*async.Task) (T, error)
	join   *async.Join[T] // nil: not started
	losing bool           // it is leaving as a loser
	over   bool
}

func (s *spawned[T]) Poll(t *async.Task) (T, error) {
	if s.over {
		panic("rondo/future: Go polled after it had its result")
	}
	if s.join == nil {
		s.join = async.Spawn(t, s.f)
	}
	v, err := s.join.Poll(t)
	switch {
	case async.IsPending(err):
	case s.losing:
		s.lost(err)
	default:
		s.over, s.f, s.join = true, nil, nil
	}
	return v, err
}

// lost is called with the end of a loser.
func (s *spawned[T]) lost(err error) {
	s.losing = false
	if async.IsFatal(err) {
		s.over = true
		panic(err)
	}
	// The cause that it has need not be the loser's: it may be that of a time limit.
	if leaving := s.join.Core().Cause(); err != nil && leaving != nil && repeat.Only(err, leaving) {
		s.join = nil
	}
}

func (s *spawned[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	if s.join == nil {
		return true
	}
	if loser {
		if s.join.Core().Ended() && !s.losing {
			return true // its result stays in the Join
		}
		s.losing = true
	}
	return s.join.Cancel(t, false)
}
