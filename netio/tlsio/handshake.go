package tlsio

import (
	"context"
	"crypto/tls"
	"errors"
	"net"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// Client makes a TLS connection of raw, as a client, and returns it after the
// handshake. config has to have a ServerName or InsecureSkipVerify, and must not
// allow renegotiation.
//
// If it fails, or t is cancelled meanwhile, raw is closed. Errors are those of
// crypto/tls and of raw, or the cause. raw must not be used by anybody else from now
// on. t's loop should be raw's home.
func Client(t *async.Task, raw *netio.Conn, config *tls.Config) (*Conn, error) {
	if config != nil && config.Renegotiation != tls.RenegotiateNever {
		raw.Close().Await(t)
		return nil, errRenegotiation
	}
	return handshake(t, newConn(raw, func(w net.Conn) *tls.Conn { return tls.Client(w, config) }))
}

var errRenegotiation = errors.New("rondo/tlsio: the config allows renegotiation, which is not supported")

// Server makes a TLS connection of raw, as a server, and returns it after the
// handshake. It is else like Client. A client that takes its time holds up t; Serve
// limits that.
func Server(t *async.Task, raw *netio.Conn, config *tls.Config) (*Conn, error) {
	return handshake(t, newConn(raw, func(w net.Conn) *tls.Conn { return tls.Server(w, config) }))
}

// handshake runs on a coroutine of its own, whose stack has become large, and is
// the next handshake's when this one is over: t's can stay as small as it is.
func handshake(t *async.Task, c *Conn) (*Conn, error) {
	shaking := async.Spawn(t, func(t *async.Task) (struct{}, error) {
		t.Core().Decline()
		return struct{}{}, c.handshake(t)
	})
	if _, err := shaking.Await(t); err != nil {
		c.raw.Close().Await(t)
		return nil, err
	}
	return c, nil
}

func (c *Conn) handshake(t *async.Task) error {
	c.wire.shaking = t
	// Without a Done: crypto/tls would start a goroutine to look at it.
	err := c.tls.HandshakeContext(context.WithoutCancel(t))
	c.wire.shaking = nil
	if sendErr := c.flush(t); err == nil {
		err = sendErr
	}
	return err
}

// shake is a Read amid the handshake: it sends what there is, and waits for more.
func (c *Conn) shake(t *async.Task) error {
	if err := c.flush(t); err != nil {
		return err
	}
	b, err := c.raw.Recv().Await(t)
	if err != nil {
		return err
	}
	c.wire.in = b
	return nil
}

// flush sends what crypto/tls has written in the handshake.
func (c *Conn) flush(t *async.Task) error {
	b := c.wire.out
	if len(b) == 0 {
		return nil
	}
	c.wire.out = nil
	_, err := c.raw.Write(b).Await(t)
	c.home.free(b)
	return err
}
