package fileio

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// A call is one operation in flight: what the driver does, who waits for it, and
// how it went. It comes from the loop's free list, and goes back when its result
// was taken.
type call struct {
	op     driver.Op
	home   *place
	file   *File // nil for a call on paths
	waker  *async.Waker
	next   *call // behind it in the file's queue; or in the free list
	name   string
	path   string
	to     string // the second path of a call on two
	ticket uint32
	state  state
	asked  bool // its task was cancelled
	err    error
	arg    any // the driver's argument, for those with one
	transfer
}

// state is how a call went.
type state uint8

const (
	waiting   state = iota
	succeeded       // for a read: n bytes, perhaps fewer than asked for
	atEnd           // of the file, before all was read
	cancelled       // its task was, and it has not happened, or only n bytes of it
	closed          // the file was
	failed          // err says how
)

// newCall returns a call of a File's, or of none. name is the operation's, for errors.
func (p *place) newCall(f *File, name string) *call {
	c := p.free
	if c != nil {
		p.free = c.next
	} else {
		c = new(call)
	}
	c.home, c.file, c.name, c.next = p, f, name, nil
	if f != nil {
		c.path = f.name
		f.calls++
	}
	p.calls.add(c)
	return c
}

// release ends a call whose result was taken.
func (c *call) release() {
	p := c.home
	p.calls.remove(c)
	if c.file != nil {
		c.file.calls--
	}
	c.op.Reset()
	*c = call{next: p.free}
	p.free = c
}

// submit hands the call to the driver, unless its file is closed.
func (c *call) submit() {
	if c.file != nil && c.file.closed {
		c.state = closed
		return
	}
	c.home.drv.Submit(&c.op)
}

// Complete is called by the driver.
func (c *call) Complete(_ *driver.Op, r driver.Result) {
	switch {
	case r.Err == nil && c.kind == noTransfer:
		c.n, c.state = r.N, succeeded
	case r.Err == nil:
		c.moved(r.N)
	case r.Err == driver.ErrCanceled:
		c.state = c.ended()
	case c.kind == splice && r.Err == syscall.EAGAIN:
		c.state = succeeded // with nothing: the pipe has no room
	case c.isStream(r.Err):
		c.begin()
	default:
		c.state, c.err = failed, r.Err
	}
	if c.state != waiting {
		c.wake()
	}
}

// wake is the last that is done with c: whoever is woken may take the result at once,
// and c is somebody else's then.
func (c *call) wake() {
	if waker := c.waker; waker != nil {
		c.waker = nil
		waker.WakeLocal()
	}
}

// ended is why a call has ended early.
func (c *call) ended() state {
	if !c.asked && c.file != nil && c.file.closed {
		return closed
	}
	return cancelled // perhaps by nobody here: the driver is being closed
}

// cancel asks the call to end; idle means that it is gone.
func (c *call) cancel() (idle bool) {
	switch {
	case c.state != waiting:
		return false
	case c.op.InFlight():
		c.asked = true
		c.home.drv.Cancel(&c.op)
		return false
	case c.n > 0:
		// It waits for its turn, but an earlier attempt has written: that much is
		// its result.
		c.state = cancelled
		return false
	}
	c.finish()
	return true
}

// finish ends the call, and gives the next its turn if it had one.
func (c *call) finish() {
	f, turns := c.file, c.kind.turns()
	if turns {
		f.dequeue(c)
	}
	c.release()
	if turns {
		f.proceed()
	}
}

// result returns how the call went; Pending if it is not over.
func (c *call) result(t *async.Task) error {
	switch c.state {
	case waiting:
		c.waker = t.Waker()
		return async.Pending
	case atEnd:
		return io.EOF
	case cancelled:
		// A loser, whose task was not cancelled, only has to have an error.
		if cause := t.Cause(); cause != nil {
			return cause
		}
		return driver.ErrCanceled
	case closed:
		return c.error(os.ErrClosed)
	case failed:
		return c.error(c.err)
	}
	return nil
}

// error wraps an error as package os does.
func (c *call) error(err error) error {
	if errors.Is(err, driver.ErrClosed) {
		err = async.ErrExecutorClosed
	}
	if c.to != "" {
		return &os.LinkError{Op: c.name, Old: c.path, New: c.to, Err: err}
	}
	return &fs.PathError{Op: c.name, Path: c.path, Err: err}
}

// pollDone polls a call whose only result is that it is over.
func pollDone(p *place, t *async.Task, ticket uint32, keep bool) error {
	c := p.calls.at(ticket)
	err := c.result(t)
	if !keep && !async.IsPending(err) {
		c.finish()
	}
	return err
}

// source is what the sources of all operations share.
type source struct{ home *place }

// Home makes it an async.Source.
func (s source) Home() *async.Executor { return s.home.exec }

// CancelOp is described at async.Source.
func (s source) CancelOp(_ *async.Task, ticket uint32) bool { return s.home.calls.at(ticket).cancel() }

// Settle is for calls that leave nothing to be put back.
func (s source) Settle(ticket uint32, _ bool) int {
	s.home.calls.at(ticket).finish()
	return 0
}
