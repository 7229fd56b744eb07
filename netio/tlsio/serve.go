package tlsio

import (
	"crypto/tls"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// HandshakeTimeout is how long Serve gives a client for its handshake.
const HandshakeTimeout = 10 * time.Second

// Serve is netio.Serve with TLS: it accepts connections, and runs handler for each
// when its handshake is over, on the loop with the least to do. A handshake that
// fails ends the connection, and is told to netio.ServeErrors.
func Serve(t *async.Task, ln *netio.Listener, config *tls.Config, handler func(t *async.Task, c *Conn) error, opts ...netio.ServeOption) error {
	return netio.Serve(t, ln, func(t *async.Task, raw *netio.Conn) error {
		c, err := accept(t, raw, config)
		if err != nil {
			return err
		}
		defer c.close(t)
		return handler(t, c)
	}, opts...)
}

// close is a function of its own to keep its operation off the handler's stack.
func (c *Conn) close(t *async.Task) { c.Close().Await(t) }

func accept(t *async.Task, raw *netio.Conn, config *tls.Config) (*Conn, error) {
	t, stop := t.WithTimeout(HandshakeTimeout)
	defer stop()
	return Server(t, raw, config)
}
