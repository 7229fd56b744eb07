package channel

import (
	"io"
	"iter"
	"sync"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
)

// A Watch is a value that changes, and those who want to know when it has:
// configuration, a state, a progress. Observers see the newest value; those in
// between they may miss.
//
// Values are copied: what a value points to has to be left alone once it is set.
// Every method may be called by any task or goroutine.
type Watch[T any] struct {
	mu      sync.Mutex
	value   T
	version uint64
	closed  bool
	line    waitline.Line
}

// NewWatch returns a Watch with a first value.
func NewWatch[T any](v T) *Watch[T] { return &Watch[T]{value: v} }

// Get returns the value.
func (w *Watch[T]) Get() T {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.value
}

// Set changes the value, also if it is equal to the old one, and wakes those who
// wait. After Close it does nothing and returns ErrClosed.
func (w *Watch[T]) Set(v T) error {
	_, err := w.Swap(v)
	return err
}

// Swap is Set, and returns the old value.
func (w *Watch[T]) Swap(v T) (old T, err error) {
	changed := w.Update(func(p *T) bool {
		old, *p = *p, v
		return true
	})
	if !changed {
		return old, ErrClosed
	}
	return old, nil
}

// Update lets f change the value in place, and wakes those who wait if f returns
// true; it returns what f did. f runs under a lock, and must do no more than that.
// After Close, f is not called.
func (w *Watch[T]) Update(f func(v *T) (changed bool)) (changed bool) {
	k, changed := w.update(f)
	k.WakeMany(nil, &w.mu, &w.line)
	return changed
}

func (w *Watch[T]) update(f func(v *T) bool) (k waitline.Woken, changed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || !f(&w.value) {
		return k, false
	}
	w.version++
	w.line.Tell(&k)
	return k, true
}

// Close ends it: the value stays, and observers who have seen it get io.EOF. It
// may be called more than once.
func (w *Watch[T]) Close() {
	k := w.close()
	k.Wake(nil)
}

func (w *Watch[T]) close() (k waitline.Woken) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.line.Tell(&k)
	return k
}

// Observe returns a new observer, who has seen the present value.
func (w *Watch[T]) Observe() *Observer[T] {
	w.mu.Lock()
	defer w.mu.Unlock()
	return &Observer[T]{w: w, seen: w.version}
}

// An Observer is somebody who looks at a Watch again and again, and knows what he
// has seen. It holds nothing, and need not be closed.
type Observer[T any] struct {
	w    *Watch[T]
	seen uint64 // guarded by w.mu
}

// Get returns the present value, which counts as seen.
func (o *Observer[T]) Get() T {
	o.w.mu.Lock()
	defer o.w.mu.Unlock()
	o.seen = o.w.version
	return o.w.value
}

// Changed reports whether there is a value that was not seen.
func (o *Observer[T]) Changed() bool {
	o.w.mu.Lock()
	defer o.w.mu.Unlock()
	return o.seen != o.w.version
}

// Next waits for a value that was not seen, and returns it; then it is. The error
// is io.EOF when the Watch is closed. Cancelled, or as the loser of a Select, it
// has seen nothing.
func (o *Observer[T]) Next() async.Op[T] { return async.NewQuickOp((*observing[T])(o), 0) }

// Until waits until the value is one that f accepts, beginning with the present
// one, and returns it.
func (o *Observer[T]) Until(t *async.Task, f func(v T) bool) (T, error) {
	v := o.Get()
	for !f(v) {
		var err error
		if v, err = o.Next().Await(t); err != nil {
			return v, err
		}
	}
	return v, nil
}

// All returns the values to come until the Watch is closed, or t is cancelled;
// t.Cause tells which.
func (o *Observer[T]) All(t *async.Task) iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			v, err := o.Next().Await(t)
			if err != nil || !yield(v) {
				return
			}
		}
	}
}

// observing is the source of Next. Its waiters are told of every change, and look
// for themselves whether it is news to their observer.
type observing[T any] Observer[T]

func (s *observing[T]) Home() *async.Executor { return nil }

func (s *observing[T]) Start(t *async.Task, _ []byte, _ uint64) uint32 {
	w := s.w
	w.mu.Lock()
	return w.line.StartQuick(t, w.closed || s.seen != w.version, &w.mu)
}

func (s *observing[T]) PollOp(t *async.Task, ticket uint32, _ bool) (v T, err error) {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	var x *waitline.Waiter
	if ticket != 0 {
		x = w.line.Find(ticket)
	}
	switch {
	case s.seen != w.version:
		s.seen, v = w.version, w.value
	case w.closed:
		err = io.EOF
	default:
		if x != nil {
			w.line.Stand(x, t)
		}
		return v, async.Pending
	}
	if x != nil {
		w.line.Free(x)
	}
	return v, err
}

func (s *observing[T]) CancelOp(_ *async.Task, ticket uint32) (idle bool) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.line.Free(s.w.line.Find(ticket))
	return true
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (s *observing[T]) Settle(uint32, bool) int { return 0 }
