package netio

import (
	"bytes"
	"io"
	"net"
	"os"
	"slices"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// Reads have turns: one is carried out, the others wait in a queue. The turn goes
// on only when the one that has it was told its outcome, not already when it has
// one. So what it got can still be put back, and nobody has read further.
//
// What has arrived and not been taken lies in three places, the oldest first:
// the stash (what was read, and put back), the chunks (what a lent receive
// brought while nobody was reading), and failed (the end, or an error).

// startRead begins a read, or queues it behind the one whose turn it is.
func (c *Conn) startRead(kind readKind, b []byte) (ticket uint32) {
	return c.queueRead(queuedRead{kind: kind, buf: b})
}

func (c *Conn) queueRead(q queuedRead) (ticket uint32) {
	q.ticket = c.home.ticket()
	if c.reading.ticket != 0 {
		k := c.rare()
		k.queue = append(k.queue, q)
	} else {
		c.beginRead(q)
	}
	return q.ticket
}

// beginRead gives q its turn. What is there is served first; only then the
// driver is asked.
func (c *Conn) beginRead(q queuedRead) {
	r := &c.reading
	r.ticket, r.kind, r.waker, r.outcome, r.why = q.ticket, q.kind, q.waker, waiting, waiting
	c.takeBack()
	switch {
	case c.flags&connClosed != 0:
		r.outcome = wasClosed
		return
	case q.kind == readDisarm:
		c.disarm()
		return
	case (q.kind == readInto || q.kind == readMessage) && len(q.buf) == 0:
		r.outcome, r.n = gotBytes, 0
		return
	case c.cold != nil && c.cold.rlimit.passed:
		r.outcome = timedOut
		return
	case q.kind == readSplice:
		c.rare().splice = q.splice
		c.splice()
		return
	case q.kind == readMessage:
		c.rare().message = q.message
		c.receiveMessage()
		return
	}
	asks := q.kind == readLent || c.flags&connFIFO != 0
	if q.kind == readInto {
		if asks || r.op.InFlight() {
			c.rare().buf = q.buf // a lent receive is armed, and brings the bytes
		} else {
			c.receiveInto(q.buf)
		}
	}
	if c.serve() || r.op.InFlight() {
		return
	}
	if asks {
		c.arm()
	} else {
		c.home.drv.Submit(&r.op)
	}
}

// takeBack ends the loan of the first chunk.
func (c *Conn) takeBack() {
	if c.flags&connLentOut != 0 {
		c.flags &^= connLentOut
		c.dropChunk()
	}
}

// serve ends the read whose turn it is with what is there already, if anything.
func (c *Conn) serve() bool {
	r := &c.reading
	k := c.cold
	switch {
	case k != nil && len(k.stash) > 0:
		if r.kind != readLent {
			n := copy(c.readBuf(), k.stash)
			r.n = int32(n)
			if k.stash = k.stash[n:]; len(k.stash) == 0 {
				k.stash = nil
			}
			if r.kind == readMessage {
				c.serveFiles()
			}
		}
	case c.chunks != nil:
		if r.kind != readLent {
			n := copy(c.readBuf(), c.chunks.bytes())
			r.n = int32(n)
			if c.chunks.from += n; len(c.chunks.bytes()) == 0 {
				c.dropChunk()
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
	if k := c.cold; k != nil {
		switch {
		case k.buf != nil:
			return k.buf
		case k.message != nil:
			return k.message.m.Buf
		}
	}
	return c.reading.op.Bytes()
}

// lend hands out what a finished Recv has: the stash, or the first chunk. The
// stash is the reader's for good. A chunk can be released as soon as the turn
// goes on, so who might not have seen it by then gets a copy: a reader with
// another one behind, and one elsewhere.
func (c *Conn) lend(t *async.Task, kept bool) []byte {
	k := c.cold
	if k != nil && len(k.stash) > 0 {
		return k.stash
	}
	c.flags |= connLentOut
	c.chunks.to = nil
	b := c.chunks.bytes()
	if kept || t.Remote() || k != nil && len(k.queue) > 0 {
		return bytes.Clone(b)
	}
	c.chunks.to = t.Core()
	return b
}

func (c *Conn) wakeReader() {
	if w := c.reading.waker; w != nil {
		c.reading.waker = nil
		w.WakeLocal()
	}
}

// pollRead returns how a read went, with its error.
func (c *Conn) pollRead(t *async.Task, ticket uint32) (outcome, error) {
	r := &c.reading
	if ticket != r.ticket {
		c.queued(ticket).waker = t.Waker()
		return waiting, async.Pending
	}
	var err error
	switch r.outcome {
	case waiting:
		r.waker = t.Waker()
		err = async.Pending
	case gotEOF:
		err = io.EOF
	case gotCause:
		err = cancelled(t)
	case timedOut:
		err = c.opError("read", os.ErrDeadlineExceeded)
	case wasClosed:
		err = c.opError("read", net.ErrClosed)
	case failed:
		err = c.opError("read", c.cold.failed)
	}
	return r.outcome, err
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
	r := &c.reading
	switch {
	case ticket != r.ticket:
		c.queued(ticket) // or panic
		k := c.cold
		k.queue = slices.DeleteFunc(k.queue, func(q queuedRead) bool { return q.ticket == ticket })
		return true
	case r.outcome != waiting:
		return false
	case c.ownOp():
		c.cancelOwn(gotCause) // the kernel has the buffer until the end
		return false
	}
	// A lent receive stays armed, for whoever reads next.
	c.endRead()
	return true
}

// ownOp reports whether the driver has an operation that is for the read whose
// turn it is, and nobody else.
func (c *Conn) ownOp() bool {
	return c.reading.op.InFlight() && c.reading.op.Kind() != driver.OpRecvLent
}

// cancelOwn asks that operation to end. The first reason is the one that counts.
func (c *Conn) cancelOwn(why outcome) {
	if c.reading.why == waiting {
		c.reading.why = why
	}
	c.home.drv.Cancel(&c.reading.op)
}

// settleRead ends a read whose result was kept; with back, for nothing.
func (c *Conn) settleRead(ticket uint32, back bool) {
	r := &c.reading
	if ticket != r.ticket || r.outcome == waiting {
		panic("rondo/netio: a read was settled that has no result")
	}
	if !back {
		c.endRead()
		return
	}
	switch {
	case r.outcome == gotBytes && r.kind == readLent:
		c.flags &^= connLentOut // the chunk, or the stash, stays
	case r.outcome == gotBytes && r.n > 0:
		k := c.rare()
		k.stash = append(bytes.Clone(c.readBuf()[:r.n]), k.stash...)
		if r.kind == readMessage {
			c.keepFiles()
		}
	case r.outcome == gotEOF:
		c.rare().failed = io.EOF
	}
	c.nextTurn()
}

// endRead ends the read whose turn it is, and forgets what it has taken.
func (c *Conn) endRead() {
	r := &c.reading
	if k := c.cold; k != nil {
		switch {
		case r.outcome == failed:
			k.failed = nil
		case r.outcome == gotBytes && r.kind == readLent && len(k.stash) > 0:
			k.stash = nil
			k.dropFiles()
		case r.outcome == gotBytes && r.kind == readInto && r.n > 0:
			k.dropFiles()
		}
	}
	c.nextTurn()
}

// nextTurn gives the turn to the first of the queue.
func (c *Conn) nextTurn() {
	r := &c.reading
	r.ticket, r.outcome, r.waker = 0, waiting, nil
	if !r.op.InFlight() {
		r.op.Reset() // an idle connection must not hold the reader's buffer
	}
	k := c.cold
	if k == nil {
		return
	}
	k.buf, k.splice, k.message = nil, nil, nil
	if len(k.queue) == 0 {
		return
	}
	q := k.queue[0]
	k.queue = slices.Delete(k.queue, 0, 1)
	if len(k.queue) == 0 {
		k.queue = nil
	}
	c.beginRead(q)
	if r.outcome != waiting {
		c.wakeReader()
	}
}
