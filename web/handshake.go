package web

import (
	"crypto/tls"
	"errors"
	"net/http"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/lowered"
	"rondo.dev/rondo/netio/tlsio"
)

// secured is a connection with TLS.
type secured struct {
	conn  *tlsio.Conn
	state *tls.ConnectionState // for http.Request
}

// handshake is one under way.
type handshake struct {
	c      *connection
	callee lowered.Callee
	begun  bool
	conn   *tlsio.Conn
	err    error
}

func newHandshake(c *connection) *handshake { return &handshake{c: c} }

func (h *handshake) step(t *async.Task) (done bool) {
	if h.begun {
		return h.callee.Resume(t)
	}
	h.begun = true
	return h.callee.Begin(t, func() { h.run(t) })
}

// run shakes hands, on a stack that is not kept: crypto/tls makes it large.
func (h *handshake) run(t *async.Task) {
	if t.Core().Decline() {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			h.err = async.NewPanicError(p)
		}
	}()
	t.Core().DropStack()
	a := h.c.shard.tls
	if d := a.HandshakeTimeout; d > 0 {
		limited, stop := t.WithTimeout(d)
		defer stop()
		t = limited
	}
	h.conn, h.err = a.Accept(t, h.c.Conn)
}

// refuse is what a client is answered whose handshake has failed: many ask an HTTPS server
// in plain HTTP, and would not know why they get nothing.
func refuse(err error) []byte {
	var e tls.RecordHeaderError
	if !errors.As(err, &e) {
		return nil
	}
	for _, begin := range []string{"GET /", "HEAD ", "POST ", "PUT /", "OPTIO"} {
		if string(e.RecordHeader[:]) == begin {
			return []byte("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
		}
	}
	return nil
}

// shaken goes on after the handshake.
func (c *connection) shaken(t *async.Task) {
	h := c.rare.shake
	c.rare.shake = nil
	if h.conn == nil {
		c.shard.logger().Info("web: a TLS handshake failed", "remote", c.remote, "err", h.err)
		c.tell(http.StateClosed)
		c.closeRaw(t) // if it is not closed already
		c.leave()
		return
	}
	state := h.conn.ConnectionState()
	c.rare.tls = &secured{h.conn, &state}
	if c.shard.stopping.Load() {
		c.end(t)
		return
	}
	c.enter(heads)
	if state.NegotiatedProtocol == "h2" {
		c.multiplex(t, nil)
		return
	}
	c.receive(t, h.conn.Recv())
}
