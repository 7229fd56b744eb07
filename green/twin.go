package green

import (
	"errors"
	"net"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// twin is the side of a connection that goroutines use: one of package net's, on a
// descriptor of its own for the same socket. The side of the tasks is conn.conn.
type twin struct {
	net.Conn

	// spare is what the side of the tasks is made of when the first one comes, if
	// the connection was dialled by a goroutine. It is guarded by conn.mu.
	spare net.Conn
}

// twinOf returns a twin for a fresh connection, nil where there can be none: then
// goroutines go by way of the loop too.
func twinOf(t *async.Task, c *netio.Conn) *twin {
	f, err := c.File(t)
	if err != nil {
		return nil
	}
	defer f.Close()
	nc, err := net.FileConn(f)
	if err != nil {
		return nil
	}
	return &twin{Conn: nc}
}

// share returns a second connection of package net's for the socket of one that
// nobody uses yet: while it is made, calls on the first would block.
func share(nc net.Conn) (net.Conn, error) {
	tc, ok := nc.(*net.TCPConn)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	f, err := tc.File()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return net.FileConn(f)
}

// settle brings the connection to the loop of t, the first task that uses it.
func (g *conn) settle(t *async.Task) (Stream, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c := g.stream(); c != nil {
		return c, nil
	}
	if g.closed.Load() {
		return nil, net.ErrClosed
	}
	// It does not suspend: nothing but t's loop is needed for it.
	c, err := netio.FromNetConn(t, g.twin.spare)
	if err != nil {
		return nil, err
	}
	g.twin.spare = nil
	var s Stream = c
	g.conn.Store(&s)
	return s, nil
}

func (w *twin) CloseWrite() error {
	if c, ok := w.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return errors.ErrUnsupported
}

// close is called once, after conn.closed was set.
func (w *twin) close() {
	w.Conn.Close()
	if w.spare != nil {
		w.spare.Close()
	}
}

func (w *twin) setDeadline(at time.Time, dirs int) error {
	switch dirs {
	case forRead:
		return w.Conn.SetReadDeadline(at)
	case forWrite:
		return w.Conn.SetWriteDeadline(at)
	}
	return w.Conn.SetDeadline(at)
}
