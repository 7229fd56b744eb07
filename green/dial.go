package green

import (
	"context"
	"net"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/netio"
)

// Dialer returns a function for libraries that let their users dial: DialContext of
// an http.Transport, Dialer of go-redis, DialFunc of pgx. d has the options; nil
// stands for none.
//
// Called by a task, it suspends that, and its connections are as Conn makes them.
// Called by a goroutine, it dials with package net, so that a task which waits for
// the goroutine does not keep it from dialling. Either way, where the system lets
// two descriptors share a connection, tasks use it through their loop, and
// goroutines of the library use it through the Go runtime: they need nothing of the
// loop, which a task may hold while it waits for them. Of writes by a task and by a
// goroutine at the same time, the bytes may come to be mixed.
//
// ctx limits the dial, not the connection. Errors are *net.OpError.
func Dialer(t *async.Task, d *netio.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	if d == nil {
		d = new(netio.Dialer)
	}
	return (&dialer{homeOf(t), rondo.LoopOf(t), d}).dial
}

type dialer struct {
	home
	loop *rondo.Loop
	d    *netio.Dialer
}

func (x *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if t := x.caller(); t != nil {
		g, err := x.dialHere(ctx, t, network, address)
		if err != nil {
			return nil, err
		}
		return g, nil
	}
	if _, simulated := x.loop.Driver().(driver.Clock); simulated {
		// A world of its own, which package net knows nothing of.
		var g *conn
		err := run(x.loop, func(t *async.Task) (err error) {
			g, err = x.dialHere(ctx, t, network, address)
			return err
		})
		if err != nil {
			return nil, err
		}
		return g, nil
	}
	return x.dialNet(ctx, network, address)
}

// dialHere dials for a task.
func (x *dialer) dialHere(ctx context.Context, t *async.Task, network, address string) (*conn, error) {
	view, cancel := t.WithCancel()
	loop := rondo.LoopOf(t)
	stop := context.AfterFunc(ctx, func() {
		cause := context.Cause(ctx)
		loop.Post(func() { cancel(cause) })
	})
	c, err := x.d.Dial(view, network, address)
	stop()
	if err != nil {
		return nil, err
	}
	g := newConn(t, x.home, c)
	g.twin = twinOf(t, c)
	return g, nil
}

// dialNet dials for a goroutine.
func (x *dialer) dialNet(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: x.d.Timeout, FallbackDelay: x.d.FallbackDelay, Resolver: x.d.Resolver}
	nc, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	w := &twin{Conn: nc}
	if w.spare, err = share(nc); err != nil {
		return nc, nil // nothing that a loop could take
	}
	return &conn{home: x.home, local: nc.LocalAddr(), remote: nc.RemoteAddr(), twin: w}, nil
}
