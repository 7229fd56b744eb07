package netio

import (
	"io"
	"net"
	"os"
	"syscall"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// A transfer is a send or a receive of a PacketConn: the one whose turn it is, or
// one that waits behind it. As with reads of a Conn, the turn goes on only when the
// one that has it was told its outcome, so that what a loser has received can be put
// back before anybody receives what came after it.
//
// It moves one message, of buf and, if one is not nil, of what is beside it in one;
// or, if it is batched, the messages in many.
type transfer struct {
	c       *PacketConn
	next    *transfer // behind this one; or in the free list
	op      driver.Op
	waker   *async.Waker
	ticket  uint32
	sends   bool
	batched bool
	outcome outcome
	why     outcome // why it was asked to end

	buf  []byte
	bufs [1][]byte // msg.Bufs
	one  *Message
	many []Message
	n    int // bytes moved of the one message; or messages moved of many
	from int // progress of earlier attempts
	err  error

	ready int // how many of the messages that are left to send have their files

	msg       driver.Msg
	ancillary driver.Ancillary
	batch     *batch
	dups      []int // descriptors to send, closed at the end
	retry     *retry
}

// Values of RecvFlags, as Linux has them; the driver in memory speaks likewise.
const (
	msgControlTrunc = 0x8
	msgTrunc        = 0x20
)

func (c *PacketConn) newTransfer() *transfer {
	x := c.home.transfers
	if x == nil {
		x = new(transfer)
	} else {
		c.home.transfers, x.next = x.next, nil
	}
	x.c, x.ticket = c, c.home.ticket()
	return x
}

// free puts x into the free list, with the memory that it has for the kernel's sake.
func (x *transfer) free() {
	p := x.c.home
	x.op.Reset()
	x.msg.Forget()
	*x = transfer{msg: x.msg, batch: x.batch.forget(), dups: x.dups[:0], next: p.transfers}
	p.transfers = x
}

// find returns a transfer of a queue.
func find(queue *transfer, ticket uint32) *transfer {
	for x := queue; x != nil; x = x.next {
		if x.ticket == ticket {
			return x
		}
	}
	panic("rondo/netio: a send or receive was polled that is not in flight: it has had its result, or is a copy of one that has")
}

// start puts x behind the transfers that are in the queue.
func (x *transfer) start(queue **transfer) (ticket uint32) {
	first := *queue == nil
	for *queue != nil {
		queue = &(*queue).next
	}
	*queue = x
	if first {
		x.begin()
	}
	return x.ticket
}

// end takes x out of the queue, and gives the next its turn if x had it.
func (x *transfer) end(queue **transfer) {
	p := queue
	for *p != x {
		p = &(*p).next
	}
	*p = x.next
	x.free()
	if next := *queue; p == queue && next != nil && next.outcome == waiting {
		if next.begin(); next.outcome != waiting {
			next.wake()
		}
	}
}

// begin gives x its turn. What was put back is served first; only then the driver
// is asked.
func (x *transfer) begin() {
	c := x.c
	switch {
	case c.closing != nil:
		x.outcome = wasClosed
	case x.left() == 0:
		x.outcome = gotBytes
	case c.limits != nil && c.limits.passed(x.sends):
		x.outcome = timedOut
	case !x.sends && c.serve(x):
	default:
		x.submit()
	}
}

// submit asks the driver.
func (x *transfer) submit() {
	if x.sends {
		if err := x.dupFiles(); err != nil {
			x.fail(err)
			return
		}
	}
	switch fd := x.c.fd; {
	case x.batched:
		x.batch = x.batch.fill(x)
		if x.sends {
			x.op.SendBatch(fd, &x.batch.Batch, x)
		} else {
			x.op.RecvBatch(fd, &x.batch.Batch, x)
		}
	case x.sends && x.one == nil && x.msg.Addr == (driver.Addr{}):
		x.op.Send(fd, x.buf, x)
	default:
		x.bufs[0] = x.buf
		x.msg.Bufs = x.bufs[:]
		if x.one != nil {
			x.msg.Ancillary = &x.ancillary
			x.one.describe(&x.msg, x.dups)
		}
		if x.sends {
			x.op.SendMsg(fd, &x.msg, x)
		} else {
			x.op.RecvMsg(fd, &x.msg, x)
		}
	}
	x.c.home.drv.Submit(&x.op)
}

// Complete is called by the driver.
func (x *transfer) Complete(_ *driver.Op, r driver.Result) {
	x.closeDups()
	noRoom := x.sends && r.Err == syscall.EAGAIN
	switch {
	case r.Err == nil:
		x.moved(r.N)
	case noRoom && x.why == waiting:
		x.tryLater()
	case r.Err != driver.ErrCanceled && !noRoom:
		x.fail(os.NewSyscallError(x.call(), r.Err))
	case x.why != waiting:
		x.outcome = x.why
	default:
		x.outcome = gotCause // by nobody here: the driver is being closed
	}
	if x.outcome != waiting {
		x.wake()
	}
}

// moved takes over what the driver has moved: n bytes, or messages.
func (x *transfer) moved(n int) {
	x.outcome = gotBytes
	switch {
	case x.batched && x.sends:
		x.batch.sent(x, n)
		x.n += n
		switch {
		case x.left() == 0:
		case x.why != waiting:
			x.outcome = x.why
		default:
			x.outcome, x.retry = waiting, nil
			x.submit()
		}
	case x.batched:
		x.n = x.batch.received(x, n)
		if x.n == 0 {
			x.outcome = gotEOF
		}
	default:
		x.n = n
		if x.one != nil {
			x.one.take(x.c, &x.msg, n, x.sends)
		}
		if !x.sends && x.c.ordered() && isEnd(&x.msg, n) {
			x.outcome = gotEOF
		}
	}
}

// resume is told, by the argument of an operation, what earlier attempts have done.
func (x *transfer) resume(already int) {
	x.from, x.n = already, already
	if !x.batched && already > 0 {
		x.n-- // see progress
	}
}

// progress is what settling a send counts: messages, or for a single one its bytes
// and one more.
func (x *transfer) progress() int {
	switch {
	case x.batched:
		return x.n
	case x.outcome == gotBytes:
		return x.n + 1
	}
	return x.from
}

// left is how many messages there are still to be moved.
func (x *transfer) left() int {
	switch {
	case x.batched && x.sends:
		return len(x.many) - x.n
	case x.batched:
		return len(x.many)
	case x.from > 0:
		return 0
	}
	return 1
}

func (x *transfer) fail(err error) { x.outcome, x.err = failed, err }

// wake is the last that is done with x: whoever is woken may take the result at once,
// and x is somebody else's then.
func (x *transfer) wake() {
	if waker := x.waker; waker != nil {
		x.waker = nil
		waker.WakeLocal()
	}
}

// underWay reports whether x has had its turn from begin, and has no outcome yet.
func (x *transfer) underWay() bool { return x.op.InFlight() || x.retry.waits() }

// cancel asks a transfer that is under way to end. The first reason is the one that
// counts.
func (x *transfer) cancel(why outcome) {
	if x.why == waiting {
		x.why = why
	}
	if x.retry.waits() {
		x.retry.stop()
		x.outcome = x.why
		x.wake()
		return
	}
	x.c.home.drv.Cancel(&x.op)
}

// poll returns Pending, or the error of a transfer that is over.
func (x *transfer) poll(t *async.Task) error {
	c := x.c
	switch x.outcome {
	case waiting:
		x.waker = t.Waker()
		return async.Pending
	case gotEOF:
		return io.EOF
	case gotCause:
		return cancelled(t)
	case timedOut:
		return c.opError(x.name(), os.ErrDeadlineExceeded)
	case wasClosed:
		return c.opError(x.name(), net.ErrClosed)
	case failed:
		return c.opError(x.name(), x.err)
	}
	return nil
}

// name names the operation, and call the system call, for errors.
func (x *transfer) name() string {
	if x.sends {
		return "write"
	}
	return "read"
}

func (x *transfer) call() string {
	switch k := x.op.Kind(); k {
	case driver.OpRecvBatch:
		return "recvmmsg"
	case driver.OpSendBatch:
		return "sendmmsg"
	default:
		return k.String()
	}
}
