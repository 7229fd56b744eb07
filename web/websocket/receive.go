package websocket

import (
	"bytes"
	"slices"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// queued is a receive that waits for its turn.
type queued struct {
	ticket uint32
	waker  *async.Waker
}

// Receive returns the next message. Pings are answered meanwhile, and only then: a
// connection on which nobody receives does not even notice that the peer is gone.
//
// The message's Data is valid until the next Receive is started, by whomever, or
// until the same task closes the connection; it may be changed until then.
// While Receive waits there is no buffer.
//
// When the peer has closed the connection, the error is a *CloseError, which has been
// answered; errors.Is(err, io.EOF) tells whether all was in order. A
// *ViolationError is what the peer did wrong, and it was told. Other errors are the
// transport's. After an error no more messages come, and there is only Close left to do;
// unless the task was cancelled, or a deadline of the transport's has passed, for these
// lose nothing. A losing Receive that has a message puts it back.
func (c *Conn) Receive() async.Op[Message] { return async.NewOp((*receiver)(c), nil, 0) }

// receiver is the source of Receive.
type receiver Conn

func (x *receiver) Home() *async.Executor { return x.home.exec }

func (x *receiver) Start(*async.Task, []byte, uint64) (ticket uint32) {
	c := (*Conn)(x)
	ticket = c.home.ticket()
	if c.turn != 0 {
		k := c.rare()
		k.queue = append(k.queue, queued{ticket: ticket})
		return ticket
	}
	c.beginReceive(ticket)
	return ticket
}

func (x *receiver) PollOp(t *async.Task, ticket uint32, keep bool) (Message, error) {
	c := (*Conn)(x)
	if ticket != c.turn {
		c.cold.queue[c.queued(ticket)].waker = t.Waker()
		return Message{}, async.Pending
	}
	if c.flags&received == 0 {
		c.receive(t)
	}
	if c.flags&received == 0 {
		c.waker = t.Waker()
		c.keepAlive()
		return Message{}, async.Pending
	}
	if err := c.result(); err != nil {
		if !keep {
			c.endReceive(false)
		}
		return Message{}, err
	}
	m := c.in.message
	if keep || t.Remote() || c.cold != nil && len(c.cold.queue) > 0 || !c.in.lendable(t) {
		m.Data = bytes.Clone(m.Data) // the memory may be used again before it is seen
	} else {
		c.in.to = t.Core()
	}
	if !keep {
		c.endReceive(false)
	}
	return m, nil
}

func (x *receiver) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	c := (*Conn)(x)
	switch {
	case ticket != c.turn:
		i := c.queued(ticket)
		c.cold.queue = slices.Delete(c.cold.queue, i, i+1)
		return true
	case c.flags&received != 0:
		return false
	case c.flags&receives != 0 && !c.rx.Cancel(t):
		c.flags |= givesUp // what has arrived may be a message
		return false
	}
	c.flags &^= receives
	c.endReceive(false)
	return true
}

func (x *receiver) Settle(ticket uint32, back bool) int {
	c := (*Conn)(x)
	if ticket != c.turn || c.flags&received == 0 {
		panic("rondo/websocket: a receive was settled that has no result")
	}
	c.endReceive(back)
	return 0
}

func (c *Conn) queued(ticket uint32) int {
	i := -1
	if c.cold != nil {
		i = slices.IndexFunc(c.cold.queue, func(q queued) bool { return q.ticket == ticket })
	}
	if i < 0 {
		panic("rondo/websocket: a receive was polled that is not in flight: it has had its result, or is a copy of one that has")
	}
	return i
}

// beginReceive gives a receive its turn. What was lent to the one before comes back.
func (c *Conn) beginReceive(ticket uint32) {
	c.turn = ticket
	c.reclaim()
}

// receive takes the receive whose turn it is as far as it goes. It is only ever taken
// further when the task that waits for it polls.
func (c *Conn) receive(t *async.Task) {
	if c.flags&isClosed != 0 {
		c.ended(closedError("read"))
		return
	}
	how, err := c.advance(t, c.flags&givesUp != 0)
	switch how {
	case gotMessage:
		c.flags |= received
	case interrupted:
		c.ended(err)
	case atEnd:
		// The peer is to be told before whoever receives closes the transport.
		if c.parted(t) || c.flags&givesUp != 0 {
			c.ended(err)
		}
		return
	}
	c.seeOff(t)
}

// ended ends the receive whose turn it is with an error.
func (c *Conn) ended(err error) {
	c.flags |= received
	c.rare().result = err
}

// result is the error of a receive that has ended, nil if it has a message.
func (c *Conn) result() error {
	if c.cold == nil {
		return nil
	}
	return c.cold.result
}

// endReceive gives the turn to the next receive. With back, the message stays for it.
func (c *Conn) endReceive(back bool) {
	c.keepQuiet()
	if in := c.in; in != nil && in.ready && c.flags&received != 0 && c.result() == nil && !back {
		in.ready = false
	}
	c.turn, c.waker = 0, nil
	c.flags &^= received | givesUp
	k := c.cold
	if k != nil {
		k.result = nil
	}
	if k != nil && len(k.queue) > 0 {
		q := k.queue[0]
		k.queue = slices.Delete(k.queue, 0, 1)
		c.beginReceive(q.ticket)
		wake(&q.waker)
		return
	}
	if c.out != nil || c.closing() != nil {
		c.nudge() // others have to do what this one did besides
	}
}

// cancelled is the error of what was cancelled: why its task was. A loser, whose task
// was not, only has to have one.
func cancelled(t *async.Task) error {
	if cause := t.Cause(); cause != nil {
		return cause
	}
	return driver.ErrCanceled
}
