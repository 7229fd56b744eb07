package channel

import (
	"io"
	"sync"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
	"rondo.dev/rondo/lock"
)

// A Oneshot carries one value, or an error in its place, from one to another: the
// answer to a request. The zero value is ready, so it can be a part of the
// request. It must not be copied after its first use.
//
// Every method may be called by any task or goroutine.
type Oneshot[T any] struct {
	mu     sync.Mutex // guards the rest but over
	value  T
	err    error
	sent   bool
	values waitline.Units // one from Send until it is promised; closed when none will come
	over   lock.Event     // set when nobody waits for a value any more
}

// Send sends the value. It never waits. If the Oneshot was closed, or has been
// sent something already, it returns ErrClosed.
func (o *Oneshot[T]) Send(v T) error { return o.send(v, nil) }

// Fail sends an error, which must not be nil, in place of the value: Recv returns
// it.
func (o *Oneshot[T]) Fail(err error) error {
	if err == nil {
		panic("rondo/channel: Oneshot.Fail without an error")
	}
	var zero T
	return o.send(zero, err)
}

func (o *Oneshot[T]) send(v T, failure error) error {
	k, err := o.put(v, failure)
	k.Wake(nil)
	return err
}

func (o *Oneshot[T]) put(v T, failure error) (k waitline.Woken, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sent || o.values.Closed() {
		return k, ErrClosed
	}
	o.value, o.err, o.sent = v, failure, true
	o.values.Put(1, &k)
	return k, nil
}

// Close ends it without a value: Send returns ErrClosed, Recv io.EOF. What was
// sent before can still be received. It is for both sides, and may be called more
// than once.
func (o *Oneshot[T]) Close() {
	k := o.close()
	k.Wake(nil)
	o.over.Set()
}

func (o *Oneshot[T]) close() (k waitline.Woken) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.sent {
		o.values.Close(&k)
	}
	return k
}

// Done suspends until it was closed or the value was received: a sender learns
// that nobody wants the value any more.
func (o *Oneshot[T]) Done() async.Act { return o.over.Done() }

// Recv waits for the value and takes it. The error is that of Fail, or io.EOF if
// there is no value: it was closed, or another Recv has taken it. Cancelled, or as
// the loser of a Select, it has taken nothing.
func (o *Oneshot[T]) Recv() async.Op[T] { return async.NewLightOp((*answering[T])(o), nil, 0) }

// TryRecv takes the value if it is there; else it returns ErrEmpty, or io.EOF if
// none will come.
func (o *Oneshot[T]) TryRecv() (T, error) {
	v, k, err := o.tryRecv()
	k.Wake(nil)
	if err != ErrEmpty {
		o.over.Set()
	}
	return v, err
}

func (o *Oneshot[T]) tryRecv() (v T, k waitline.Woken, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.values.Take(1):
		v, err = o.take(&k)
		return v, k, err
	case o.values.Closed():
		return v, k, io.EOF
	}
	return v, k, ErrEmpty
}

// take takes the value, which was promised to the caller.
func (o *Oneshot[T]) take(k *waitline.Woken) (T, error) {
	v, err := o.value, o.err
	var zero T
	o.value, o.err = zero, nil
	o.values.Close(k)
	return v, err
}

// answering is the source of Recv.
type answering[T any] Oneshot[T]

func (s *answering[T]) Home() *async.Executor { return nil }

func (s *answering[T]) Start(*async.Task, []byte, uint64) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values.Start(1)
}

func (s *answering[T]) PollOp(t *async.Task, ticket uint32, _ bool) (T, error) {
	v, k, err := (*Oneshot[T])(s).pollRecv(t, ticket)
	k.Wake(t.Executor())
	if !async.IsPending(err) {
		s.over.Set()
	}
	return v, err
}

func (o *Oneshot[T]) pollRecv(t *async.Task, ticket uint32) (v T, k waitline.Woken, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch o.values.Poll(t, ticket) {
	case waitline.Waiting:
		return v, k, async.Pending
	case waitline.Told:
		return v, k, io.EOF
	}
	v, err = o.take(&k)
	return v, k, err
}

func (s *answering[T]) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	k := (*Oneshot[T])(s).cancelRecv(ticket)
	k.Wake(t.Executor())
	return true
}

func (o *Oneshot[T]) cancelRecv(ticket uint32) (k waitline.Woken) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.values.Put(o.values.Cancel(ticket), &k)
	return k
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (s *answering[T]) Settle(uint32, bool) int { return 0 }
