package netio

import (
	"net"
	"os"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// writing is a write in progress, or one that waits for its turn. Writes seldom
// wait, so connections have no room for one: it comes from the loop's free list.
type writing struct {
	op      driver.Op
	c       *Conn
	next    *writing // behind this one; or in the free list
	waker   *async.Waker
	ticket  uint32
	outcome outcome
	why     outcome // why it was asked to end: what is left then is not begun
	ends    bool    // shuts the direction down instead of writing
	buf     []byte
	vec     *driver.Vec   // instead of buf
	splices *spliceWrite  // instead of buf: what a pipe holds
	message *messageWrite // beside buf: files, until they are sent
	from    int           // bytes written by earlier attempts
	n       int           // bytes written, with those
	err     error         // if outcome is failed
}

// Write writes all of b, and returns len(b), or fewer with an error. b is the
// connection's from the await's beginning to its end.
//
// Cancelled while it waits, it returns how many bytes it has handed over to the
// kernel, with the cause. A losing Write that has written a part goes on with the
// rest when it is awaited again, and then returns the sum; so does Writev. If it
// is cancelled before it goes on, its Await returns 0: the handle still knows.
func (c *Conn) Write(b []byte) async.Op[int] { return async.NewOp((*connWrite)(c), b, 0) }

// Writev writes all of bufs, in one system call where it can; it is Write for
// bytes in several places. It does not change bufs.
func (c *Conn) Writev(bufs ...[]byte) async.Op[int] {
	return async.NewOp[int](&vecWrite{c: c, bufs: bufs}, nil, 0)
}

// CloseWrite tells the peer that nothing more will be written, after the writes
// that were started before it. It can't be undone: a losing one may have done it,
// and repeating it does nothing.
func (c *Conn) CloseWrite() async.Act { return async.NewAct((*connCloseWrite)(c), 0) }

// connWrite is the source of Write.
type connWrite Conn

func (x *connWrite) Home() *async.Executor { return x.home.exec }

func (x *connWrite) Start(_ *async.Task, b []byte, already uint64) uint32 {
	w := x.home.newWriting()
	w.buf, w.from, w.n = b, int(already), int(already)
	return (*Conn)(x).startWrite(w)
}

func (x *connWrite) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	return (*Conn)(x).pollWrite(t, ticket, keep)
}

func (x *connWrite) CancelOp(_ *async.Task, ticket uint32) bool {
	return (*Conn)(x).cancelWrite(ticket)
}

func (x *connWrite) Settle(ticket uint32, back bool) (used int) {
	c := (*Conn)(x)
	w := c.writing(ticket)
	used = w.n - w.from
	c.endWrite(w)
	return used
}

// vecWrite is the source of one Writev.
type vecWrite struct {
	c    *Conn
	bufs [][]byte
}

func (x *vecWrite) Home() *async.Executor { return x.c.home.exec }

func (x *vecWrite) Start(_ *async.Task, _ []byte, already uint64) uint32 {
	w := x.c.home.newWriting()
	w.vec = &driver.Vec{Bufs: append([][]byte(nil), x.bufs...)}
	w.advance(int(already))
	w.from, w.n = int(already), int(already)
	return x.c.startWrite(w)
}

func (x *vecWrite) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	return x.c.pollWrite(t, ticket, keep)
}

func (x *vecWrite) CancelOp(_ *async.Task, ticket uint32) bool { return x.c.cancelWrite(ticket) }

func (x *vecWrite) Settle(ticket uint32, back bool) int {
	return (*connWrite)(x.c).Settle(ticket, back)
}

// connCloseWrite is the source of CloseWrite.
type connCloseWrite Conn

func (x *connCloseWrite) Home() *async.Executor { return x.home.exec }

func (x *connCloseWrite) Start(*async.Task, []byte, uint64) uint32 {
	w := x.home.newWriting()
	w.ends = true
	return (*Conn)(x).startWrite(w)
}

func (x *connCloseWrite) PollOp(t *async.Task, ticket uint32, keep bool) (struct{}, error) {
	_, err := (*Conn)(x).pollWrite(t, ticket, keep)
	return struct{}{}, err
}

func (x *connCloseWrite) CancelOp(_ *async.Task, ticket uint32) bool {
	return (*Conn)(x).cancelWrite(ticket)
}

func (x *connCloseWrite) Settle(ticket uint32, back bool) int {
	c := (*Conn)(x)
	c.endWrite(c.writing(ticket))
	return 0
}

// startWrite puts w behind the writes that are there.
func (c *Conn) startWrite(w *writing) (ticket uint32) {
	w.c, w.ticket = c, c.home.ticket()
	p := &c.writes
	for *p != nil {
		p = &(*p).next
	}
	*p = w
	if c.writes == w {
		w.submit()
	}
	return w.ticket
}

