package netio

import (
	"net"
	"os"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// closing is the one close of a connection or listener.
type closing struct {
	op    driver.Op
	waker *async.Waker
	done  bool
	err   error
}

// Complete is called by the driver.
func (x *closing) Complete(_ *driver.Op, r driver.Result) {
	x.done = true
	if r.Err != nil {
		x.err = os.NewSyscallError("close", r.Err)
	}
	if x.waker != nil {
		x.waker.WakeLocal()
	}
}

// poll is the state of the close that began it.
func (x *closing) poll(t *async.Task) (struct{}, error) {
	if !x.done {
		x.waker = t.Waker()
		return struct{}{}, async.Pending
	}
	return struct{}{}, x.err
}

// The tickets of closes: only the first one closes.
const (
	closesIt uint32 = 1 + iota
	tooLate
)

// Close closes the connection. Reads and writes in flight, and those that wait
// for their turn, end with net.ErrClosed; so does a second Close. What was lent
// by Recv must not be used any more by the task that closes; another that has it
// keeps it until it reads, closes or ends. It is not cancelled with its task, so it can
// be deferred; any task, or goroutine, may close.
func (c *Conn) Close() async.Act { return async.NewAct((*connClose)(c), 0).Shielded() }

// connClose is the source of Close.
type connClose Conn

func (x *connClose) Home() *async.Executor { return x.home.exec }

func (x *connClose) Start(t *async.Task, _ []byte, _ uint64) uint32 {
	c := (*Conn)(x)
	if c.flags&connClosed != 0 {
		if c.borrower() == t.Core() {
			c.takeBack()
		}
		return tooLate
	}
	c.lookUpAddrsForErrors()
	c.flags |= connClosed
	k := c.rare()
	k.closing = new(closing)
	k.rlimit.stop(c)
	k.wlimit.stop(c)
	c.closeReads(t)
	c.closeWrites()
	k.closing.op.Close(int(c.fd), k.closing)
	c.home.drv.Submit(&k.closing.op)
	return closesIt
}

func (x *connClose) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	c := (*Conn)(x)
	if ticket == tooLate {
		return struct{}{}, c.opError("close", net.ErrClosed)
	}
	return c.cold.closing.poll(t)
}

func (x *connClose) CancelOp(*async.Task, uint32) bool { return false }
func (x *connClose) Settle(uint32, bool) int           { return 0 }

// lookUpAddrsForErrors keeps addresses that were asked for; others are not worth
// two system calls a connection.
func (c *Conn) lookUpAddrsForErrors() {
	if k := c.cold; k != nil && (k.local != nil || k.remote != nil) {
		c.lookUpAddrs()
	}
}

// closeReads ends the read whose turn it is, and gives the chunks back. The reads
// behind it find out when they have their turn. What the read has got is gone
// with the rest, but for bytes in its own buffer.
func (c *Conn) closeReads(t *async.Task) {
	c.home.collect()
	if b := c.borrower(); b != nil && b != t.Core() && !b.Ended() {
		c.keepLent()
	} else {
		c.flags &^= connLentOut
		for c.chunks != nil {
			c.dropChunk()
		}
	}
	k := c.cold
	k.stash, k.failed = nil, nil
	k.dropFiles()
	r := &c.reading
	switch {
	case r.ticket == 0:
	case c.ownOp():
		c.cancelOwn(wasClosed)
	case r.outcome == waiting || r.outcome == failed || r.outcome == gotBytes && r.kind == readLent:
		r.outcome = wasClosed
		c.wakeReader()
	}
}

// closeWrites ends the write whose turn it is, and those behind it likewise.
func (c *Conn) closeWrites() {
	if w := c.writes; w != nil && w.op.InFlight() {
		w.cancel(wasClosed)
	}
}
