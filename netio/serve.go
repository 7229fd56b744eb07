package netio

import (
	"log/slog"
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
	return serve(t, ln, opts, func(t *async.Task, s Served) {
		h := &handling{Served: s, handler: handler}
		h.begin(t)
	})
}

// ServeFrames is Serve for handlers that are lowered: start starts the task of a
// connection as a child of t, in whatever way. That task closes the connection,
// and calls Done at its end. Its error is the task's, like that of any child; to
// keep it to the connection, hand it to Done instead.
func ServeFrames(t *async.Task, ln *Listener, start func(t *async.Task, s Served), opts ...ServeOption) error {
	return serve(t, ln, opts, start)
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

// handling is one run of a handler. It awaits the handler's task without being a
// task: its waker takes the result at the moment when there is one, so that the
// structure has nothing left to hand on to the server, not even a Goexit.
type handling struct {
	Served
	handler func(*async.Task, *Conn) error
	child   *async.Child
	waker   async.Waker
	view    async.Task // for polling child
}

func (h *handling) begin(t *async.Task) {
	h.child = t.Go(h.run)
	h.waker = async.WakerFor(h)
	h.view = t.WithWaker(&h.waker)
	h.child.Poll(&h.view)
}

func (h *handling) run(t *async.Task) error {
	defer h.close(t)
	return h.handler(t, h.Conn)
}

// close is a function of its own so that the handler's stack, small as it is, does
// not carry the operation all the time.
func (h *handling) close(t *async.Task) { h.Conn.Close().Await(t) }

// WakeLocal is called when the child has ended, on its loop.
func (h *handling) WakeLocal() {
	_, err := h.child.Poll(&h.view)
	h.Done(err)
}

// Wake makes it Wakeable. Nobody but the child has the waker.
func (h *handling) Wake() { h.WakeLocal() }
