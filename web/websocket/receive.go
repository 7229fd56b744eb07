package websocket

import (
	"bytes"
	"slices"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// receiving is the receive whose turn it is. It is only ever taken further when the
// task that waits for it polls.
type receiving struct {
	ticket uint32 // 0: there is none
	asked  bool   // to give up
	done   bool
	waker  *async.Waker
	err    error // if done; else the message is incoming's
}

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
	if c.rd.ticket != 0 {
		k := c.rare()
		k.queue = append(k.queue, queued{ticket: ticket})
		return ticket
	}
	c.beginReceive(ticket)
	return ticket
}

func (x *receiver) PollOp(t *async.Task, ticket uint32, keep bool) (Message, error) {
	c := (*Conn)(x)
	r := &c.rd
	if ticket != r.ticket {
		c.cold.queue[c.queued(ticket)].waker = t.Waker()
		return Message{}, async.Pending
	}
	if !r.done {
		c.receive(t)
	}
	if !r.done {
		r.waker = t.Waker()
		c.keepAlive()
		return Message{}, async.Pending
	}
	if err := r.err; err != nil {
		if !keep {
			c.endReceive(false)
		}
		return Message{}, err
	}
	m := c.in.message
	if keep || t.Remote() || c.cold != nil && len(c.cold.queue) > 0 {
		m.Data = bytes.Clone(m.Data) // the buffer may be used again before it is seen
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
	r := &c.rd
	switch {
	case ticket != r.ticket:
		i := c.queued(ticket)
		c.cold.queue = slices.Delete(c.cold.queue, i, i+1)
		return true
	case r.done:
		return false
	case c.flags&receives != 0 && !c.rx.Cancel(t, false):
		r.asked = true // what has arrived may be a message
		return false
	}
	c.flags &^= receives
	c.endReceive(false)
	return true
}

func (x *receiver) Settle(ticket uint32, back bool) int {
	c := (*Conn)(x)
	if ticket != c.rd.ticket || !c.rd.done {
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
	c.rd = receiving{ticket: ticket}
	c.reclaim()
}

// receive takes the receive whose turn it is as far as it goes.
func (c *Conn) receive(t *async.Task) {
	r := &c.rd
	if c.flags&isClosed != 0 {
		r.done, r.err = true, closedError("read")
		return
	}
	how, err := c.advance(t, r.asked)
	switch how {
	case gotMessage:
		r.done = true
	case interrupted:
		r.done, r.err = true, err
	case ended:
		// The peer is to be told before whoever receives closes the transport.
		if r.done = c.parted(t) || r.asked; r.done {
			r.err = err
		}
		return
	}
	c.seeOff(t)
}

// endReceive gives the turn to the next receive. With back, the message stays for it.
func (c *Conn) endReceive(back bool) {
	c.keepQuiet()
	if in := c.in; in != nil && in.ready && c.rd.done && c.rd.err == nil && !back {
		in.ready = false
	}
	c.rd = receiving{}
	if k := c.cold; k != nil && len(k.queue) > 0 {
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
