package web

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/web/internal/http1"
	"rondo.dev/rondo/web/internal/http2"
)

// connection is one connection, and the task that serves it: a state machine of the
// size of what has to be known while it waits for a request. Everything else it has
// only from the arrival of a request to the end of its response, in an exchange.
//
// It is not an async function, so that it has no stack while it waits in programs that
// were not lowered either.
type connection struct {
	netio.Served
	core   async.Core
	shard  *shard
	recv   async.Flight[[]byte]
	x      *exchange // while a request is being handled
	rare   *rare     // what few connections have
	prev   *connection
	next   *connection
	remote string // the peer's address, as in http.Request
	since  int32  // when it came to its place
	state  state
	place  place
	late   bool   // the time that it has there is over
	before before // what the request in front of the next one was
}

type state uint8

const (
	fresh        state = iota
	shaking            // hands, for TLS
	receiving          // waits for a request, or for the rest of its head
	handling           // a goroutine has a request
	calling            // a function of this task has a request
	lingering          // the last response is out
	multiplexing       // HTTP/2: see session
	ended
)

type before uint8

const (
	nothing before = iota
	another
	aPOST
)

// rare is what few connections have.
type rare struct {
	tls     *secured
	head    *head
	conn    net.Conn        // what ConnState and ConnContext see
	ctx     context.Context // what ConnContext has returned
	shake   *handshake
	session *session // of HTTP/2
}

// head is a part of a request's head that has come.
type head struct {
	data   []byte
	parser http1.Parser
}

func (c *connection) rarely() *rare {
	if c.rare == nil {
		c.rare = new(rare)
	}
	return c.rare
}

// stream returns the connection as requests see it.
func (c *connection) stream() stream {
	if c.rare != nil && c.rare.tls != nil {
		return c.rare.tls.conn
	}
	return c.Conn
}

// Step makes it a frame.
func (c *connection) Step(t *async.Task) (done bool) {
	for {
		switch c.state {
		case fresh:
			c.begin(t)
		case shaking:
			if !c.rare.shake.step(t) {
				return false
			}
			c.shaken(t)
		case receiving:
			data, err, done := c.recv.Resume(t)
			if !done && !c.late {
				return false
			}
			c.received(t, data, err)
		case handling:
			if !c.x.pump(t) {
				return false
			}
			c.handled(t)
		case calling:
			if !c.x.resume(t) {
				return false
			}
			c.handled(t)
		case multiplexing:
			if !c.rare.session.step(t) {
				return false
			}
		case lingering:
			if !c.x.linger(t) {
				return false
			}
			c.end(t)
		case ended:
			return true
		}
	}
}

// Outcome makes it an Ender, which is told if a step has panicked.
func (c *connection) Outcome() error { return nil }

// Ended gives up the connection after a panic, or a Goexit, which can only be a bug, or of a
// function that the user has given: what handlers do comes to no step.
func (c *connection) Ended(err error) {
	c.core.Taken()
	if c.state == ended {
		return
	}
	if c.x != nil && c.x.rq != nil {
		c.shard.requests.Add(-1)
	}
	if c.rare != nil && c.rare.session != nil {
		c.rare.session.stop()
	}
	c.shard.logger().Error("web: a connection was given up", "remote", c.remote, "err", err)
	c.shard.close(c.stream())
	c.exit()
	c.state = ended
	c.Done(nil)
}

func (c *connection) begin(t *async.Task) {
	c.remote = remoteAddr(c.Conn)
	c.tell(http.StateNew)
	if c.shard.stopping.Load() {
		c.end(t) // it came too late to be closed with those that wait
		return
	}
	if f := c.shard.ConnContext; f != nil {
		ctx := f(c.shard.base, c.netConn())
		if ctx == nil {
			panic("web: ConnContext returned a nil context")
		}
		c.rarely().ctx = ctx
	}
	if c.shard.tls != nil {
		c.rarely().shake = newHandshake(c)
		c.enter(busy)
		c.state = shaking
		return
	}
	c.enter(heads)
	c.receive(t, c.Conn.Recv())
}

// remoteAddr is the peer's address as package net/http shows it.
func remoteAddr(c *netio.Conn) string {
	if a := c.RemoteAddrPort(); a.IsValid() {
		return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()).String()
	}
	if name := c.RemoteAddr().String(); name != "" {
		return name
	}
	return "@" // a Unix socket without a name
}

// receive waits for a request, or for more of one.
func (c *connection) receive(t *async.Task, op async.Op[[]byte]) {
	c.state = receiving
	if data, err, done := c.recv.Begin(t, op); done {
		c.received(t, data, err)
	}
}

