package netio

import (
	"log/slog"
	"runtime"
	"slices"
	"time"

	"rondo.dev/rondo/async"
)

// A ServeOption shapes Serve.
type ServeOption func(*server)

// MaxConns bounds the connections that are served at once; 0, the default, is no
// limit. At the limit, connections wait to be served: a few at each loop, which
// has accepted them, and the others in the kernel.
func MaxConns(n int) ServeOption { return func(s *server) { s.limit = n } }

// Drain sets how long connections may go on being served when Serve's task is
// cancelled or the listener closed, before their tasks are cancelled too; the
// default is not at all.
func Drain(d time.Duration) ServeOption { return func(s *server) { s.drain = d } }

// ServeStopped has f called once, on some loop, when no loop accepts any more and the
// address is free again for others, while handlers may go on; not at all if the runtime
// shuts down before all loops could begin. f must not block.
func ServeStopped(f func()) ServeOption { return func(s *server) { s.onStopped = f } }

// ServeErrors is called, on the loop of the connection, with the error that the
// task of a handler has ended with: the handler's own, that of a child which
// nobody awaited, an *async.PanicError, or async.ErrGoexit. c is closed by then. f
// must not block; if it panics, that is logged. The default logs panics and Goexits, and nothing
// else: errors of single connections are everyday.
func ServeErrors(f func(c *Conn, err error)) ServeOption { return func(s *server) { s.onError = f } }

// ServeLogger sets where Serve reports what hinders it, such as a lack of
// descriptors; the default is slog.Default().
func ServeLogger(l *slog.Logger) ServeOption { return func(s *server) { s.log = l } }

// Serve accepts connections and runs handler for each, as a task of its own on
// the loop with the least to do; it closes the connection when the handler
// returns. Every loop of the runtime accepts. However a handler's task ends, by a
// panic or runtime.Goexit too, it is that connection's affair only.
//
// Serve returns when the listener fails or is closed, or its task is cancelled;
// it closes the listener, lets the handlers go on as Drain says, cancels them, and
// waits until their tasks have ended. It returns nil if the listener was closed,
// else the cause or the error.
func Serve(t *async.Task, ln *Listener, handler func(t *async.Task, c *Conn) error, opts ...ServeOption) error {
	var site [1]uintptr
	runtime.Callers(2, site[:])
	opts = append(slices.Clip(opts), func(s *server) { s.handler, s.site = handler, site[0] })
	return serve(t, ln, opts, startServing)
}

// ServeFrames is Serve for handlers that are lowered: start starts the task of a
// connection as a child of t, in whatever way. That task closes the connection,
// and calls Done at its end. Its error is the task's, like that of any child; to
// keep it to the connection, hand it to Done instead.
func ServeFrames(t *async.Task, ln *Listener, start func(t *async.Task, s Served), opts ...ServeOption) error {
	return serve(t, ln, opts, func(st *station, fd int, flags connFlags) {
		start(st.task(), Served{newConn(st.place, fd, flags), st})
	})
}

// Served is a connection that is being served.
type Served struct {
	Conn *Conn
	at   *station
}

// Done is called once, by the task that serves the connection, at its end.
func (s Served) Done(err error) {
	if err != nil {
		s.at.server.report(s.Conn, err)
	}
	s.at.ended()
}
