package netio

import (
	"io"
	"net"
	"os"
	"syscall"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// reading is the read direction of a connection: the read whose turn it is, and
// the driver's operation. The two are not the same: a lent receive stays armed
// when the read that armed it is over, and serves the next.
type reading struct {
	op      driver.Op
	waker   *async.Waker
	ticket  uint32 // the read whose turn it is; 0: none
	n       int32  // bytes read, if outcome is gotBytes
	kind    readKind
	outcome outcome
}

type readKind uint8

const (
	readInto readKind = iota // Read: into the caller's buffer
	readLent                 // Recv: a chunk is lent
)

// outcome is how the read whose turn it is went.
type outcome uint8

const (
	waiting   outcome = iota
	gotBytes          // n of them
	gotEOF            // the peer has closed its direction
	gotCause          // cancelled by its task
	timedOut          // its deadline passed
	wasClosed         // by Close
	failed            // connCold.failed, or writing.err, says how
)

// queuedRead is a read that waits for its turn.
type queuedRead struct {
	ticket uint32
	kind   readKind
	buf    []byte
	waker  *async.Waker
}

// maxChunks is how many chunks may lie about before receiving pauses: the
// sender then fills the kernel's buffer and is slowed down.
const maxChunks = 4

// Read reads up to len(b) bytes into b, at least one; io.EOF says that the peer
// has closed its direction. b is the connection's from the await's beginning to
// its end.
//
// Cancelled while it waits, it suspends until the kernel has given b back. What
// a losing Read has read goes back into the connection.
func (c *Conn) Read(b []byte) async.Op[int] { return async.NewOp((*connRead)(c), b, 0) }

// Recv reads into a buffer that the connection lends: the bytes are valid until
// the next Recv, Read or Close. While it waits there is no buffer. It returns
// io.EOF when the peer has closed its direction. Cancelled, it returns at once.
func (c *Conn) Recv() async.Op[[]byte] { return async.NewOp((*connRecv)(c), nil, 0) }

// connRead is the source of Read.
type connRead Conn

func (r *connRead) Home() *async.Executor { return r.home.exec }

func (r *connRead) Start(_ *async.Task, b []byte, _ uint64) uint32 {
	return (*Conn)(r).startRead(readInto, b)
}

func (r *connRead) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	c := (*Conn)(r)
	o, err := c.pollRead(t, ticket)
	if o == waiting || o != gotBytes {
		if !keep && o != waiting {
			c.endRead()
		}
		return 0, err
	}
	n := int(c.rd.n)
	if !keep {
		c.endRead()
	}
	return n, nil
}

func (r *connRead) CancelOp(t *async.Task, ticket uint32) bool { return (*Conn)(r).cancelRead(ticket) }

func (r *connRead) Settle(ticket uint32, back bool) int {
	(*Conn)(r).settleRead(ticket, back)
	return 0
}

// connRecv is the source of Recv.
type connRecv Conn

func (r *connRecv) Home() *async.Executor { return r.home.exec }

func (r *connRecv) Start(*async.Task, []byte, uint64) uint32 {
	return (*Conn)(r).startRead(readLent, nil)
}

func (r *connRecv) PollOp(t *async.Task, ticket uint32, keep bool) ([]byte, error) {
	c := (*Conn)(r)
	o, err := c.pollRead(t, ticket)
	if o != gotBytes {
		if !keep && o != waiting {
			c.endRead()
		}
		return nil, err
	}
	b := c.lend()
	if !keep {
		c.endRead()
	}
	return b, nil
}

func (r *connRecv) CancelOp(t *async.Task, ticket uint32) bool { return (*Conn)(r).cancelRead(ticket) }

func (r *connRecv) Settle(ticket uint32, back bool) int {
	(*Conn)(r).settleRead(ticket, back)
	return 0
}

// lend hands out what a finished Recv has: the stash, or the first chunk.
func (c *Conn) lend() []byte {
	if k := c.cold; k != nil && len(k.stash) > 0 {
		return k.stash
	}
	c.flags |= connLentOut
	return c.chunks.lent.Bytes
}

// startRead begins a read, or queues it behind the one whose turn it is.
func (c *Conn) startRead(kind readKind, b []byte) (ticket uint32) {
	ticket = c.home.ticket()
	if c.rd.ticket != 0 {
		k := c.rare()
		k.queue = append(k.queue, queuedRead{ticket: ticket, kind: kind, buf: b})
		return ticket
	}
	c.beginRead(queuedRead{ticket: ticket, kind: kind, buf: b})
	return ticket
}