// received goes on with what has come while c waited. The client that has ended the
// stream between two requests has done so as it should; one that sends nothing for too
// long is left without a word, as net/http does.
func (c *connection) received(t *async.Task, data []byte, err error) {
	switch {
	case err == io.EOF && c.brokenOff():
		c.refuse(t, http1.BrokenOff)
	case err != nil || c.late && len(data) == 0:
		c.end(t)
	default:
		c.feed(t, data)
	}
}

// brokenOff reports whether the client has ended the stream within the head of a request,
// rather than behind line ends that some leave there.
func (c *connection) brokenOff() bool {
	return c.rare != nil && c.rare.head != nil && (c.before == nothing || len(c.rare.head.data) >= 4)
}

// feed looks for the head of a request in what has come.
func (c *connection) feed(t *async.Task, data []byte) {
	p := &c.shard.parser
	if c.rare != nil && c.rare.head != nil {
		h := c.rare.head
		h.data = append(h.data, data...)
		data, p = h.data, &h.parser
	} else {
		p.Reset()
		if c.before == aPOST {
			p.Behind(http.MethodPost)
		}
		c.tell(http.StateActive)
	}
	r := &c.shard.request
	prior := c.before == nothing && c.prior(data)
	if prior && len(data) >= len(http2.Preface) {
		c.multiplex(t, data)
		return
	}
	if !prior && c.shard.multi.only {
		c.end(t)
		return
	}
	n, err := 0, error(nil)
	if !prior {
		n, err = p.Parse(data, r)
	}
	switch {
	case err != nil:
		c.refuse(t, err)
	case n == 0:
		if c.rare == nil || c.rare.head == nil {
			c.rarely().head = &head{data: slices.Clone(data), parser: *p}
		}
		c.enter(heads)
		c.receive(t, c.stream().Recv())
	default:
		if c.rare != nil {
			c.rare.head = nil
		}
		c.enter(busy)
		if c.before = another; r.Method == http.MethodPost {
			c.before = aPOST
		}
		c.x = c.shard.exchange(c)
		c.x.begin(t, r, data[n:])
	}
}

// refuse answers what can't be a request, and ends the connection.
func (c *connection) refuse(t *async.Task, err error) {
	if c.rare != nil {
		c.rare.head = nil // the client may stay for a while
	}
	c.enter(busy)
	c.x = c.shard.exchange(c)
	c.x.refuse(err)
	c.state = handling
}

// handled goes on after the end of a request.
func (c *connection) handled(t *async.Task) {
	x := c.x
	x.release()
	switch {
	case x.hijacked:
		c.tell(http.StateHijacked)
		if x.detached {
			c.x = nil
		}
		c.leave()
	case x.broken || x.failed:
		c.end(t)
	case x.next != nil:
		c.handOver(t)
	case x.last || !c.shard.keeping():
		if x.unread || len(x.in) > 0 {
			x.beginLinger()
			c.state = lingering
			return
		}
		c.end(t)
	default:
		data, op, armed, err := x.in, x.rx, x.receiving, x.received
		c.x = nil
		c.shard.recycle(x)
		c.tell(http.StateIdle)
		if len(data) > 0 {
			c.feed(t, data)
			return
		}
		if err != nil {
			c.end(t)
			return
		}
		c.enter(idle)
		if !armed {
			op = c.stream().Recv()
		}
		c.receive(t, op)
	}
}

// end closes the connection, without waiting for the end of that.
func (c *connection) end(t *async.Task) {
	c.tell(http.StateClosed)
	if c.rare != nil && c.rare.tls != nil {
		c.shard.close(c.stream()) // which takes its time: there is a last record
	} else {
		closeRaw(t, c.Conn)
	}
	c.leave()
}

// closeRaw begins to close what is below; that goes on by itself. Poll would not begin
// if the task had spent its budget.
func closeRaw(t *async.Task, c *netio.Conn) {
	var closing async.Flight[struct{}]
	closing.Begin(t, c.Close().Op())
}

// leave ends the task. The connection is closed, or somebody else's.
func (c *connection) leave() {
	if c.x != nil {
		c.shard.recycle(c.x)
		c.x = nil
	}
	c.exit()
	c.state = ended
	c.Done(nil)
}

// tell tells ConnState.
func (c *connection) tell(s http.ConnState) {
	if f := c.shard.ConnState; f != nil {
		f(c.netConn(), s)
	}
}

// netConn is the connection for those who want one of package net: always the same.
func (c *connection) netConn() net.Conn {
	r := c.rarely()
	if r.conn == nil {
		r.conn = newNetConn(c.Conn)
	}
	return r.conn
}

// context is what the contexts of c's requests are made from.
func (c *connection) context() context.Context {
	if c.rare != nil && c.rare.ctx != nil {
		return c.rare.ctx
	}
	return c.shard.base
}
