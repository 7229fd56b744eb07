package websocket

import (
	"crypto/rand"
	"errors"
	"os"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/wheel"
	"rondo.dev/rondo/web/websocket/internal/wire"
)

// outgoing is what a connection has while there is something to be sent.
//
// Frames are made in ready, and go to the transport from there. Who sees to that is the
// send whose turn it is; without one, whoever polls: the receive, mostly. The transport's
// write goes on by itself, and has no buffer of a caller's, so anybody may give up
// waiting for it.
//
// Control frames go between the frames of messages, as soon as one of those is
// whole. Only the last ping is answered if several have come (RFC 6455, section
// 5.5.3), so a peer that asks and does not listen makes nothing grow.
type outgoing struct {
	ready   []byte        // frames, the last perhaps without its end
	sending []byte        // what the transport has
	tx      async.Op[int] // its write, while sending is not nil
	by      uint32        // the ticket of the send that has begun it; 0: none has
	first   *sending      // the send whose turn it is, and those behind it

	pong     []byte
	pongDue  bool
	asks     bool      // keepalive wants to know whether the peer is there
	farewell wire.Code // the close to be sent; 0: none
	next     *outgoing
}

func (c *Conn) outbox() *outgoing {
	if c.out == nil {
		c.out = c.home.newOutgoing()
	}
	return c.out
}

// room returns what is ready, with room for more.
func (c *Conn) room() []byte {
	out := c.outbox()
	if out.ready == nil {
		out.ready = c.home.buffer()
	}
	return out.ready
}

// control makes a control frame ready.
func (c *Conn) control(op wire.Opcode, payload []byte) {
	if c.flags&isClient != 0 {
		key := newKey()
		c.out.ready = wire.AppendFrame(c.room(), op, payload, &key)
		return
	}
	c.out.ready = wire.AppendFrame(c.room(), op, payload, nil)
}

// newKey returns a key to mask with. It can't be guessed by whoever chooses the payload
// (RFC 6455, section 10.3).
func newKey() (key [4]byte) {
	rand.Read(key[:]) // it does not fail
	return key
}

// collect makes the control frames ready that are due.
func (c *Conn) collect() {
	out := c.out
	if w := out.first; w != nil && w.begun && !w.done && len(w.left) > 0 {
		return // amid a frame
	}
	if c.flags&sentClose == 0 {
		if out.pongDue {
			c.control(wire.Pong, out.pong)
		}
		if out.asks {
			c.asks()
		}
		if c.cold != nil {
			c.collectPings()
		}
		if out.farewell != 0 {
			c.sayClose(Code(out.farewell), "")
		}
	}
	out.pongDue, out.asks, out.farewell = false, false, 0
}

// sayClose makes the close ready, which is the last of all frames.
func (c *Conn) sayClose(code Code, reason string) {
	c.flags |= sentClose
	c.control(wire.Close, wire.AppendClose(nil, wire.Code(code), reason))
}

// transmit sends what is ready, and reports whether all of it has gone. A deadline that
// has passed for a write of somebody else's may have been taken away since: whether it
// holds, a write of one's own tells.
func (c *Conn) transmit(t *async.Task) (idle bool, err error) {
	for {
		if err := c.broken(); err != nil {
			return true, err
		}
		out := c.out
		if out == nil {
			return true, nil
		}
		if out.sending == nil {
			c.collect()
			if len(out.ready) == 0 {
				return true, nil
			}
			out.sending, out.ready = out.ready, nil
			out.tx, out.by = c.stream.Write(out.sending), out.turn()
		}
		n, err := out.tx.Poll(t)
		if async.IsPending(err) {
			return false, nil
		}
		c.sent(n, err)
		if err != nil && (out.by == out.turn() || c.broken() != nil) {
			return false, err
		}
	}
}

// turn is the ticket of the send whose turn it is, 0 if there is none.
func (out *outgoing) turn() uint32 {
	if out.first == nil {
		return 0
	}
	return out.first.ticket
}

// sent is the end of a write of the transport.
func (c *Conn) sent(n int, err error) {
	out := c.out
	b := out.sending
	out.sending = nil
	if n > 0 && out.asks {
		c.heard()
	}
	switch {
	case err == nil:
		c.home.free(b)
	case errors.Is(err, os.ErrDeadlineExceeded):
		// What is left comes before what was made ready since.
		out.ready = append(b[n:], out.ready...)
	default:
		c.rare().broken = err
	}
	if c.failed() != nil || c.closing() != nil {
		c.nudge() // they wait for the close to go
	}
}

// seeOff sends what is ready if there is no send that does.
func (c *Conn) seeOff(t *async.Task) {
	out := c.out
	if out == nil || out.first != nil || c.flags&isClosed != 0 {
		return
	}
	c.transmit(t)
	c.tidy()
}

// tidy gives outgoing back when there is nothing to be sent.
func (c *Conn) tidy() {
	out := c.out
	if out == nil || out.first != nil || out.sending != nil || len(out.ready) > 0 ||
		out.pongDue || out.asks || out.farewell != 0 {
		return
	}
	if out.ready != nil {
		c.home.free(out.ready)
	}
	c.home.freeOutgoing(out)
	c.out = nil
}

// parting is the time limit for the peer to take its close.
type parting struct {
	timer wheel.Timer
	c     *Conn
	late  bool
}

// Fire is called by the wheel.
func (p *parting) Fire() {
	p.late = true
	p.c.nudge()
}

// parted reports whether the peer was told that the connection is closed, or takes too
// long to be.
func (c *Conn) parted(t *async.Task) bool {
	c.seeOff(t)
	k := c.cold
	if c.out == nil || k.broken != nil || k.parting != nil && k.parting.late {
		return true
	}
	if k.parting == nil {
		k.parting = &parting{c: c}
		c.home.exec.StartTimer(&k.parting.timer, c.opts.closeWithin(), k.parting)
	}
	return false
}
