package future

import (
	"errors"

	"rondo.dev/rondo/async"
)

// Shared is a future whose result many wait for. It runs as a child of the task
// that shared it, from when somebody first asks, and its result stays. That it is a
// child means: that task does not end before it, and cancels it with itself. Who
// waits can be anybody: tasks of the same loop and of others, and, with Wait,
// goroutines. So a Shared is a remote handle of its future as well.
type Shared[T any] struct {
	drive   drive[T]
	task    *async.Task // that it is a child of
	home    *async.Executor
	waits   waitlist
	started bool
}

// errOwnerEnded is what a Shared yields that was first asked for too late.
var errOwnerEnded = errors.New("rondo/future: the task that shared the future has ended")

// Share makes f's result available to many. f is not polled before one of them
// asks. With Go it is a function that is run at most once. One allocation.
func Share[T any](t *async.Task, f async.Future[T]) *Shared[T] {
	s := new(Shared[T])
	s.init(t, f, (*sharing[T])(s))
	return s
}

func (s *Shared[T]) init(t *async.Task, f async.Future[T], told told) {
	s.task, s.home = t, t.Executor()
	s.drive.f, s.drive.told = f, told
}

// Get returns an operation that waits for the result. To give up waiting, or to
// lose, is nothing to the others, nor to the future: it runs on. A panic of the
// future is a *async.PanicError to all who wait, and the sharing task's if nobody
// does; so is a Goexit, as async.ErrGoexit. Any goroutine may call it.
func (s *Shared[T]) Get() async.Op[T] { return async.NewOp[T]((*sharing[T])(s), nil, 0) }

// Stop cancels the future with a cause; nil means context.Canceled. Any goroutine
// may call it.
func (s *Shared[T]) Stop(cause error) {
	s.home.Post(func() {
		if !s.started {
			s.start()
		}
		if !s.drive.ended {
			s.drive.core.CancelLocal(cause)
		}
	})
}

func (s *Shared[T]) start() {
	s.started = true
	if s.task.Core().Ended() {
		s.drive.ended, s.drive.f, s.drive.err = true, nil, errOwnerEnded
		s.drive.told.arrived()
	} else {
		s.drive.start(s.task)
	}
	s.task = nil
}

// sharing is a Shared as the source of its operations, out of the user's sight.
type sharing[T any] Shared[T]

func (s *sharing[T]) Home() *async.Executor { return s.home }

func (s *sharing[T]) Start(*async.Task, []byte, uint64) (ticket uint32) {
	if !s.started {
		(*Shared[T])(s).start()
	}
	return s.waits.take(nil)
}

// PollOp leaves the list with the result even if that is to be kept: there is
// nothing to put back, the result stays anyway.
func (s *sharing[T]) PollOp(t *async.Task, ticket uint32, _ bool) (v T, err error) {
	if !s.drive.ended {
		*s.waits.at(ticket) = t.Waker()
		return v, async.Pending
	}
	s.waits.leave(ticket)
	return s.drive.val, s.drive.err
}

func (s *sharing[T]) CancelOp(_ *async.Task, ticket uint32) (idle bool) {
	s.waits.leave(ticket)
	return true
}

func (s *sharing[T]) Settle(uint32, bool) int { return 0 }

func (s *sharing[T]) arrived() (taken bool) { return s.waits.wakeAll() }