// beginRead gives q its turn. What is there is served first; only then the
// driver is asked.
func (c *Conn) beginRead(q queuedRead) {
	r := &c.rd
	r.ticket, r.kind, r.waker, r.outcome = q.ticket, q.kind, q.waker, waiting
	c.takeBack()
	switch {
	case c.flags&connClosed != 0:
		r.outcome = wasClosed
		return
	case q.kind == readInto && len(q.buf) == 0:
		r.outcome, r.n = gotBytes, 0
		return
	case c.cold != nil && c.cold.rlimit.passed:
		r.outcome = timedOut
		return
	}
	if q.kind == readInto {
		if r.op.InFlight() {
			c.rare().buf = q.buf // a lent receive is armed, and brings the bytes
		} else {
			r.op.Recv(int(c.fd), q.buf, (*connReads)(c))
		}
	}
	if c.serve() || r.op.InFlight() {
		return
	}
	if q.kind == readLent {
		c.arm()
	} else {
		c.home.drv.Submit(&r.op)
	}
}

// takeBack ends the loan of the first chunk.
func (c *Conn) takeBack() {
	if c.flags&connLentOut != 0 {
		c.flags &^= connLentOut
		k := c.chunks
		c.chunks = k.next
		c.home.release(k)
	}
}

// arm starts a lent receive.
func (c *Conn) arm() {
	c.rd.op.RecvLent(int(c.fd), (*connReads)(c))
	c.home.drv.Submit(&c.rd.op)
}

// serve ends the read whose turn it is with what is there already, if anything.
func (c *Conn) serve() bool {
	r := &c.rd
	k := c.cold
	switch {
	case k != nil && len(k.stash) > 0:
		if r.kind == readInto {
			n := copy(c.readBuf(), k.stash)
			r.n = int32(n)
			if k.stash = k.stash[n:]; len(k.stash) == 0 {
				k.stash = nil
			}
		}
	case c.chunks != nil && c.flags&connLentOut == 0:
		if r.kind == readInto {
			first := c.chunks
			n := copy(c.readBuf(), first.lent.Bytes)
			r.n = int32(n)
			if first.lent.Bytes = first.lent.Bytes[n:]; len(first.lent.Bytes) == 0 {
				c.chunks = first.next
				c.home.release(first)
			}
		}
	case k != nil && k.failed != nil:
		r.outcome = failed
		if k.failed == io.EOF {
			r.outcome, k.failed = gotEOF, nil
		}
		return true
	default:
		return false
	}
	r.outcome = gotBytes
	return true
}

// readBuf is the buffer of the Read whose turn it is.
func (c *Conn) readBuf() []byte {
	if c.cold != nil && c.cold.buf != nil {
		return c.cold.buf
	}
	return c.rd.op.Bytes()
}

// connReads is told about the driver's read operations.
type connReads Conn

// Complete is called by the driver.
func (x *connReads) Complete(op *driver.Op, r driver.Result) {
	c := (*Conn)(x)
	if op.Kind() == driver.OpRecv {
		c.received(r)
	} else {
		c.receivedLent(r)
	}
}

// received is the end of a Read's own operation.
func (c *Conn) received(r driver.Result) {
	switch {
	case r.Err == nil && r.N > 0:
		c.rd.outcome, c.rd.n = gotBytes, int32(r.N)
	case r.Err == nil:
		c.rd.outcome = gotEOF
	default:
		c.failRead(r.Err)
	}
	c.wakeReader()
}

// failRead is the end of the read whose turn it is without bytes. Cancelled by
// whom is what the flags tell.
func (c *Conn) failRead(err error) {
	switch {
	case err != driver.ErrCanceled:
		c.rare().failed = os.NewSyscallError("recv", err)
		c.rd.outcome = failed
	case c.flags&connClosed != 0:
		c.rd.outcome = wasClosed
	case c.cold != nil && c.cold.rlimit.passed:
		c.rd.outcome = timedOut
	default:
		c.rd.outcome = gotCause
	}
}

// receivedLent is a result of a lent receive, or its end.
func (c *Conn) receivedLent(r driver.Result) {
	if len(r.Lent.Bytes) > 0 {
		c.queueChunk(r.Lent, r.More)
	}
	if !r.More {
		switch {
		case r.Err == nil && r.Lent.Bytes == nil:
			c.rare().failed = io.EOF
		case r.Err == syscall.ENOBUFS && c.chunks == nil && c.rd.kind == readLent:
			// If somebody waits, go on when a buffer has been given back.
			if c.rd.ticket != 0 && c.flags&(connStarved|connClosed) == 0 {
				c.flags |= connStarved
				c.home.starved = append(c.home.starved, c)
				return
			}
		case r.Err == nil || r.Err == driver.ErrCanceled || r.Err == syscall.ENOBUFS:
		default:
			c.rare().failed = os.NewSyscallError("recv", r.Err)
		}
	}
	if c.rd.ticket == 0 || c.rd.outcome != waiting {
		return // nobody is waiting: it keeps
	}
	switch {
	case c.flags&connClosed != 0:
		c.rd.outcome = wasClosed
	case c.serve():
	case !r.More:
		c.rearm()
		return
	default:
		return
	}
	c.wakeReader()
}

// rearm goes on with a read whose driver operation has ended with nothing for it.
func (c *Conn) rearm() {
	if c.rd.kind == readLent {
		c.arm()
		return
	}
	b := c.cold.buf
	c.cold.buf = nil
	c.rd.op.Recv(int(c.fd), b, (*connReads)(c))
	c.home.drv.Submit(&c.rd.op)
}

