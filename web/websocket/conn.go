package websocket

import (
	"net"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/web/websocket/internal/wire"
)

// A Conn is a WebSocket connection. Its operations are values, which do nothing until
// they are awaited: by a task with Await, by a plain goroutine with Wait. Receives are
// carried out in the order in which they were started, and so are sends; the two don't
// wait for each other. It is at home where its transport is, and any task or goroutine
// may use it.
//
// While it waits it holds 96 bytes, and no buffer.
type Conn struct {
	stream stream
	home   *place
	opts   *Options
	rx     async.Flight[[]byte] // of stream, while receiving
	in     *incoming            // what has come; nil between messages
	out    *outgoing            // what is to go; nil while there is nothing
	cold   *cold
	waker  *async.Waker // of the receive whose turn it is
	turn   uint32       // its ticket; 0: there is none
	window uint16       // how long messages may be to be compressed; 0 is any length
	flags  connFlags
}

// A stream is what a connection runs over: a *netio.Conn, a *tlsio.Conn, or what stands
// in for a net.Conn.
type stream interface {
	Recv() async.Op[[]byte]
	LeaveLent()
	Write(b []byte) async.Op[int]
	SetWriteDeadline(at time.Time) async.Act
	CloseWrite() async.Act
	Close() async.Act
}

type connFlags uint8

const (
	isClient  connFlags = 1 << iota
	deflates            // messages may be compressed
	receives            // rx is in flight
	sentClose           // nothing may be sent any more
	gotClose            // the peer has sent its close
	isClosed            // so is the transport
	received            // the receive whose turn it is has ended: cold.result, or incoming.message
	givesUp             // it was asked to
)

// cold is what few connections have, or at their end.
type cold struct {
	subprotocol string
	queue       []queued // receives that wait for their turn
	result      error    // of the receive whose turn it is, if it has received
	failed      error    // why no more messages come
	broken      error    // why nothing more can be sent
	pings       []*pinging
	keep        *keepalive
	parting     *parting
	closing     *closing
}

// newConn makes a connection over s, for which first was received already.
func newConn(s stream, p *place, first []byte, opts *Options, client bool, d wire.Deflate, subprotocol string) *Conn {
	c := new(Conn)
	c.init(s, p, first, opts, client, d, subprotocol)
	return c
}

// init is newConn where there is room for one.
func (c *Conn) init(s stream, p *place, first []byte, opts *Options, client bool, d wire.Deflate, subprotocol string) {
	c.stream, c.home, c.opts = s, p, opts
	if client {
		c.flags |= isClient
	}
	if d.On {
		c.flags |= deflates
		if d.Window <= 1<<15 {
			c.window = uint16(d.Window)
		}
	}
	if subprotocol != "" {
		c.rare().subprotocol = subprotocol
	}
	if len(first) > 0 {
		// A free list is for what runs on the executor, which this need not.
		c.in = &incoming{bytes: first}
	}
	if opts.PingEvery > 0 {
		c.rare().keep = &keepalive{c: c}
	}
}

func (c *Conn) rare() *cold {
	if c.cold == nil {
		c.cold = new(cold)
	}
	return c.cold
}

// Subprotocol returns the subprotocol that was agreed on, or "".
func (c *Conn) Subprotocol() string {
	if c.cold == nil {
		return ""
	}
	return c.cold.subprotocol
}

// Compressed reports whether client and server have agreed to compress messages.
func (c *Conn) Compressed() bool { return c.flags&deflates != 0 }

// Transport returns the connection below: a *netio.Conn or a *tlsio.Conn, or the net.Conn
// that a server of net/http had. It may be asked, and must not be read or written.
func (c *Conn) Transport() any {
	if b, ok := c.stream.(*blocking); ok {
		return b.conn
	}
	return c.stream
}

func (c *Conn) rule() wire.Rule {
	return wire.Rule{
		Masked:     c.flags&isClient == 0,
		Deflate:    c.flags&deflates != 0,
		MaxMessage: c.opts.maxMessage(),
	}
}

func (c *Conn) failed() error {
	if c.cold == nil {
		return nil
	}
	return c.cold.failed
}

func (c *Conn) broken() error {
	if c.cold == nil {
		return nil
	}
	return c.cold.broken
}

func (c *Conn) closing() *closing {
	if c.cold == nil {
		return nil
	}
	return c.cold.closing
}

func closedError(op string) error {
	return &net.OpError{Op: op, Net: "websocket", Err: net.ErrClosed}
}

// nudge wakes somebody who sees to what is to be sent, or has to know that it was.
func (c *Conn) nudge() {
	if c.turn != 0 {
		wake(&c.waker)
	}
	if k := c.closing(); k != nil {
		wake(&k.waker)
	}
}

func wake(w **async.Waker) {
	if waker := *w; waker != nil {
		*w = nil // first: whoever is woken may begin something else at once
		waker.WakeLocal()
	}
}
