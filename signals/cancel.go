package signals

import (
	"context"
	"os"
	"syscall"

	"rondo.dev/rondo/async"
)

// WithCancel returns a view of t that is cancelled by the first of the signals to
// arrive, with an *[Error] as the cause; without any, by os.Interrupt and
// syscall.SIGTERM. It is Task.WithCancel for signals, and signal.NotifyContext for
// tasks.
//
// Until then the signals don't have their usual effect; from then on, and after
// stop, they do. stop does not cancel the view. Any goroutine may call it, more
// than once; the end of the task does what it does.
func WithCancel(t *async.Task, sigs ...os.Signal) (view *async.Task, stop func()) {
	if len(sigs) == 0 {
		sigs = []os.Signal{os.Interrupt, syscall.SIGTERM}
	}
	view, cancel := t.WithCancel()
	// f runs on t's executor, which is busy with t until this function returns:
	// stop is set by then.
	stop = watch(t, sigs, func(s os.Signal) {
		stop()
		cancel(&Error{s})
	})
	return view, stop
}

// An Error is why a task was cancelled: a signal. It is a context.Canceled.
type Error struct {
	Signal os.Signal
}

// Error returns the signal's name, such as "interrupt".
func (e *Error) Error() string { return e.Signal.String() }

// Unwrap returns context.Canceled.
func (e *Error) Unwrap() error { return context.Canceled }
