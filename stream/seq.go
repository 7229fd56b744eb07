package stream

import (
	"io"
	"iter"

	"rondo.dev/rondo/async"
)

// FromSeq returns a stream of the values of an iterator. The iterator runs when it is
// polled, on a coroutine of its own, from the first poll until its end or Close: a
// stream that is left before its end has to be closed. It is polled on one loop only,
// or by one goroutine only. Two allocations, and those of iter.Pull. For a slice
// there is Of.
func FromSeq[T any](seq iter.Seq[T]) Stream[T] {
	return &pulled[T]{pull: func() (func() (T, error), func()) {
		next, stop := iter.Pull(seq)
		return func() (T, error) { v, ok := next(); return v, eofUnless(ok) }, stop
	}}
}

// FromSeq2 is FromSeq for an iterator of pairs, such as that of a map.
func FromSeq2[A, B any](seq iter.Seq2[A, B]) Stream[Pair[A, B]] {
	return &pulled[Pair[A, B]]{pull: func() (func() (Pair[A, B], error), func()) {
		next, stop := iter.Pull2(seq)
		return func() (Pair[A, B], error) { a, b, ok := next(); return Pair[A, B]{a, b}, eofUnless(ok) }, stop
	}}
}

// FromResults is FromSeq for an iterator of values and errors. It is the inverse of
// All.
func FromResults[T any](seq iter.Seq2[T, error]) Stream[T] {
	return &pulled[T]{pull: func() (func() (T, error), func()) {
		next, stop := iter.Pull2(seq)
		return func() (T, error) {
			v, err, ok := next()
			if !ok {
				return v, io.EOF
			}
			return v, itemError(err)
		}, stop
	}}
}

func eofUnless(ok bool) error {
	if ok {
		return nil
	}
	return io.EOF
}

// pulled is an iterator that is pulled. It begins late, because a coroutine has to
// be made where it is used.
type pulled[T any] struct {
	pull func() (next func() (T, error), stop func())
	next func() (T, error)
	stop func()
	over bool
}

func (p *pulled[T]) Poll(*async.Task) (v T, err error) {
	if p.over {
		return v, io.EOF
	}
	if p.next == nil {
		p.next, p.stop = p.pull()
	}
	v, err = p.next()
	if err == io.EOF {
		p.end()
	}
	return v, err
}

// PollClose ends the iterator, which sees that its loop was left.
func (p *pulled[T]) PollClose(*async.Task) error {
	if p.next != nil {
		p.stop()
	}
	p.end()
	return nil
}

func (p *pulled[T]) end() { *p = pulled[T]{over: true} }
