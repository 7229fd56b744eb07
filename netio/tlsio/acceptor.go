package tlsio

import (
	"crypto/tls"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// HandshakeTimeout is how long Serve gives a client for its handshake, if an Acceptor
// does not say otherwise.
const HandshakeTimeout = 10 * time.Second

// An Acceptor has the options of the server's side.
type Acceptor struct {
	// Config is as for crypto/tls. It is not changed, and may be shared with other
	// servers, which then accept each other's session tickets.
	Config *tls.Config

	// HandshakeTimeout is how long Serve gives a client; 0 is the package's
	// HandshakeTimeout, and below 0 there is no limit.
	HandshakeTimeout time.Duration

	// KeepCryptoTLS leaves all connections to crypto/tls after the handshake too; see
	// the package's comment for when and how they are taken over otherwise.
	KeepCryptoTLS bool
}

// Accept makes a TLS connection of raw, as a server, and returns it after the
// handshake. It is else like Client. A client that takes its time holds up t; Serve
// limits that.
func (a *Acceptor) Accept(t *async.Task, raw *netio.Conn) (*Conn, error) {
	c := newConn(raw)
	config := a.Config
	if !a.KeepCryptoTLS {
		c.wire.shaking.handover, config = newHandover(config)
	}
	return handshake(t, c, tls.Server(&c.wire, config))
}

// Serve is netio.Serve with TLS: it accepts connections, and runs handler for each
// when its handshake is over, on the loop with the least to do. A handshake that
// fails ends the connection, and is told to netio.ServeErrors.
func (a *Acceptor) Serve(t *async.Task, ln *netio.Listener, handler func(t *async.Task, c *Conn) error, opts ...netio.ServeOption) error {
	return netio.Serve(t, ln, func(t *async.Task, raw *netio.Conn) error {
		c, err := a.accept(t, raw)
		if err != nil {
			return err
		}
		defer c.close(t)
		return handler(t, c)
	}, opts...)
}

func (a *Acceptor) accept(t *async.Task, raw *netio.Conn) (*Conn, error) {
	limit := a.HandshakeTimeout
	if limit == 0 {
		limit = HandshakeTimeout
	}
	if limit > 0 {
		var stop func()
		t, stop = t.WithTimeout(limit)
		defer stop()
	}
	return a.Accept(t, raw)
}

// close is a function of its own to keep its operation off the handler's stack.
func (c *Conn) close(t *async.Task) { c.Close().Await(t) }

// Server is Accept of an Acceptor with this config.
func Server(t *async.Task, raw *netio.Conn, config *tls.Config) (*Conn, error) {
	return (&Acceptor{Config: config}).Accept(t, raw)
}

// Serve is Serve of an Acceptor with this config.
func Serve(t *async.Task, ln *netio.Listener, config *tls.Config, handler func(t *async.Task, c *Conn) error, opts ...netio.ServeOption) error {
	return (&Acceptor{Config: config}).Serve(t, ln, handler, opts...)
}
