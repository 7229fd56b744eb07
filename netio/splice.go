package netio

import (
	"syscall"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// Between two connections of one loop, bytes can go through a pipe in the kernel
// instead of the memory of the program. A middle is such a pipe.
type middle struct {
	home *place
	r, w int
	held int // bytes in it
	args driver.SpliceArgs
}

// middleSize is what a pipe holds if nobody has asked for more (pipe(7)).
const middleSize = 64 << 10

// newMiddle makes a pipe, if the loop's driver knows how.
func newMiddle(p *place) (*middle, error) {
	d, ok := p.drv.(interface{ Pipe() (r, w int, err error) })
	if !ok {
		return nil, syscall.ENOSYS
	}
	r, w, err := d.Pipe()
	if err != nil {
		return nil, err
	}
	return &middle{home: p, r: r, w: w}, nil
}

// close closes the pipe; no operation is in flight on it. What it holds is lost.
func (m *middle) close() {
	m.home.drv.CloseNow(m.r)
	m.home.drv.CloseNow(m.w)
}

// take reads what the pipe holds, to the last byte.
func (m *middle) take(t *async.Task) ([]byte, error) {
	b := make([]byte, m.held)
	for at := 0; m.held > 0; {
		n, err := async.Await(t, &taking{m: m, b: b[at:]})
		if err != nil {
			return b[:at], err
		}
		at, m.held = at+n, m.held-n
	}
	return b, nil
}

// taking is one read of the pipe, which has what is read.
type taking struct {
	m     *middle
	b     []byte
	op    driver.Op
	begun bool
	r     driver.Result
	waker *async.Waker
}

func (x *taking) Poll(t *async.Task) (int, error) {
	x.waker = t.Waker()
	if !x.begun {
		x.begun = true
		x.op.Read(x.m.r, x.b, x)
		x.m.home.drv.Submit(&x.op)
	}
	if x.op.InFlight() {
		return 0, async.Pending
	}
	return x.r.N, x.r.Err
}

// Complete is called by the driver.
func (x *taking) Complete(_ *driver.Op, r driver.Result) {
	x.r = r
	x.waker.WakeLocal()
}

// spliceFrom moves bytes from c into a pipe, which is empty: at most n, and at least
// one. It returns 0 if the connection has bytes of its own, which Recv brings.
func (c *Conn) spliceFrom(m *middle, n int) async.Op[int] {
	m.args = driver.SpliceArgs{To: m.w, N: min(n, middleSize), Offset: -1}
	return async.NewOp[int](&spliceRead{c, m}, nil, 0)
}

// spliceRead is the source of one spliceFrom.
type spliceRead struct {
	c *Conn
	m *middle
}

func (x *spliceRead) Home() *async.Executor { return x.c.home.exec }

func (x *spliceRead) Start(*async.Task, []byte, uint64) uint32 {
	return x.c.queueRead(queuedRead{kind: readSplice, mid: x.m})
}

func (x *spliceRead) PollOp(t *async.Task, ticket uint32, _ bool) (int, error) {
	c := x.c
	o, err := c.pollRead(t, ticket)
	if o == waiting {
		return 0, err
	}
	n := 0
	if o == gotBytes {
		n = int(c.rd.n)
	}
	c.endRead()
	return n, err
}

func (x *spliceRead) CancelOp(_ *async.Task, ticket uint32) bool { return x.c.cancelRead(ticket) }
func (x *spliceRead) Settle(uint32, bool) int                    { return 0 }

// splice is the turn of a readSplice. What the connection holds itself comes before
// what the kernel has, and a lent receive that is armed would take that.
func (c *Conn) splice() {
	r, k := &c.rd, c.cold
	switch {
	case len(k.stash) > 0 || c.chunks != nil || k.failed != nil:
		r.outcome, r.n = gotBytes, 0
	case r.op.InFlight():
		c.home.drv.Cancel(&r.op) // receivedLent comes here again
	default:
		r.op.Splice(int(c.fd), &k.mid.args, (*connReads)(c))
		c.home.drv.Submit(&r.op)
	}
}

// spliced is the end of an operation of a readSplice.
func (c *Conn) spliced(kind driver.Kind, r driver.Result) {
	op := &c.rd.op
	switch {
	case kind == driver.OpSplice && r.Err == syscall.EAGAIN && c.rd.why == waiting:
		op.Ready(int(c.fd), driver.Readable, (*connReads)(c))
		c.home.drv.Submit(op)
		return
	case kind == driver.OpSplice && r.Err == syscall.EAGAIN:
		r.Err = driver.ErrCanceled
	case kind == driver.OpReady && r.Err == nil && c.rd.why == waiting:
		op.Splice(int(c.fd), &c.cold.mid.args, (*connReads)(c))
		c.home.drv.Submit(op)
		return
	case kind == driver.OpReady && r.Err == nil:
		r = driver.Result{Err: driver.ErrCanceled}
	}
	if kind == driver.OpSplice && r.Err == nil {
		c.cold.mid.held += r.N
	}
	c.received(r)
}

// spliceTo writes what a pipe holds to c, like Write.
func (c *Conn) spliceTo(m *middle) async.Op[int] { return async.NewOp[int](&spliceWrite{c, m}, nil, 0) }

// spliceWrite is the source of one spliceTo.
type spliceWrite struct {
	c *Conn
	m *middle
}

func (x *spliceWrite) Home() *async.Executor { return x.c.home.exec }

func (x *spliceWrite) Start(*async.Task, []byte, uint64) uint32 {
	w := x.c.home.newWriting()
	w.mid = x.m
	return x.c.startWrite(w)
}

func (x *spliceWrite) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	return x.c.pollWrite(t, ticket, keep)
}

func (x *spliceWrite) CancelOp(_ *async.Task, ticket uint32) bool { return x.c.cancelWrite(ticket) }
func (x *spliceWrite) Settle(uint32, bool) int                    { return 0 }

// splice is what submit does for bytes in a pipe.
func (w *writing) splice() {
	m := w.mid
	m.args = driver.SpliceArgs{To: int(w.c.fd), N: m.held, Offset: -1}
	w.op.Splice(m.r, &m.args, w)
	w.c.home.drv.Submit(&w.op)
}

// spliced looks at the end of an operation of a write from a pipe. With again there is
// nothing to complete: it goes on; else it returns the result of the write.
func (w *writing) spliced(r driver.Result) (_ driver.Result, again bool) {
	switch kind := w.op.Kind(); {
	case kind == driver.OpReady && r.Err == nil:
	case kind == driver.OpSplice && r.Err == syscall.EAGAIN:
	default:
		return r, false
	}
	if w.why != waiting {
		return driver.Result{Err: driver.ErrCanceled}, false
	}
	if w.op.Kind() == driver.OpReady {
		w.splice()
	} else {
		w.op.Ready(int(w.c.fd), driver.Writable, w)
		w.c.home.drv.Submit(&w.op)
	}
	return r, true
}