// submit begins w, or goes on with what is left of it.
func (w *writing) submit() {
	c := w.c
	switch {
	case c.flags&connClosed != 0:
		w.outcome = wasClosed
	case c.cold != nil && c.cold.wlimit.passed:
		w.outcome = timedOut
	case w.ends && c.flags&connEnded != 0:
		w.outcome = gotBytes
	case w.ends:
		w.op.Shutdown(int(c.fd), 1, w)
		c.home.drv.Submit(&w.op)
	case w.splices != nil && w.splices.n > 0:
		w.splice()
	case w.message != nil:
		w.sendMessage()
	case w.vec != nil && len(w.vec.Bufs) > 0:
		w.op.Writev(int(c.fd), w.vec, w)
		c.home.drv.Submit(&w.op)
	case len(w.buf) > 0:
		if c.flags&connPipe != 0 {
			w.op.Write(int(c.fd), w.buf, w)
		} else {
			w.op.Send(int(c.fd), w.buf, w)
		}
		c.home.drv.Submit(&w.op)
	default:
		w.outcome = gotBytes
	}
}

// Complete is called by the driver.
func (w *writing) Complete(_ *driver.Op, r driver.Result) {
	if w.splices != nil {
		var again bool
		if r, again = w.spliced(r); again {
			return
		}
	}
	if w.message != nil {
		w.sentMessage(r)
	}
	switch {
	case r.Err == nil && w.ends:
		w.c.flags |= connEnded
		w.outcome = gotBytes
	case r.Err == nil:
		w.n += r.N
		w.advance(r.N)
		switch {
		case !w.left():
			w.outcome = gotBytes
		case w.why != waiting:
			w.outcome = w.why
		default:
			if w.submit(); w.outcome == waiting {
				return
			}
		}
	case r.Err != driver.ErrCanceled:
		w.outcome, w.err = failed, os.NewSyscallError(w.call(), r.Err)
	case w.why != waiting:
		w.outcome = w.why
	default:
		w.outcome = gotCause // by nobody here: the driver is being closed
	}
	w.wake()
}

// wake is the last that is done with w: whoever is woken may take the result at once,
// and w is somebody else's then.
func (w *writing) wake() {
	if waker := w.waker; waker != nil {
		w.waker = nil
		waker.WakeLocal()
	}
}

// call names the system call, and name the operation, for errors.
func (w *writing) call() string {
	if w.ends {
		return "shutdown"
	}
	return "write"
}

func (w *writing) name() string {
	if w.ends {
		return "close"
	}
	return "write"
}

// cancel asks a write that is with the driver to end. The first reason is the one
// that counts.
func (w *writing) cancel(why outcome) {
	if w.why == waiting {
		w.why = why
	}
	w.c.home.drv.Cancel(&w.op)
}

// advance takes n bytes off what is to be written.
func (w *writing) advance(n int) {
	if w.splices != nil {
		w.splices.n -= n
		return
	}
	if w.vec == nil {
		w.buf = w.buf[n:]
		return
	}
	b := w.vec.Bufs
	for len(b) > 0 && n >= len(b[0]) {
		n -= len(b[0])
		b = b[1:]
	}
	if n > 0 {
		b[0] = b[0][n:]
	}
	w.vec.Bufs = b
}

func (w *writing) left() bool {
	return len(w.buf) > 0 || w.vec != nil && len(w.vec.Bufs) > 0 || w.splices != nil && w.splices.n > 0
}

// writing finds a write of this connection.
func (c *Conn) writing(ticket uint32) *writing {
	for w := c.writes; w != nil; w = w.next {
		if w.ticket == ticket {
			return w
		}
	}
	panic("rondo/netio: a write was polled that is not in flight: it has had its result, or is a copy of one that has")
}

func (c *Conn) pollWrite(t *async.Task, ticket uint32, keep bool) (int, error) {
	w := c.writing(ticket)
	var err error
	switch w.outcome {
	case waiting:
		w.waker = t.Waker()
		return 0, async.Pending
	case gotCause:
		err = cancelled(t)
	case timedOut:
		err = c.opError(w.name(), os.ErrDeadlineExceeded)
	case wasClosed:
		err = c.opError(w.name(), net.ErrClosed)
	case failed:
		err = c.opError(w.name(), w.err)
	}
	n := w.n
	if !keep {
		c.endWrite(w)
	}
	return n, err
}

// cancelWrite asks a write to end. One that has begun is waited for: the kernel
// has the buffer, and says how much it took.
func (c *Conn) cancelWrite(ticket uint32) (idle bool) {
	w := c.writing(ticket)
	switch {
	case w.outcome != waiting:
		return false
	case w.op.InFlight():
		w.cancel(gotCause)
		return false
	case w.n > 0:
		// It waits for its turn, but an earlier attempt has written: that much is
		// its result.
		w.outcome = gotCause
		return false
	}
	c.endWrite(w)
	return true
}

// endWrite takes w out of the list, and gives the next its turn if w had it.
func (c *Conn) endWrite(w *writing) {
	p := &c.writes
	for *p != w {
		p = &(*p).next
	}
	first := p == &c.writes
	*p = w.next
	c.home.freeWriting(w)
	if next := c.writes; first && next != nil && next.outcome == waiting {
		next.submit()
		if next.outcome != waiting {
			next.wake()
		}
	}
}
