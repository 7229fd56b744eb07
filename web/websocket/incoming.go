package websocket

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"unicode/utf8"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/web/websocket/internal/wire"
)

// incoming is what a connection has while there is something of the peer's: bytes, a
// part of a message, or a whole one that is lent.
type incoming struct {
	wire.Reader
	bytes   []byte      // of what the transport has lent, not looked at yet
	of      *async.Core // the task that the transport has lent it to; nil: it is the connection's own
	buf     []byte      // a message that comes in parts, or was decompressed
	message Message
	ready   bool        // message is for the next receive; else it may be lent
	to      *async.Core // who it is lent to, if it is
	next    *incoming
}

// how a look at what has come has ended.
type how uint8

const (
	waits       how = iota
	gotMessage      // incoming's is ready
	interrupted     // by an error that loses nothing
	atEnd           // failed says how
)

// advance reads until there is a message, or nothing more to read.
func (c *Conn) advance(t *async.Task, asked bool) (how, error) {
	for {
		in := c.in
		switch {
		case in != nil && in.ready:
			return gotMessage, nil
		case c.failed() != nil:
			return atEnd, c.failed()
		case in != nil && len(in.bytes) > 0:
			c.parse()
			continue
		case in != nil && in.Between() && in.to == nil:
			c.home.freeIncoming(in)
			c.in = nil
		}
		if asked && c.flags&receives == 0 { // else the next would have what became of that
			return interrupted, cancelled(t)
		}
		b, err := c.poll(t)
		switch {
		case async.IsPending(err):
			return waits, nil
		case err == nil:
			if c.in == nil {
				c.in = c.home.newIncoming()
			}
			c.in.bytes, c.in.of = b, t.Core()
			c.heard()
		case errors.Is(err, os.ErrDeadlineExceeded), asked && gaveUp(t, err):
			return interrupted, err
		case err == io.EOF:
			c.fail(&CloseError{Code: AbnormalClosure})
		default:
			c.fail(err)
		}
	}
}

// gaveUp reports whether err says no more than that t has given up. What else a receive
// has come to, the transport does not say again.
func gaveUp(t *async.Task, err error) bool {
	return errors.Is(err, cancelled(t)) || errors.Is(err, net.ErrClosed)
}

// poll receives what the transport has next.
func (c *Conn) poll(t *async.Task) (b []byte, err error) {
	if c.flags&receives == 0 {
		c.flags |= receives
		b, err = c.rx.Launch(t, c.stream.Recv())
	} else {
		b, err = c.rx.Poll(t)
	}
	if !async.IsPending(err) {
		c.flags &^= receives
	}
	return b, err
}

// parse looks at the next event.
func (c *Conn) parse() {
	in := c.in
	rule := c.rule()
	ev, used, err := in.Next(&rule, in.bytes)
	in.bytes = in.bytes[used:]
	if err == nil {
		switch ev.Kind {
		case wire.Part:
			err = c.part(ev)
		case wire.PingEvent:
			c.pinged(ev.Data)
		case wire.PongEvent:
			c.ponged(ev.Data)
		case wire.CloseEvent:
			err = c.closedByPeer(ev.Data)
		}
	}
	if err != nil {
		c.violated(err)
	}
}

// part takes a part of a message. One that has come as a whole stays where it is.
func (c *Conn) part(ev wire.Event) error {
	in := c.in
	data := ev.Data
	if !ev.First || !ev.Last {
		if in.buf == nil {
			in.buf = c.home.buffer()
		}
		in.buf = append(in.buf, data...)
		if !ev.Last {
			return nil
		}
		data = in.buf
	}
	if ev.Compressed {
		d := deflaters.Get().(*wire.Deflater)
		plain, err := d.Decompress(c.home.buffer(), data, c.opts.maxMessage())
		deflaters.Put(d)
		c.home.free(in.buf)
		in.buf = plain
		if err != nil {
			return err
		}
		if ev.Message == wire.Text && !utf8.Valid(plain) {
			return wire.NotUTF8()
		}
		data = plain
	}
	in.message, in.ready = Message{Kind(ev.Message), data}, true
	return nil
}

// lendable reports whether t may have the message where it lies. What the transport has
// lent it keeps for the task that it has lent it to, and for no other.
func (in *incoming) lendable(t *async.Task) bool {
	return in.buf != nil || in.of == nil || in.of == t.Core()
}

// reclaim takes back what was lent with the last message.
func (c *Conn) reclaim() {
	in := c.in
	if in == nil || in.ready {
		return
	}
	in.to, in.message = nil, Message{}
	if in.buf != nil && in.Between() {
		c.home.free(in.buf)
		in.buf = nil
	}
}

// leaveLent leaves a message that another task has to that. It knows nothing of who reads
// on beside it, and may not read itself for as long as that waits.
func (c *Conn) leaveLent(t *async.Task) {
	in := c.in
	if in == nil || in.to == nil || in.to == t.Core() || in.to.Ended() {
		return
	}
	if in.buf == nil {
		c.stream.LeaveLent()
		in.bytes, in.of = bytes.Clone(in.bytes), nil // the chunk is not kept for these
	}
	in.buf, in.to = nil, nil
}

// violated ends what comes with what the peer has done wrong, and tells it.
func (c *Conn) violated(err error) {
	e := err.(*wire.Error)
	c.fail(&ViolationError{Code(e.Code), e.Reason})
	c.outbox().farewell = e.Code
}

// closedByPeer ends what comes in order, and answers.
func (c *Conn) closedByPeer(payload []byte) error {
	code, reason, err := wire.ParseClose(payload)
	if err != nil {
		return err
	}
	c.flags |= gotClose
	c.fail(&CloseError{Code(code), reason})
	c.outbox().farewell = code
	return nil
}

// fail ends what comes.
func (c *Conn) fail(err error) {
	k := c.rare()
	k.failed = err
	if in := c.in; in != nil {
		in.bytes = nil
	}
	for _, p := range k.pings {
		wake(&p.waker)
	}
	c.nudge()
}
