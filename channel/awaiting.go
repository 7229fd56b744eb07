package channel

import (
	"io"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
)

// awaiting is the source of Recv.
type awaiting[T any] Oneshot[T]

func (s *awaiting[T]) Home() *async.Executor { return nil }

// withoutLine is the ticket of who waits without a line. If that is opened, it is the
// line's first ticket; and it is, before the wait ends in any other way than with the
// value, so that it is nobody's a second time.
const withoutLine = 1

func (s *awaiting[T]) Start(t *async.Task, _ []byte, _ uint64) uint32 {
	if s.state.CompareAndSwap(empty, asking) &&
		s.told.CompareAndSwap(nil, t.Waker()) && s.state.CompareAndSwap(asking, waited) {
		return withoutLine
	}
	l := (*Oneshot[T])(s).open()
	return l.values.StartQuick(t, 1, &l.mu)
}

func (s *awaiting[T]) PollOp(t *async.Task, ticket uint32, _ bool) (v T, err error) {
	o := (*Oneshot[T])(s)
	switch ticket {
	case 0:
		if v, err = o.tryRecv(t.Executor()); err == ErrEmpty {
			err = async.Pending
		}
		return v, err
	case withoutLine:
		switch state := o.state.Load(); {
		case state == promised && o.state.CompareAndSwap(promised, taken):
			o.leave()
			return o.take(), nil
		case (state == waited || state == answering) && o.told.Load() == t.Waker():
			return v, async.Pending
		}
	}
	v, k, err := o.pollInLine(t, ticket)
	k.Wake(t.Executor())
	return v, err
}

// leave forgets who has waited without a line: who keeps o keeps nothing of his.
func (o *Oneshot[T]) leave() {
	if w := o.told.Load(); w != nil {
		if _, isLine := w.Wakeable().(*answerLine); !isLine {
			o.told.CompareAndSwap(w, nil)
		}
	}
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
	l.forget(ticket)
	l.end(&k)
	return o.take(), k, l.err
}

func (s *awaiting[T]) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	k := (*Oneshot[T])(s).open().cancel(ticket)
	k.Wake(t.Executor())
	return true
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (s *awaiting[T]) Settle(uint32, bool) int { return 0 }

// ending is the source of Done.
type ending[T any] Oneshot[T]

func (s *ending[T]) Home() *async.Executor { return nil }

func (s *ending[T]) Start(t *async.Task, _ []byte, _ uint64) uint32 {
	l := (*Oneshot[T])(s).open()
	return l.over.StartQuick(t, 1, &l.mu)
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
