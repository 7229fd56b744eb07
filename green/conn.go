package green

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// A Stream is a connection of the loop's: a *netio.Conn, or a *tlsio.Conn.
type Stream interface {
	Read(b []byte) async.Op[int]
	Write(b []byte) async.Op[int]
	CloseWrite() async.Act
	Close() async.Act
	SetReadDeadline(at time.Time) async.Act
	SetWriteDeadline(at time.Time) async.Act
	LocalAddr() net.Addr
	RemoteAddr() net.Addr
	Home() *rondo.Loop
}

var _ Stream = (*netio.Conn)(nil)

// Conn returns c as a net.Conn for code that blocks. A task that calls one of its
// methods is suspended; an ordinary goroutine is blocked, which it may be at the
// same time. See the package's comment for what that asks of locks.
//
// It is for every task of t's loop, and for goroutines, but not for tasks of other
// loops, which get a wrong answer to who they are: they take an adaptor of their
// own. t's task uses it under the view t, the others under their own cancellation:
// it makes Read and Write return the cause. The adaptor may outlive t. While it is
// in use, c is not used otherwise, and closing it closes c.
//
// Methods follow net.Conn: deadlines can be set, and the connection closed, by
// anybody at any time, which ends what is in flight. For a goroutine, both are done
// when the loop gets round to it, and are not waited for; to whoever calls
// afterwards it looks as if they had been. Errors are those of netio.Conn. There is
// a CloseWrite method too.
func Conn(t *async.Task, c Stream) net.Conn {
	return newConn(t, homeOf(t), c)
}

// conn is the adaptor. It is for any goroutine.
type conn struct {
	home
	local, remote net.Addr

	mu     sync.Mutex             // held for assignments only, never while anything waits
	conn   atomic.Pointer[Stream] // nil: see twin
	twin   *twin                  // or nil
	closed atomic.Bool
	limits limits
}

func newConn(t *async.Task, h home, c Stream) *conn {
	g := &conn{home: h}
	g.conn.Store(&c)
	at(t.WithoutCancel(), c.Home(), func(*async.Task) error {
		g.local, g.remote = c.LocalAddr(), c.RemoteAddr()
		return nil
	})
	return g
}

func (g *conn) LocalAddr() net.Addr  { return g.local }
func (g *conn) RemoteAddr() net.Addr { return g.remote }

// stream returns the connection, nil if it has not come to a loop yet.
func (g *conn) stream() Stream {
	if c := g.conn.Load(); c != nil {
		return *c
	}
	return nil
}

// begin is what every operation starts with: it returns the connection to do it on,
// in the state that whoever called before has left it in.
func (g *conn) begin(t *async.Task, op string) (Stream, error) {
	if g.closed.Load() {
		return nil, g.error(op, net.ErrClosed)
	}
	c := g.stream()
	if c == nil {
		var err error
		if c, err = g.settle(t); err != nil {
			return nil, g.error(op, err)
		}
	}
	if t != nil && g.limits.waiting.Load() {
		g.applyLimits(t)
	}
	return c, nil
}

func (g *conn) Read(b []byte) (int, error) {
	t := g.caller()
	if t == nil && g.twin != nil {
		return g.twin.Read(b)
	}
	c, err := g.begin(t, "read")
	switch {
	case err != nil:
		return 0, err
	case t == nil:
		return c.Read(b).Wait(context.Background())
	}
	return c.Read(b).Await(t)
}

func (g *conn) Write(b []byte) (int, error) {
	t := g.caller()
	if t == nil && g.twin != nil {
		return g.twin.Write(b)
	}
	c, err := g.begin(t, "write")
	switch {
	case err != nil:
		return 0, err
	case t == nil:
		return c.Write(b).Wait(context.Background())
	}
	return c.Write(b).Await(t)
}

// CloseWrite tells the peer that nothing more will be written.
func (g *conn) CloseWrite() error {
	t := g.caller()
	if t == nil && g.twin != nil {
		return g.twin.CloseWrite()
	}
	c, err := g.begin(t, "close")
	switch {
	case err != nil:
		return err
	case t == nil:
		return c.CloseWrite().Wait(context.Background())
	}
	return c.CloseWrite().Await(t)
}

// Close does not make a goroutine wait: one that ends a connection is often what a
// task is waiting for, with the loop in its hands.
func (g *conn) Close() error {
	t := g.caller()
	g.mu.Lock()
	again := g.closed.Swap(true)
	g.mu.Unlock()
	if again {
		return g.error("close", net.ErrClosed)
	}
	if g.twin != nil {
		g.twin.close()
	}
	c := g.stream()
	switch {
	case c == nil:
		return nil
	case t != nil:
		return c.Close().Await(t)
	}
	return start(c.Home(), func(t *async.Task) error { return c.Close().Await(t) }, nil)
}

func (g *conn) error(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: g.local, Addr: g.remote, Err: err}
}