// fed is called when a buffer has become free for a connection that wanted one,
// and reports whether it still does.
func (c *Conn) fed() bool {
	c.flags &^= connStarved
	if c.rd.ticket == 0 || c.rd.outcome != waiting || c.rd.op.InFlight() || c.flags&connClosed != 0 {
		return false
	}
	c.rearm()
	return true
}

func (c *Conn) queueChunk(l driver.Lent, more bool) {
	if c.flags&connClosed != 0 {
		c.home.drv.Release(l)
		return
	}
	n := 1
	p := &c.chunks
	for ; *p != nil; p = &(*p).next {
		n++
	}
	*p = c.home.newChunk(l)
	if n >= maxChunks && more {
		c.home.drv.Cancel(&c.rd.op)
	}
}

func (c *Conn) wakeReader() {
	if w := c.rd.waker; w != nil {
		c.rd.waker = nil
		w.WakeLocal()
	}
}

// pollRead returns how a read went, with its error.
func (c *Conn) pollRead(t *async.Task, ticket uint32) (outcome, error) {
	r := &c.rd
	if ticket != r.ticket {
		c.queued(ticket).waker = t.Waker()
		return waiting, async.Pending
	}
	switch r.outcome {
	case waiting:
		r.waker = t.Waker()
		return waiting, async.Pending
	case gotBytes:
		return gotBytes, nil
	case gotEOF:
		return gotEOF, io.EOF
	case timedOut:
		return timedOut, c.opError("read", os.ErrDeadlineExceeded)
	case wasClosed:
		return wasClosed, c.opError("read", net.ErrClosed)
	case gotCause:
		return gotCause, cancelled(t)
	}
	return failed, c.opError("read", c.cold.failed)
}

// cancelled is the error of an operation that was cancelled: why its task was. A
// loser, whose task was not, only has to have one.
func cancelled(t *async.Task) error {
	if cause := t.Cause(); cause != nil {
		return cause
	}
	return driver.ErrCanceled
}

// queued finds a read that waits for its turn.
func (c *Conn) queued(ticket uint32) *queuedRead {
	if c.cold != nil {
		for i := range c.cold.queue {
			if q := &c.cold.queue[i]; q.ticket == ticket {
				return q
			}
		}
	}
	panic("rondo/netio: a read was polled that is not in flight: it has had its result, or is a copy of one that has")
}

// cancelRead asks a read to end; idle means that it is gone.
func (c *Conn) cancelRead(ticket uint32) (idle bool) {
	r := &c.rd
	if ticket != r.ticket {
		c.queued(ticket).ticket = 0
		q := c.cold.queue
		for i := range q {
			if q[i].ticket == 0 {
				c.cold.queue = append(q[:i], q[i+1:]...)
				break
			}
		}
		return true
	}
	if r.outcome != waiting {
		return false
	}
	if r.op.InFlight() && r.op.Kind() == driver.OpRecv {
		c.home.drv.Cancel(&r.op) // stays until the kernel has given the buffer back
		return false
	}
	// A lent receive stays armed, for whoever reads next.
	c.endRead()
	return true
}

// settleRead ends a read that has its outcome; with back, for nothing.
func (c *Conn) settleRead(ticket uint32, back bool) {
	r := &c.rd
	if ticket != r.ticket || r.outcome == waiting {
		panic("rondo/netio: a read was settled that has no result")
	}
	if back {
		switch {
		case r.outcome == gotBytes && r.kind == readInto:
			k := c.rare()
			k.stash = append(append(make([]byte, 0, int(r.n)+len(k.stash)), c.readBuf()[:r.n]...), k.stash...)
		case r.outcome == gotBytes:
			c.flags &^= connLentOut // the chunk, or the stash, stays
		case r.outcome == gotEOF:
			c.rare().failed = io.EOF
		}
		c.endReadKeeping()
		return
	}
	c.endRead()
}

// endRead frees the turn for the next, and forgets what the read has taken.
func (c *Conn) endRead() {
	r := &c.rd
	if k := c.cold; k != nil {
		switch {
		case r.outcome == failed:
			k.failed = nil
		case r.outcome == gotBytes && r.kind == readLent && len(k.stash) > 0:
			k.stash = nil // it belongs to the reader now
		}
	}
	c.endReadKeeping()
}

// endReadKeeping frees the turn and starts the next.
func (c *Conn) endReadKeeping() {
	r := &c.rd
	r.ticket, r.outcome, r.waker = 0, waiting, nil
	if !r.op.InFlight() {
		r.op.Reset() // an idle connection must not hold the reader's buffer
	}
	k := c.cold
	if k == nil {
		return
	}
	k.buf = nil
	if len(k.queue) > 0 {
		q := k.queue[0]
		k.queue = k.queue[1:]
		if len(k.queue) == 0 {
			k.queue = nil
		}
		c.beginRead(q)
		if r.ticket != 0 && r.outcome != waiting {
			c.wakeReader()
		}
	}
}
