package netio

import (
	"os"
	"syscall"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// A SpliceReader is a Reader whose bytes the kernel can move into a pipe: a connection,
// another pipe, a file. Copy uses it where the destination is a SpliceWriter of the
// same loop.
type SpliceReader interface {
	Reader
	Home() *rondo.Loop
	// SpliceTo moves up to n bytes of what would be read next into a pipe, which is
	// empty: a descriptor of the loop's driver. It moves at least one, or returns
	// io.EOF, or 0 if Read is to be used now: because it is faster, or because there
	// are bytes here that are not the kernel's. syscall.EINVAL is for what can't be
	// spliced, such as a socket in blocking mode. A cancelled one has moved
	// nothing, or has its result. It is not for a Select: what a loser has moved is in the
	// pipe, and nobody is told.
	SpliceTo(pipe, n int) async.Op[int]
}

// A SpliceWriter is a Writer that the kernel can move bytes to from a pipe.
type SpliceWriter interface {
	Writer
	Home() *rondo.Loop
	// SpliceFrom writes all n bytes that a pipe holds, or returns how many it has
	// written and why not more; the others are still in the pipe. syscall.EINVAL is
	// as with SpliceTo.
	SpliceFrom(pipe, n int) async.Op[int]
}

// errBlocks is why a descriptor in blocking mode is not spliced. The driver asks the
// system not to wait, which only pipes heed: for a TCP socket that is read, or a socket
// or terminal that is written, it would wait in the call, and the loop with it.
var errBlocks = os.NewSyscallError("splice", syscall.EINVAL)

// SpliceTo makes a Conn a SpliceReader. It is a read like any other: it has its turn,
// and keeps the read deadline.
func (c *Conn) SpliceTo(pipe, n int) async.Op[int] {
	return async.NewOp[int](&spliceRead{c: c, args: driver.SpliceArgs{To: pipe, N: n, Offset: -1}}, nil, 0)
}

// SpliceFrom makes a Conn a SpliceWriter. It is a write like any other.
func (c *Conn) SpliceFrom(pipe, n int) async.Op[int] {
	return async.NewOp[int](&spliceWrite{c: c, pipe: pipe, n: n}, nil, 0)
}

// SpliceTo makes a PipeReader a SpliceReader.
func (r *PipeReader) SpliceTo(pipe, n int) async.Op[int] { return (*Conn)(r).SpliceTo(pipe, n) }

// SpliceFrom makes a PipeWriter a SpliceWriter.
func (w *PipeWriter) SpliceFrom(pipe, n int) async.Op[int] { return (*Conn)(w).SpliceFrom(pipe, n) }

// spliceRead is the source of one SpliceTo.
type spliceRead struct {
	c    *Conn
	args driver.SpliceArgs
}

func (x *spliceRead) Home() *async.Executor { return x.c.home.exec }

func (x *spliceRead) Start(*async.Task, []byte, uint64) uint32 {
	return x.c.queueRead(queuedRead{kind: readSplice, splice: &x.args})
}

func (x *spliceRead) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	return (*connRead)(x.c).PollOp(t, ticket, keep)
}

func (x *spliceRead) CancelOp(_ *async.Task, ticket uint32) bool { return x.c.cancelRead(ticket) }

// Settle can't put bytes back: they are in the caller's pipe, who counts them there.
func (x *spliceRead) Settle(uint32, bool) int {
	x.c.endRead()
	return 0
}

// splice is the turn of a readSplice. What the connection holds itself comes before
// what the kernel has, and a lent receive that is armed would take that.
func (c *Conn) splice() {
	r, k := &c.reading, c.cold
	switch {
	case c.flags&connBlocking != 0:
		r.outcome, k.failed = failed, errBlocks
	case len(k.stash) > 0 || c.chunks != nil || k.failed != nil:
		r.outcome, r.n = gotBytes, 0
	case r.op.InFlight():
		c.home.drv.Cancel(&r.op) // receivedLent comes here again
	default:
		c.submitSplice()
	}
}

func (c *Conn) submitSplice() {
	c.reading.op.Splice(int(c.fd), c.cold.splice, (*connReads)(c))
	c.home.drv.Submit(&c.reading.op)
}

// spliced is the end of an operation of a readSplice.
func (c *Conn) spliced(kind driver.Kind, r driver.Result) {
	again := kind == driver.OpReady && r.Err == nil || kind == driver.OpSplice && r.Err == syscall.EAGAIN
	switch {
	case !again:
		c.received(r)
	case c.reading.why != waiting:
		c.received(driver.Result{Err: driver.ErrCanceled})
	case kind == driver.OpReady:
		c.submitSplice()
	default:
		c.reading.op.Ready(int(c.fd), driver.Readable, (*connReads)(c))
		c.home.drv.Submit(&c.reading.op)
	}
}

// spliceWrite is the source of one SpliceFrom, and what is left of it.
type spliceWrite struct {
	c    *Conn
	pipe int
	n    int
	args driver.SpliceArgs
}

func (x *spliceWrite) Home() *async.Executor { return x.c.home.exec }

func (x *spliceWrite) Start(_ *async.Task, _ []byte, already uint64) uint32 {
	w := x.c.home.newWriting()
	w.splices, w.from, w.n = x, int(already), int(already)
	return x.c.startWrite(w)
}

func (x *spliceWrite) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	return x.c.pollWrite(t, ticket, keep)
}

func (x *spliceWrite) CancelOp(_ *async.Task, ticket uint32) bool { return x.c.cancelWrite(ticket) }

// Settle ends a loser; what it has written is gone from the pipe, and from n.
func (x *spliceWrite) Settle(ticket uint32, back bool) int {
	return (*connWrite)(x.c).Settle(ticket, back)
}

// splice is what submit does for bytes in a pipe.
func (w *writing) splice() {
	x := w.splices
	if w.c.flags&connBlocking != 0 {
		w.outcome, w.err = failed, errBlocks
		return
	}
	x.args = driver.SpliceArgs{To: int(w.c.fd), N: x.n, Offset: -1}
	w.op.Splice(x.pipe, &x.args, w)
	w.c.home.drv.Submit(&w.op)
}

// spliced looks at the end of an operation of a write from a pipe. With again there is
// nothing to complete: it goes on; else it returns the result of the write.
func (w *writing) spliced(r driver.Result) (_ driver.Result, again bool) {
	kind := w.op.Kind()
	if !(kind == driver.OpReady && r.Err == nil || kind == driver.OpSplice && r.Err == syscall.EAGAIN) {
		return r, false
	}
	switch {
	case w.why != waiting:
		return driver.Result{Err: driver.ErrCanceled}, false
	case kind == driver.OpReady:
		w.splice()
	default:
		w.op.Ready(int(w.c.fd), driver.Writable, w)
		w.c.home.drv.Submit(&w.op)
	}
	return r, true
}
