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

	// Refuse, if not nil, returns what a client is sent whose handshake has failed, as it
	// is and before the connection is closed; nil is nothing. One that does not begin with
	// TLS at all is a tls.RecordHeaderError. It is called on the connection's loop.
	Refuse func(err error) []byte
}

// Accept makes a TLS connection of raw, as a server, and returns it after the
// handshake. It is else like Client. A client that takes its time holds up t; Serve
// limits that.
func (a *Acceptor) Accept(t *async.Task, raw *netio.Conn) (*Conn, error) {
	c, conn := a.conn(raw)
	return handshake(t, c, conn)
}

// conn returns a connection that has yet to shake hands, by what is returned besides.
func (a *Acceptor) conn(raw *netio.Conn) (*Conn, *tls.Conn) {
	c := newConn(raw)
	c.wire.shaking.refuse = a.Refuse
	config := a.Config
	if !a.KeepCryptoTLS {
		c.wire.shaking.handover, config = newHandover(config)
	}
	return c, tls.Server(&c.wire, config)
}

// Serve is netio.Serve with TLS: it accepts connections, and runs handler for each
// when its handshake is over, on the loop with the least to do. A handshake that
// fails ends the connection, and is told to netio.ServeErrors.
func (a *Acceptor) Serve(t *async.Task, ln *netio.Listener, handler func(t *async.Task, c *Conn) error, opts ...netio.ServeOption) error {
	return netio.ServeFrames(t, ln, func(t *async.Task, served netio.Served) {
		s := &serving{Served: served, acceptor: a, handler: handler, parent: t}
		s.begin()
	}, opts...)
}

// limit returns how long a handshake may take, 0 or less if for ever.
func (a *Acceptor) limit() time.Duration {
	if a.HandshakeTimeout == 0 {
		return HandshakeTimeout
	}
	return a.HandshakeTimeout
}

// Server is Accept of an Acceptor with this config.
func Server(t *async.Task, raw *netio.Conn, config *tls.Config) (*Conn, error) {
	return (&Acceptor{Config: config}).Accept(t, raw)
}

// Serve is Serve of an Acceptor with this config.
func Serve(t *async.Task, ln *netio.Listener, config *tls.Config, handler func(t *async.Task, c *Conn) error, opts ...netio.ServeOption) error {
	return (&Acceptor{Config: config}).Serve(t, ln, handler, opts...)
}
