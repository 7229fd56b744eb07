package stream

import (
	"io"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/repeat"
)

// Chunks returns a stream of slices of n items of s; the last may have fewer. The
// slices belong to whoever gets them. An error of s is passed on, and a chunk that was
// begun goes on after it, as it does after the stream was given up. It panics if n is
// not positive. One allocation, and one a chunk.
func Chunks[T any](s Stream[T], n int) Stream[[]T] {
	return &chunked[T]{feed: feed[T]{s: s}, gather: gather[T]{n: sized(n)}}
}

func sized(n int) int {
	if n <= 0 {
		panic("rondo/stream: a number of items must be positive")
	}
	return n
}

// gather is a chunk being made.
type gather[T any] struct {
	n   int
	buf []T
}

// add reports whether the chunk is full.
func (g *gather[T]) add(v T) bool {
	if g.buf == nil {
		g.buf = make([]T, 0, g.n)
	}
	g.buf = append(g.buf, v)
	return len(g.buf) == g.n
}

func (g *gather[T]) take() (chunk []T) {
	chunk, g.buf = g.buf, nil
	return chunk
}

type chunked[T any] struct {
	feed[T]
	gather[T]
}

func (c *chunked[T]) Poll(t *async.Task) ([]T, error) {
	for {
		v, err := c.poll(t)
		switch {
		case err == io.EOF && len(c.buf) > 0:
			return c.take(), nil
		case err != nil:
			return nil, err
		case c.add(v):
			return c.take(), nil
		}
		if err := c.again(t); err != nil {
			return nil, err
		}
	}
}

// ReadyChunks returns a stream of slices of what s has at the moment, at least one
// item and at most n. So it waits for the first item only, and then s stays in flight
// until the next poll: see Close. The slices belong to whoever gets them. It panics if
// n is not positive. One allocation, and one a chunk.
func ReadyChunks[T any](s Stream[T], n int) Stream[[]T] {
	return &chunkedReady[T]{feed: feed[T]{s: s}, gather: gather[T]{n: sized(n)}}
}

type chunkedReady[T any] struct {
	feed[T]
	gather[T]
	err error // comes after the chunk
}

func (c *chunkedReady[T]) Poll(t *async.Task) ([]T, error) {
	if err := c.err; err != nil {
		c.err = nil
		return nil, err
	}
	for {
		v, err := c.poll(t)
		switch {
		case err == nil && c.add(v):
			return c.take(), nil
		case err == nil:
			err = c.again(t)
		}
		switch {
		case err == nil:
			continue
		case len(c.buf) == 0 || c.state.giving() || err == errLost:
			return nil, err
		case !async.IsPending(err) && err != io.EOF && !(c.left && repeat.Only(err, cause(t))):
			c.err = err
		}
		return c.take(), nil
	}
}

// Window returns a stream of views of the last n items of s: from the n-th item on,
// one with each. A view is valid until the next poll. It panics if n is not positive.
// Two allocations, and none an item.
func Window[T any](s Stream[T], n int) Stream[[]T] {
	return &windowed[T]{feed: feed[T]{s: s}, n: sized(n), buf: make([]T, 0, 2*n)}
}

// windowed has room for two windows, so that what stays is moved once in n items.
type windowed[T any] struct {
	feed[T]
	n   int
	buf []T
}

func (w *windowed[T]) Poll(t *async.Task) ([]T, error) {
	for {
		v, err := w.poll(t)
		if err != nil {
			return nil, err
		}
		if len(w.buf) == cap(w.buf) {
			kept := copy(w.buf, w.buf[len(w.buf)-w.n+1:])
			clear(w.buf[kept:])
			w.buf = w.buf[:kept]
		}
		w.buf = append(w.buf, v)
		if len(w.buf) >= w.n {
			return w.buf[len(w.buf)-w.n : len(w.buf) : len(w.buf)], nil
		}
		if err := w.again(t); err != nil {
			return nil, err
		}
	}
}
