package channel

import (
	"io"
	"sync/atomic"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
)

// A Oneshot carries one value, or an error in its place, from one to another: the
// answer to a request. The zero value is ready, so it can be a part of the
// request. It must not be copied after its first use.
//
// Every method may be called by any task or goroutine.
type Oneshot[T any] struct {
	state atomic.Uint32
	value T
	line  atomic.Pointer[answerLine] // nil until somebody needs it
}

// The states of a Oneshot. As long as nobody waits and nothing but a value was sent, a
// state is left by one atomic operation, and whoever has gone from empty to storing, or
// from stored to taken, is alone with the value. From lined on, which is for good, the
// line knows, under its mutex, and whoever was promised the value there is alone with
// it.
const (
	empty uint32 = iota
	storing
	stored
	taken
	lined
)

// Send sends the value. It never waits. If the Oneshot was closed, or has been
// sent something already, it returns ErrClosed.
func (o *Oneshot[T]) Send(v T) error {
	switch {
	case o.state.CompareAndSwap(empty, storing):
		o.value = v
		if !o.state.CompareAndSwap(storing, stored) {
			o.line.Load().arrived() // the line was opened meanwhile
		}
		return nil
	case o.state.Load() != lined:
		return ErrClosed
	}
	return o.sendInLine(v, nil)
}

// Fail sends an error, which must not be nil, in place of the value: Recv returns
// it.
func (o *Oneshot[T]) Fail(err error) error {
	if err == nil {
		panic("rondo/channel: Oneshot.Fail without an error")
	}
	var zero T
	return o.sendInLine(zero, err)
}

func (o *Oneshot[T]) sendInLine(v T, failure error) error {
	l := o.open()
	if l.sent || l.values.Closed() {
		l.mu.Unlock()
		return ErrClosed
	}
	o.value, l.err, l.sent = v, failure, true
	l.mu.Unlock()
	l.arrived()
	return nil
}

// Close ends it without a value: Send returns ErrClosed, Recv io.EOF. What was
// sent before can still be received. It is for both sides, and may be called more
// than once.
func (o *Oneshot[T]) Close() {
	l := o.open()
	var k waitline.Woken
	if !l.sent {
		l.values.Close(&k)
	}
	l.over.Close(&k)
	l.mu.Unlock()
	k.Wake(nil)
}

// Done suspends until it was closed or the value was received: a sender learns
// that nobody wants the value any more.
func (o *Oneshot[T]) Done() async.Act { return async.NewQuickAct((*ending[T])(o), 0) }

// Recv waits for the value and takes it. The error is that of Fail, or io.EOF if
// there is no value: it was closed, or another Recv has taken it. Cancelled, or as
// the loser of a Select, it has taken nothing.
func (o *Oneshot[T]) Recv() async.Op[T] { return async.NewQuickOp((*answering[T])(o), 0) }

// TryRecv takes the value if it is there; else it returns ErrEmpty, or io.EOF if
// none will come.
func (o *Oneshot[T]) TryRecv() (T, error) { return o.tryRecv(nil) }

// tryRecv is TryRecv by somebody who runs on the executor here, or does not know.
func (o *Oneshot[T]) tryRecv(here *async.Executor) (v T, err error) {
	if o.state.CompareAndSwap(stored, taken) {
		return o.take(), nil
	}
	switch o.state.Load() {
	case taken:
		return v, io.EOF
	case lined:
		return o.tryRecvInLine(here)
	}
	return v, ErrEmpty
}

func (o *Oneshot[T]) tryRecvInLine(here *async.Executor) (v T, err error) {
	l := o.open()
	var k waitline.Woken
	switch {
	case l.values.Take(1):
		v, err = o.take(), l.err
		l.end(&k)
	case l.values.Closed():
		err = io.EOF
	default:
		err = ErrEmpty
	}
	l.mu.Unlock()
	k.Wake(here)
	return v, err
}

// take takes the value, with which the caller is alone.
func (o *Oneshot[T]) take() T {
	v := o.value
	var zero T
	o.value = zero
	return v
}

// answering is the source of Recv.
type answering[T any] Oneshot[T]

func (s *answering[T]) Home() *async.Executor { return nil }

func (s *answering[T]) Start(*async.Task, []byte, uint64) uint32 {
	l := (*Oneshot[T])(s).open()
	defer l.mu.Unlock()
	return l.values.Start(1)
}

func (s *answering[T]) PollOp(t *async.Task, ticket uint32, _ bool) (v T, err error) {
	o := (*Oneshot[T])(s)
	if ticket == 0 {
		if v, err = o.tryRecv(t.Executor()); err == ErrEmpty {
			err = async.Pending
		}
		return v, err
	}
	v, k, err := o.pollInLine(t, ticket)
	k.Wake(t.Executor())
	return v, err
}

func (o *Oneshot[T]) pollInLine(t *async.Task, ticket uint32) (v T, k waitline.Woken, err error) {
	l := o.open()
	defer l.mu.Unlock()
	switch l.values.Poll(t, ticket) {
	case waitline.Waiting:
		return v, k, async.Pending
	case waitline.Told:
		return v, k, io.EOF
	}
	l.end(&k)
	return o.take(), k, l.err
}

func (s *answering[T]) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	k := (*Oneshot[T])(s).open().cancel(ticket)
	k.Wake(t.Executor())
	return true
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (s *answering[T]) Settle(uint32, bool) int { return 0 }

// ending is the source of Done.
type ending[T any] Oneshot[T]

func (s *ending[T]) Home() *async.Executor { return nil }

func (s *ending[T]) Start(*async.Task, []byte, uint64) uint32 {
	l := (*Oneshot[T])(s).open()
	defer l.mu.Unlock()
	return l.over.Start(1)
}

func (s *ending[T]) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	if !s.over(t, ticket) {
		return struct{}{}, async.Pending
	}
	return struct{}{}, nil
}

func (s *ending[T]) over(t *async.Task, ticket uint32) bool {
	if state := s.state.Load(); state != lined {
		return state == taken // and nobody waits
	}
	l := (*Oneshot[T])(s).open()
	defer l.mu.Unlock()
	if ticket == 0 {
		return l.over.Closed()
	}
	return l.over.Poll(t, ticket) != waitline.Waiting
}

func (s *ending[T]) CancelOp(_ *async.Task, ticket uint32) (idle bool) {
	l := (*Oneshot[T])(s).open()
	defer l.mu.Unlock()
	l.over.Cancel(ticket)
	return true
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (s *ending[T]) Settle(uint32, bool) int { return 0 }
