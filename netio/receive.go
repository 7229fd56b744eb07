package netio

import (
	"io"
	"os"
	"syscall"

	"rondo.dev/rondo/driver"
)

// maxChunks is how many chunks may lie about before receiving pauses: the
// sender then fills the kernel's buffer and is slowed down.
const maxChunks = 4

// arm starts a lent receive, or on a pipe, for which no driver lends, the wait for
// something to read.
func (c *Conn) arm() {
	if c.flags&connPipe != 0 {
		c.reading.op.Ready(int(c.fd), driver.Readable, (*connReads)(c))
	} else {
		c.reading.op.RecvLent(int(c.fd), (*connReads)(c))
	}
	c.home.drv.Submit(&c.reading.op)
}

// receiveInto prepares the read of some bytes into b.
func (c *Conn) receiveInto(b []byte) {
	if c.flags&connPipe != 0 {
		c.reading.op.Read(int(c.fd), b, (*connReads)(c))
	} else {
		c.reading.op.Recv(int(c.fd), b, (*connReads)(c))
	}
}

// connReads is told about the driver's read operations.
type connReads Conn

// Complete is called by the driver.
func (x *connReads) Complete(op *driver.Op, r driver.Result) {
	c := (*Conn)(x)
	switch {
	case op.Kind() == driver.OpRecvLent:
		c.receivedLent(r)
	case c.reading.kind == readSplice:
		c.spliced(op.Kind(), r)
	case c.reading.kind == readMessage:
		c.receivedMessage(r)
	case op.Kind() == driver.OpReady:
		c.becameReady(r)
	case c.reading.kind == readLent:
		c.receivedHere(op.Bytes(), r)
	default:
		c.received(r)
	}
}

// becameReady goes on with a read of a pipe that has something to read. Nothing
// was taken yet, so one that is to end can.
func (c *Conn) becameReady(r driver.Result) {
	switch {
	case r.Err != nil:
		c.received(r)
	case c.reading.why != waiting:
		c.received(driver.Result{Err: driver.ErrCanceled})
	case c.reading.kind == readLent:
		c.receiveHere()
	default:
		c.readQueued()
	}
}

// received is the end of the operation of a Read.
func (c *Conn) received(r driver.Result) {
	switch {
	case r.Err == nil && r.N > 0:
		c.reading.outcome, c.reading.n = gotBytes, int32(r.N)
	case r.Err == nil:
		c.reading.outcome = gotEOF
	case r.Err != driver.ErrCanceled:
		c.rare().failed = os.NewSyscallError("read", r.Err)
		c.reading.outcome = failed
	case c.reading.why != waiting:
		c.reading.outcome = c.reading.why
	default:
		c.reading.outcome = gotCause // by nobody here: the driver is being closed
	}
	c.wakeReader()
}

// receiveHere receives for a Recv into memory of the loop, because the driver has
// none left to lend. Were it to wait, those who have the driver's might in turn be
// waiting for this one.
func (c *Conn) receiveHere() {
	c.receiveInto(c.home.newBuffer())
	c.home.drv.Submit(&c.reading.op)
}

// receivedHere is the end of that. No chunk came before this one: while there
// were any, there was no need to receive.
func (c *Conn) receivedHere(b []byte, r driver.Result) {
	if c.flags&connClosed != 0 {
		r = driver.Result{Err: driver.ErrCanceled} // nothing is lent any more
	}
	if r.Err == nil && r.N > 0 {
		c.chunks = c.home.newChunk(driver.Lent{Bytes: b[:r.N]})
		c.chunks.here = b
	} else {
		c.home.freeBuffer(b)
	}
	c.received(r)
}

// receivedLent is a result of a lent receive, or its end. Either may come while
// nobody is waiting, and is kept.
func (c *Conn) receivedLent(r driver.Result) {
	if len(r.Lent.Bytes) > 0 {
		c.queueChunk(r.Lent, r.More)
	}
	outOfBuffers := false
	if !r.More {
		switch {
		case r.Err == nil && r.Lent.Bytes == nil:
			c.rare().failed = io.EOF
		case r.Err == nil || r.Err == driver.ErrCanceled:
			// It is armed again for the read that finds nothing.
		case r.Err == syscall.ENOBUFS:
			outOfBuffers = true
		default:
			c.rare().failed = os.NewSyscallError("read", r.Err)
		}
	}
	if c.reading.ticket == 0 || c.reading.outcome != waiting {
		return
	}
	switch {
	case c.reading.kind == readDisarm:
		if r.More {
			return
		}
		c.reading.outcome = gotBytes
	case c.reading.kind == readSplice:
		if r.More {
			return
		}
		if c.splice(); c.reading.outcome == waiting {
			return
		}
	case c.reading.kind == readMessage:
		if r.More {
			return
		}
		if c.receiveMessage(); c.reading.outcome == waiting {
			return
		}
	case c.serve():
	case r.More:
		return
	case outOfBuffers && c.reading.kind == readLent:
		c.home.collect() // for those who come next
		c.receiveHere()
		return
	default:
		c.rearm()
		return
	}
	c.wakeReader()
}

// rearm goes on with a read whose driver operation has ended with nothing for it.
func (c *Conn) rearm() {
	if c.reading.kind == readLent {
		c.arm()
		return
	}
	c.readQueued()
}

// readQueued reads for the Read whose buffer had to wait for another operation.
func (c *Conn) readQueued() {
	b := c.cold.buf
	c.cold.buf = nil
	c.receiveInto(b)
	c.home.drv.Submit(&c.reading.op)
}

// disarm is the turn of a readDisarm.
func (c *Conn) disarm() {
	if c.reading.op.InFlight() {
		c.home.drv.Cancel(&c.reading.op)
		return
	}
	c.reading.outcome = gotBytes
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
		c.home.drv.Cancel(&c.reading.op)
	}
}

// dropChunk releases the first chunk.
func (c *Conn) dropChunk() {
	k := c.chunks
	c.chunks = k.next
	c.home.release(k)
}
