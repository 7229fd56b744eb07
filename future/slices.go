package future

import "rondo.dev/rondo/async"

// JoinAll is Join for any number of futures of one type: it yields their values, in
// the order of the arguments, once all have ended. The value of one that failed is
// whatever came with its error. Of none it is ready with none.
//
// Only those are polled that were woken, however many there are, and never so many
// at once that other tasks are kept waiting. Two allocations to build it, one for
// the values.
func JoinAll[T any](fs ...async.Future[T]) async.Future[[]T] { return newJoinAll(allEnd, fs) }

// TryJoinAll is TryJoin for any number of futures of one type; see JoinAll.
func TryJoinAll[T any](fs ...async.Future[T]) async.Future[[]T] { return newJoinAll(oneFails, fs) }

type joinAll[T any] struct{ gathering[T] }

func newJoinAll[T any](goal goal, fs []async.Future[T]) *joinAll[T] {
	j := new(joinAll[T])
	j.begin(goal, fs)
	return j
}

func (j *joinAll[T]) Poll(t *async.Task) ([]T, error) {
	if err := j.poll(t); err != nil {
		return nil, err
	}
	vs := make([]T, len(j.members))
	for i := range vs {
		vs[i] = j.members[i].val
	}
	err := j.err
	if j.goal == allEnd || err == nil {
		err = j.errors()
	}
	j.members = nil
	return vs, err
}

// First is the result of SelectAll and FirstSuccess: which future it is, and its
// value.
type First[T any] struct {
	Won   int // counted from 0
	Value T
}

// SelectAll is Select for any number of futures of one type, at least one. They are
// looked at in the order of the arguments at first, and then in the order in which
// they are woken; only the woken are polled. Two allocations.
func SelectAll[T any](fs ...async.Future[T]) async.Future[First[T]] {
	return newSelectAll(oneEnds, fs)
}

// FirstSuccess returns a future of the first value without an error. The others are
// given up then, as the losers of a Select are. If all of them fail, its error joins
// theirs, and values that came with them are dropped. There must be at least one. Two
// allocations.
func FirstSuccess[T any](fs ...async.Future[T]) async.Future[First[T]] {
	return newSelectAll(oneSucceeds, fs)
}

type selectAll[T any] struct{ gathering[T] }

func newSelectAll[T any](goal goal, fs []async.Future[T]) *selectAll[T] {
	if len(fs) == 0 {
		panic("rondo/future: the first of no futures")
	}
	s := new(selectAll[T])
	s.begin(goal, fs)
	return s
}

func (s *selectAll[T]) Poll(t *async.Task) (r First[T], err error) {
	if err := s.poll(t); err != nil {
		return r, err
	}
	switch {
	case s.won != none:
		m := &s.members[s.won]
		r, err = First[T]{s.won, m.val}, m.err
	case s.goal == oneSucceeds && s.ended > 0:
		err = s.errors()
	default:
		err = s.cause
	}
	s.members = nil
	return r, err
}
