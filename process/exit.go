package process

import (
	"os"
	"sync/atomic"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// exit is the end of a process: a future, which can be awaited again after it was
// given up, and is ready for ever once it was.
//
// With a handle, a descriptor that can be read when the process has ended, the
// driver waits for that. Without, a goroutine waits for the process.
type exit struct {
	process *os.Process
	drv     driver.Driver
	handle  int // or -1
	op      driver.Op
	waker   *async.Waker
	ready   bool // says the driver
	waited  *waited
}

// newExit takes over the handle.
func newExit(t *async.Task, p *os.Process, handle int) *exit {
	x := &exit{process: p, drv: rondo.LoopOf(t).Driver(), handle: handle}
	if _, foreign := x.drv.(driver.Clock); foreign && handle >= 0 {
		closeHandle(handle) // to the machine in memory it means nothing
		x.handle = -1
	}
	return x
}

func (x *exit) Poll(t *async.Task) (struct{}, error) {
	if x.handle < 0 {
		return struct{}{}, x.pollGoroutine(t)
	}
	x.waker = t.Waker()
	if !x.ready && !x.op.InFlight() {
		x.op.Ready(x.handle, driver.Readable, x)
		x.drv.Submit(&x.op)
	}
	switch {
	case x.ready:
		return struct{}{}, nil
	case x.handle < 0: // the driver would not
		return struct{}{}, x.pollGoroutine(t)
	}
	return struct{}{}, async.Pending
}

// Complete is called by the driver. A cancelled wait begins again if it is polled.
func (x *exit) Complete(_ *driver.Op, r driver.Result) {
	switch r.Err {
	case nil:
		x.ready = true
	case driver.ErrCanceled:
	default:
		x.closeHandle()
	}
	if x.waker != nil {
		x.waker.WakeLocal()
	}
}

// Cancel makes it a Canceler. What the driver still does for it does no harm: it is
// for whoever polls it next.
func (x *exit) Cancel(*async.Task, bool) (idle bool) { return !x.ready }

func (x *exit) closeHandle() {
	if x.handle >= 0 {
		x.drv.CloseNow(x.handle)
		x.handle = -1
	}
}

// reap returns how the process has ended. It does not block, because it has.
func (x *exit) reap() (*os.ProcessState, error) {
	x.closeHandle()
	if x.waited != nil {
		return x.waited.state, x.waited.err
	}
	return x.process.Wait()
}

// reaped reports whether a goroutine has done that already.
func (x *exit) reaped() bool { return x.waited != nil && x.waited.done.Load() }

// waited is what a goroutine has waited for. The results are its own until done.
type waited struct {
	state *os.ProcessState
	err   error
	waker atomic.Pointer[async.Waker]
	done  atomic.Bool
}

func (x *exit) pollGoroutine(t *async.Task) error {
	w := x.waited
	if w == nil {
		w = new(waited)
		x.waited = w
		w.waker.Store(t.Waker())
		go func() {
			w.state, w.err = x.process.Wait()
			w.done.Store(true)
			w.waker.Load().Wake()
		}()
	}
	w.waker.Store(t.Waker()) // before the look at done: an end after that wakes it
	if !w.done.Load() {
		return async.Pending
	}
	return nil
}
