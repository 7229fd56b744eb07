package green

import (
	"context"
	"net"
	"sync/atomic"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// Listener returns ln as a net.Listener for code that blocks; its connections are
// such as Conn makes. Who may call is what Conn says.
func Listener(t *async.Task, ln *netio.Listener) net.Listener {
	return &listener{home: homeOf(t), ln: ln}
}

type listener struct {
	home
	ln     *netio.Listener
	closed atomic.Bool
}

func (l *listener) Addr() net.Addr { return l.ln.Addr() }

func (l *listener) Accept() (net.Conn, error) {
	if l.closed.Load() {
		return nil, l.error("accept")
	}
	var g *conn
	accept := func(t *async.Task) error {
		c, err := l.ln.Accept().Await(t)
		if err == nil {
			g = newConn(t, l.home, c)
		}
		return err
	}
	var err error
	if t := l.caller(); t != nil {
		err = accept(t)
	} else {
		err = run(l.ln.Home(), accept)
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

func (l *listener) Close() error {
	t := l.caller()
	switch {
	case l.closed.Swap(true):
		return l.error("close")
	case t != nil:
		return l.ln.Close().Await(t)
	}
	return l.ln.Close().Wait(context.Background())
}

func (l *listener) error(op string) error {
	return &net.OpError{Op: op, Net: "tcp", Addr: l.ln.Addr(), Err: net.ErrClosed}
}
