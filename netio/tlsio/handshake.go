package tlsio

import (
	"context"
	"crypto/tls"
	"errors"

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
	c := newConn(raw)
	return handshake(t, c, tls.Client(&c.wire, config))
}

var errRenegotiation = errors.New("rondo/tlsio: the config allows renegotiation, which is not supported")

// handshake runs on a coroutine of its own, whose stack becomes large: t's can stay as
// small as it is.
func handshake(t *async.Task, c *Conn, conn *tls.Conn) (*Conn, error) {
	shaking := async.Spawn(t, func(t *async.Task) (struct{}, error) {
		if t.Core().Decline() {
			return struct{}{}, nil
		}
		return struct{}{}, c.handshake(t, conn)
	})
	if _, err := shaking.Await(t); err != nil {
		c.raw.Close().Await(t)
		return nil, err
	}
	return c, nil
}

func (c *Conn) handshake(t *async.Task, conn *tls.Conn) error {
	s := c.wire.shaking
	h := s.handover
	if h != nil {
		defer h.forget()
	}
	t.Core().DropStack()
	s.task = t
	// Without a Done: crypto/tls would start a goroutine to look at it.
	err := conn.HandshakeContext(context.WithoutCancel(t))
	c.wire.shaking = nil
	if sendErr := c.flush(t); err == nil {
		err = sendErr
	}
	if err != nil {
		c.turnAway(t, s.refuse, err)
		return err
	}
	c.layer = c.home.layer(conn, &c.wire, h)
	return nil
}

// turnAway tells a client why it is going to be hung up on.
func (c *Conn) turnAway(t *async.Task, refuse func(error) []byte, why error) {
	if refuse == nil {
		return
	}
	if answer := refuse(why); answer != nil {
		c.raw.Write(answer).Await(t)
	}
}

// layer returns what sees to a connection's records from now on.
func (p *place) layer(conn *tls.Conn, w *wire, h *handover) layer {
	if h != nil {
		agreed := conn.ConnectionState()
		if s, ok := h.take(&p.ciphers, &agreed); ok {
			return &carried{session: s, wire: w, agreed: &agreed}
		}
	}
	return &standard{tls: conn, home: p}
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
