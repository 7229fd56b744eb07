package websocket

import (
	"errors"
	"log/slog"
	"net/http"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// hijackFor is Upgrade with a server that has no TakeOver: it takes the connection at
// once, and a task without a parent goes on with it.
func hijackFor(w http.ResponseWriter, first []byte, succeed func(s stream, p *place, received []byte) *upgraded) error {
	if h, ok := behind[Hijacker](w); ok {
		s, received, err := hijackLoop(h)
		if err != nil {
			return err
		}
		p := placeOf(s.Home())
		s.Home().Post(func() {
			async.SpawnRoot(p.exec, beginning, func(t *async.Task) error {
				return begin(t, s, first, func() *upgraded { return succeed(s, p, received) })
			}, nil)
		})
		return nil
	}
	rt, err := rondo.Default()
	if err != nil {
		return err
	}
	conn, received, err := hijackNet(w)
	if err != nil {
		return err
	}
	if !rt.Detach(beginning, func(t *async.Task) error {
		var s stream
		var p *place
		if c, err := netio.FromNetConn(t, conn); err == nil {
			s, p = c, placeOf(c.Home())
		} else { // it has TLS, or is nothing of the system's
			s, p = withGoroutines(conn)
		}
		return begin(t, s, first, func() *upgraded { return succeed(s, p, received) })
	}) {
		conn.Close() // the runtime has shut down since
	}
	return nil
}

const beginning = "websocket: beginning with a connection"

// begin sends the response, and has a task of its own go on, which has nothing but what
// that needs.
func begin(t *async.Task, s stream, first []byte, succeed func() *upgraded) error {
	if _, err := s.Write(first).Await(t); err != nil {
		s.Close().Shielded().Await(t)
		return nil
	}
	x := &loose{upgraded: succeed()}
	x.core.StartRoot(t.Executor(), x)
	return nil
}

// loose is the task of an upgraded that is nobody's child.
type loose struct {
	*upgraded
	core async.Core
}

// Step makes it a frame.
func (x *loose) Step(t *async.Task) (done bool) {
	if !x.upgraded.Step(t) {
		return false
	}
	x.upgraded = nil
	x.core.CancelLocal(errReturned)
	return true
}

var errReturned = errors.New("websocket: the function that had the connection has returned")

// Outcome makes it an Ender. What the function has returned is nobody's.
func (x *loose) Outcome() error { return nil }

// Ended sees to the connection of a function that has panicked.
func (x *loose) Ended(err error) {
	if u := x.upgraded; u != nil {
		x.upgraded = nil
		async.SpawnRoot(x.core.Executor(), "websocket: closing a connection", func(t *async.Task) error {
			u.CloseNow().Await(t)
			return nil
		}, nil)
	}
	var p *async.PanicError
	switch {
	case errors.As(err, &p):
		slog.Error("websocket: the function of a connection panicked", "panic", p.Value, "stack", string(p.Stack))
	case errors.Is(err, async.ErrGoexit):
		slog.Error("websocket: the function of a connection has called runtime.Goexit")
	}
}
