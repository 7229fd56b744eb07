package future

import (
	"io"
	"sync/atomic"

	"rondo.dev/rondo/async"
)

// ToChan awaits f in a child of t, and sends how it ended to the channel that it
// returns, for goroutines. The channel has room for it: whether anybody receives it
// makes no difference to f. It costs a channel and a task without a coroutine.
func ToChan[T any](t *async.Task, f async.Future[T]) <-chan Outcome[T] {
	s := &sending[T]{ch: make(chan Outcome[T], 1)}
	s.drive.f, s.drive.told = f, s
	s.drive.start(t)
	return s.ch
}

type sending[T any] struct {
	drive drive[T]
	ch    chan Outcome[T]
}

func (s *sending[T]) arrived() (taken bool) {
	s.ch <- Outcome[T]{s.drive.val, s.drive.err}
	return true
}

// Goroutine runs f on a goroutine. It is what FromChan and OffLoop are told to run
// on when nothing bounds them.
func Goroutine(f func()) { go f() }

// FromChan returns a future of the next value of a channel, and io.EOF when it is
// closed. It can be polled again after each value. What is in the channel already is
// taken at once. Otherwise somebody has to stand in line: a channel wakes goroutines
// and nothing else. run, such as Goroutine, is called with a function that receives,
// and returns when it has, or when the future was given up. Between rondo's own
// tasks and goroutines package channel does without.
//
// A value that was received when the future lost stays in it, for the next poll.
func FromChan[T any](run func(func()), ch <-chan T) *Chan[T] { return &Chan[T]{run: run, ch: ch} }

// Chan is a channel made a future by FromChan.
type Chan[T any] struct {
	run   func(func())
	ch    <-chan T
	line  *receiving[T] // nil: nobody stands in line
	loser bool
	kept  *T
}

// receiving is one wait for a channel. val, ok and left are the goroutine's until
// done is set.
type receiving[T any] struct {
	waker atomic.Pointer[async.Waker]
	stop  chan struct{}
	asked bool
	done  atomic.Bool
	val   T
	ok    bool // received, not closed
	left  bool // gave up
}

// Poll makes it a Future.
func (c *Chan[T]) Poll(t *async.Task) (v T, err error) {
	switch {
	case c.kept != nil:
		v, c.kept = *c.kept, nil
		return v, nil
	case c.line != nil:
		return c.poll(t)
	}
	if t.Spend() {
		t.Waker().WakeLocal()
		return v, async.Pending
	}
	select {
	case v, ok := <-c.ch:
		return v, eofUnless(ok)
	default:
	}
	r := &receiving[T]{stop: make(chan struct{})}
	r.waker.Store(t.Waker())
	c.line = r
	c.run(func() { r.receive(c.ch) })
	return v, async.Pending
}

func eofUnless(ok bool) error {
	if ok {
		return nil
	}
	return io.EOF
}

// poll looks whether the goroutine is back.
func (c *Chan[T]) poll(t *async.Task) (v T, err error) {
	r := c.line
	r.waker.Store(t.Waker())
	if !r.done.Load() { // after the waker was stored: an end from now on wakes it
		return v, async.Pending
	}
	c.line = nil
	switch {
	case r.left:
		c.loser = false
		return v, cause(t)
	case c.loser && r.ok:
		c.kept = &r.val
	}
	c.loser = false
	return r.val, eofUnless(r.ok)
}

func (r *receiving[T]) receive(ch <-chan T) {
	select {
	case r.val, r.ok = <-ch:
	case <-r.stop:
		r.left = true
	}
	r.done.Store(true)
	r.waker.Load().Wake()
}

// Cancel makes it a Canceler.
func (c *Chan[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	if c.line == nil {
		return true
	}
	c.loser = loser
	if !c.line.asked {
		c.line.asked = true
		close(c.line.stop)
	}
	return false
}
