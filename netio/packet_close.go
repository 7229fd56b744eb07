package netio

import (
	"net"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// Close closes the socket. Sends and receives in flight, and those that wait for
// their turn, end with net.ErrClosed; so does a second Close. A path that
// ListenPacket has made is removed. It is not cancelled with its task, so it can be
// deferred; any task, or goroutine, may close.
func (c *PacketConn) Close() async.Act { return async.NewAct((*packetClose)(c), 0).Shielded() }

// packetClose is the source of Close.
type packetClose PacketConn

func (x *packetClose) Home() *async.Executor { return x.home.exec }

func (x *packetClose) Start(*async.Task, []byte, uint64) uint32 {
	c := (*PacketConn)(x)
	if c.closing != nil {
		return tooLate
	}
	c.closing = new(closing)
	if l := c.limits; l != nil {
		c.home.exec.StopTimer(&l.in.timer)
		c.home.exec.StopTimer(&l.out.timer)
	}
	for _, first := range []*transfer{c.in, c.out} {
		if first != nil && first.underWay() {
			first.cancel(wasClosed)
		}
	}
	c.dropKept()
	if c.path != "" {
		c.home.drv.Unlink(driver.Addr{Path: c.path})
	}
	c.closing.op.Close(c.fd, c.closing)
	c.home.drv.Submit(&c.closing.op)
	return closesIt
}

func (x *packetClose) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	if ticket == tooLate {
		return struct{}{}, (*PacketConn)(x).opError("close", net.ErrClosed)
	}
	return x.closing.poll(t)
}

func (x *packetClose) CancelOp(*async.Task, uint32) bool { return false }
func (x *packetClose) Settle(uint32, bool) int           { return 0 }

// packetLimits are the deadlines of a socket.
type packetLimits struct {
	c       *PacketConn
	in, out limit
}

func (l *packetLimits) passed(sends bool) bool {
	if sends {
		return l.out.passed
	}
	return l.in.passed
}

// SetDeadline sets the deadline of receives and sends, as Conn.SetDeadline does.
func (c *PacketConn) SetDeadline(at time.Time) async.Act { return c.deadline(at, 3) }

// SetReadDeadline sets the deadline of receives.
func (c *PacketConn) SetReadDeadline(at time.Time) async.Act { return c.deadline(at, 1) }

// SetWriteDeadline sets the deadline of sends.
func (c *PacketConn) SetWriteDeadline(at time.Time) async.Act { return c.deadline(at, 2) }

func (c *PacketConn) deadline(at time.Time, dirs uint64) async.Act {
	return async.NewAct((*packetDeadline)(c), deadlineArg(at, dirs))
}

// packetDeadline is the source of the three.
type packetDeadline PacketConn

func (x *packetDeadline) Home() *async.Executor { return x.home.exec }

func (x *packetDeadline) Start(_ *async.Task, _ []byte, arg uint64) uint32 {
	c := (*PacketConn)(x)
	if c.closing != nil {
		return tooLate
	}
	if c.limits == nil {
		c.limits = &packetLimits{c: c}
	}
	l, ns := c.limits, int64(arg&^3)
	if arg&1 != 0 {
		l.in.start(c.home.exec, ns, (*receiveLimit)(l))
	}
	if arg&2 != 0 {
		l.out.start(c.home.exec, ns, (*sendLimit)(l))
	}
	return closesIt
}

func (x *packetDeadline) PollOp(_ *async.Task, ticket uint32, _ bool) (struct{}, error) {
	if ticket == tooLate {
		return struct{}{}, (*PacketConn)(x).opError("set", net.ErrClosed)
	}
	return struct{}{}, nil
}

func (x *packetDeadline) CancelOp(*async.Task, uint32) bool { return false }
func (x *packetDeadline) Settle(uint32, bool) int           { return 0 }

// receiveLimit and sendLimit are what a limit does when it passes: it ends the
// transfer whose turn it is; the next finds it passed.
type (
	receiveLimit packetLimits
	sendLimit    packetLimits
)

func (l *receiveLimit) Fire() {
	l.in.passed = true
	l.c.in.expire()
}

func (l *sendLimit) Fire() {
	l.out.passed = true
	l.c.out.expire()
}

// expire ends x, which may be nil, if it is under way.
func (x *transfer) expire() {
	if x != nil && x.underWay() {
		x.cancel(timedOut)
	}
}
