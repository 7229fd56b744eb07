package stream

import (
	"io"

	"rondo.dev/rondo/async"
)

// Merge returns a stream of the items of both a and b, as they come, until both have
// ended. It is fair: it looks first at the one that did not have the last item. An
// error of either is passed on, and both go on. For more than two there is a Set.
//
// When it has an item, the other stream stays in flight until the next poll: see
// Close. Given up, it gives up both; if both have an item all the same, one is kept.
// One allocation.
func Merge[T any](a, b Stream[T]) Stream[T] {
	return &merged[T]{in: [2]inlet[T]{inletOf(a), inletOf(b)}}
}

// Prefer is Merge, except that it looks at a first, always: what b has comes when a
// has nothing. One allocation.
func Prefer[T any](a, b Stream[T]) Stream[T] {
	return &merged[T]{in: [2]inlet[T]{inletOf(a), inletOf(b)}, biased: true}
}

func inletOf[T any](s Stream[T]) inlet[T] { return inlet[T]{feed: feed[T]{s: s}} }

type merged[T any] struct {
	lanes
	in     [2]inlet[T]
	ended  [2]bool
	biased bool
	first  int // where to look first
}

func (m *merged[T]) Poll(t *async.Task) (v T, err error) {
	settled := m.settle(t, &m.in[0], &m.in[1])
	if unsettled(settled) {
		return v, settled
	}
	waits := false
	for i := range m.in {
		i ^= m.first
		x := &m.in[i]
		if m.ended[i] || settled != nil && !x.full {
			continue
		}
		v, err := x.next(t)
		switch {
		case async.IsPending(err):
			waits = true
		case err == io.EOF:
			m.ended[i] = true
		default:
			if !m.biased {
				m.first = 1 - i
			}
			return v, err
		}
	}
	switch {
	case m.ended[0] && m.ended[1]:
		return v, io.EOF
	case waits:
		return v, async.Pending
	}
	return v, settled
}

func (m *merged[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	return m.cancel(t, loser, &m.in[0], &m.in[1])
}

func (m *merged[T]) PollClose(t *async.Task) error { return closeAll(t, &m.in[0], &m.in[1]) }
