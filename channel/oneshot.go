package channel

import (
	"io"
	"sync/atomic"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
)

// A Oneshot carries one value, or an error in its place, from one to another: the
// answer to a request. The zero value is ready, so it can be a part of the
// request, and be set to zero with it for the next one: by who has received the value,
// when nobody else will use it. It must not be copied after its first use.
//
// Every method may be called by any task or goroutine.
type Oneshot[T any] struct {
	state atomic.Uint32
	value T
	told  atomic.Pointer[async.Waker] // who waits, or the line
}

// The states of a Oneshot. As long as nothing but a value is sent, and one waits for it
// at most, a state is left by one atomic operation. Whoever has gone to storing,
// answering or taken is alone with the value. From lined on, which is for good and can
// come any time, the line knows, under its mutex, and whoever was promised the value
// there is alone with it.
const (
	empty     uint32 = iota
	storing          // the value
	stored           // the value: who comes first takes it
	waited           // empty, and who waits is to be told
	answering        // storing, for who waits
	promised         // stored, for who waits
	asking           // storing who is to be told
	taken
	lined
)

// Send sends the value. It never waits. If the Oneshot was closed, or has been
// sent something already, it returns ErrClosed.
func (o *Oneshot[T]) Send(v T) error {
	for {
		switch s := o.state.Load(); s {
		case empty, waited:
			if o.state.CompareAndSwap(s, s+storing) {
				o.put(v, s)
				return nil
			}
		case asking, lined:
			return o.sendInLine(v, nil)
		default:
			return ErrClosed
		}
	}
}

// put goes on from storing or answering, that is s+storing. Once the value can be had, o
// is no longer the sender's to look at: who has received it may use o again.
func (o *Oneshot[T]) put(v T, s uint32) {
	o.value = v
	told := o.told.Load()
	switch {
	case !o.state.CompareAndSwap(s+storing, s+stored):
		o.theLine().arrived() // it was opened meanwhile
	case s == waited:
		told.Wake()
	}
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
	var k waitline.Woken
	l.values.Put(1, &k)
	l.mu.Unlock()
	k.Wake(nil)
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
func (o *Oneshot[T]) Recv() async.Op[T] { return async.NewQuickOp((*awaiting[T])(o), 0) }

// TryRecv takes the value if it is there; else it returns ErrEmpty, or io.EOF if
// none will come.
func (o *Oneshot[T]) TryRecv() (T, error) { return o.tryRecv(nil) }

// tryRecv is TryRecv by somebody who runs on the executor here, or does not know.
func (o *Oneshot[T]) tryRecv(here *async.Executor) (v T, err error) {
	for {
		switch o.state.Load() {
		case stored:
			if o.state.CompareAndSwap(stored, taken) {
				return o.take(), nil
			}
		case taken:
			return v, io.EOF
		case lined:
			return o.tryRecvInLine(here)
		default:
			return v, ErrEmpty
		}
	}
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
