package stream

import (
	"io"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/internal/repeat"
)

// A Set is streams that come and go, merged: a stream of the items of all of them, as
// they come. It has ended while no stream is in it.
//
//	var all stream.Set[Message]
//	defer all.Close(t)
//	for _, room := range rooms {
//		all.Add(room.Messages())
//	}
//	for m, err := range stream.All(t, &all) {
//		...
//	}
//
// Only streams that were woken are polled, in the order of their wakes, so that an
// item costs the same whether there are ten others or ten thousand, and none has
// two turns before another has one. An error is passed on, and its stream goes on; one
// that ends is closed and taken out. Who has to know where an item is from adds
// stream.Map(s, ...) of pairs; who has to take a stream out adds a TakeUntil.
//
// The streams are in flight between polls: see Close. Losing a Select is nothing to a
// Set. If the task is cancelled while it waits, all are asked to give up, and waited
// for; items that come all the same are kept for further polls.
//
// The zero value is ready for use. A Set belongs to one task at a time, and must not
// be copied once it has been used. Three allocations a stream that is added, and none
// an item.
type Set[T any] struct {
	running future.Set[*turn[T]]
	turns   []*turn[T] // of running, and those that have panicked since the last poll
	asked   bool       // it was asked to give up, and nothing was said of that yet
}

// turn is a stream in a Set: a future of its next result, which is in val and err
// then.
type turn[T any] struct {
	feed[T]
	val    T
	err    error
	gaveUp bool // all that err says is why the stream was asked to give up
	ended  bool // and is being closed
	place  int
}

func (x *turn[T]) Poll(t *async.Task) (*turn[T], error) {
	if !x.ended {
		v, err := x.poll(t)
		if async.IsPending(err) {
			return nil, err
		}
		x.val, x.err, x.ended = v, err, err == io.EOF
		x.gaveUp = x.left && err != nil && repeat.Only(err, cause(t))
	}
	if x.ended {
		x.err = io.EOF
		if err := x.PollClose(t); err != nil {
			return nil, err
		}
		x.s = nil // so that it is closed once
	}
	return x, nil
}

func (x *turn[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	return !x.ended && x.feed.Cancel(t, loser)
}

func (x *turn[T]) take() (v T, err error) {
	v, err = x.val, x.err
	var zero T
	x.val, x.err = zero, nil
	return v, err
}

// Add adds a stream.
func (s *Set[T]) Add(x Stream[T]) {
	m := &turn[T]{feed: feed[T]{s: x}, place: len(s.turns)}
	s.turns = append(s.turns, m)
	s.running.Add(m)
}

// Len returns how many streams are in the Set: those whose end was not seen yet.
func (s *Set[T]) Len() int { return s.running.Len() }

// Poll makes it a Stream.
func (s *Set[T]) Poll(t *async.Task) (v T, err error) {
	s.sweep()
	for {
		x, err := s.running.Poll(t)
		if err != nil {
			s.asked = s.asked && async.IsPending(err)
			return v, err
		}
		asked := s.asked
		s.asked = false
		v, err = x.take()
		if err == io.EOF {
			s.remove(x)
			if s.Len() == 0 || asked {
				return v, endOr(t, s.Len() == 0)
			}
			continue
		}
		s.running.Add(x)
		if !x.gaveUp || asked {
			return v, err
		}
	}
}

func endOr(t *async.Task, over bool) error {
	if over {
		return io.EOF
	}
	return cause(t)
}

func (s *Set[T]) remove(x *turn[T]) {
	last := s.turns[len(s.turns)-1]
	s.turns[x.place], last.place = last, x.place
	s.turns[len(s.turns)-1] = nil
	s.turns = s.turns[:len(s.turns)-1]
}

// sweep takes out streams that have panicked.
func (s *Set[T]) sweep() {
	for i := len(s.turns) - 1; len(s.turns) > s.running.Len(); i-- {
		if s.turns[i].state == broken {
			s.remove(s.turns[i])
		}
	}
}

// Cancel makes it a Canceler.
func (s *Set[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	idle = s.running.Cancel(t, loser)
	s.asked = !loser && !idle
	return idle
}

// Close gives up all streams, waits until they have, closes them, and takes them out.
// Items that they had and nobody has taken are dropped. The Set can be used again.
func (s *Set[T]) Close(t *async.Task) { Close(t, s) }

// PollClose makes it a Closer.
func (s *Set[T]) PollClose(t *async.Task) error {
	if err := s.running.PollClose(t); err != nil {
		return err
	}
	for len(s.turns) > 0 {
		last := s.turns[len(s.turns)-1]
		if err := last.PollClose(t); err != nil {
			return err
		}
		s.remove(last)
	}
	return nil
}

// MergeAll is Merge for any number of streams: a Set of them. Two allocations, and
// three a stream.
func MergeAll[T any](ss ...Stream[T]) Stream[T] {
	x := &Set[T]{turns: make([]*turn[T], 0, len(ss))}
	for _, s := range ss {
		x.Add(s)
	}
	return x
}
