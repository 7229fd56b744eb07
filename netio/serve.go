package netio

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/timer"
)

// A ServeOption shapes Serve.
type ServeOption func(*server)

// MaxConns bounds the connections that are served at once. At the limit nothing
// is accepted: further connections wait in the kernel.
func MaxConns(n int) ServeOption { return func(s *server) { s.limit = n } }

// Drain sets how long connections may go on being served when Serve's task is
// cancelled, before their tasks are cancelled too; the default is not at all.
func Drain(d time.Duration) ServeOption { return func(s *server) { s.drain = d } }

// ServeErrors is called, on the loop of the connection, with the error that a
// handler returned or the *async.PanicError it ended with. The default logs
// panics, and nothing else: errors of single connections are everyday.
func ServeErrors(f func(c *Conn, err error)) ServeOption { return func(s *server) { s.onError = f } }

// ServeLogger sets where Serve reports what hinders it, such as a lack of
// descriptors.
func ServeLogger(l *slog.Logger) ServeOption { return func(s *server) { s.log = l } }

// Serve accepts connections and runs handler for each, as a task of its own on
// the loop with the least to do; it closes the connection when the handler
// returns. Every loop of the runtime accepts. A handler's panic ends that
// connection only.
//
// Serve returns when the listener fails or is closed, or its task is cancelled;
// it closes the listener, and waits until the handlers have ended. It returns nil
// if the listener was closed, else the cause or the error.
func Serve(t *async.Task, ln *Listener, handler func(t *async.Task, c *Conn) error, opts ...ServeOption) error {
	return serve(t, ln, opts, func(t *async.Task, s Served) {
		t.Go(func(t *async.Task) error {
			var err error
			returned := false
			defer func() {
				s.Conn.Close().Await(t)
				if !returned {
					err = async.NewPanicError(recover())
				}
				s.Done(err)
			}()
			err = handler(t, s.Conn)
			returned = true
			return nil
		})
	})
}

// ServeFrames is Serve for handlers that are lowered: start starts the task of a
// connection as a child of t, in whatever way. That task closes the connection,
// and calls Done at its end.
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
		s.at.server.onError(s.Conn, err)
	}
	s.at.ended()
}

// server is one Serve.
type server struct {
	start    func(t *async.Task, s Served)
	limit    int
	drain    time.Duration
	onError  func(*Conn, error)
	log      *slog.Logger
	slots    slots
	stations []*station
}

// station is a server's part on one loop: it accepts, and holds the handlers.
//
// active is counted up by whoever places a connection here, of any loop, and
// down here. The rest belongs to the loop, but for place and task, which are set
// before open and not changed.
type station struct {
	server *server
	loop   *rondo.Loop
	place  *place
	task   *async.Task // the handlers are children of this view
	active atomic.Int64
	open   atomic.Bool
	idle   *async.Waker // waits for the last handler's end
}

func serve(t *async.Task, ln *Listener, opts []ServeOption, start func(t *async.Task, s Served)) error {
	s := &server{start: start, log: slog.Default()}
	for _, f := range opts {
		f(s)
	}
	if s.onError == nil {
		s.onError = func(c *Conn, err error) {
			var p *async.PanicError
			if errors.As(err, &p) {
				s.log.Error("rondo: a handler panicked", "panic", p.Value, "stack", string(p.Stack))
			}
		}
	}
	s.slots.free = s.limit
	return s.run(t, ln)
}

func (s *server) run(t *async.Task, ln *Listener) error {
	loops := ln.home.loop.Runtime().Loops()
	for _, l := range loops {
		s.stations = append(s.stations, &station{server: s, loop: l})
	}
	scope, stop := t.WithCancel()
	var others []*async.Child
	for i, l := range loops {
		if l == ln.home.loop {
			continue
		}
		fd, err := ln.home.drv.Dup(ln.fd)
		if err != nil {
			s.log.Warn("rondo: this loop will not accept", "loop", l.Index(), "err", err)
			fd = -1
		}
		others = append(others, rondo.SpreadTo(scope, l, func(t *async.Task) error {
			return s.stations[i].run(t, fd, ln)
		}))
	}
	home := s.stations[ln.home.loop.Index()]
	err := home.serve(scope, ln, func() { stop(errStopped) })
	t = t.WithoutCancel()
	for _, c := range others {
		if e := c.Await(t); err == nil {
			err = e
		}
	}
	if errors.Is(err, net.ErrClosed) || errors.Is(err, errStopped) {
		return nil
	}
	return err
}

// errStopped is why the other loops stop accepting when the listener's own has.
var errStopped = errors.New("rondo: the listener was closed")

// run is the station of a loop that is not the listener's.
func (st *station) run(t *async.Task, fd int, ln *Listener) error {
	p := here(t)
	mine := &Listener{home: p, fd: fd, addr: ln.addr}
	if fd < 0 {
		mine.closing = &closing{done: true}
	}
	err := st.serve(t, mine, func() {})
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

// serve accepts until that fails, then winds up: it closes the listener, lets the
// handlers go on for as long as they may, cancels them, and waits for their end.
func (st *station) serve(t *async.Task, ln *Listener, stopped func()) error {
	st.place = here(t)
	var cancel func(error)
	st.task, cancel = t.WithoutCancel().WithCancel()
	st.open.Store(true)
	err := st.accept(t, ln)
	stopped()
	ln.Close().Await(t)
	st.open.Store(false)
	if d := st.server.drain; d > 0 {
		v, stop := t.WithoutCancel().WithTimeout(d)
		async.Await(v, (*drained)(st))
		stop()
	}
	cause := t.Cause()
	if cause == nil {
		cause = err
	}
	cancel(cause)
	return err
}

// drained is a future that is ready when the station has no handlers.
type drained station

func (d *drained) Poll(t *async.Task) (struct{}, error) {
	if d.active.Load() == 0 {
		return struct{}{}, nil
	}
	d.idle = t.Waker()
	return struct{}{}, async.Pending
}

// accept hands out connections until accepting fails for good.
func (st *station) accept(t *async.Task, ln *Listener) error {
	s := st.server
	var pause time.Duration
	for {
		if err := s.slots.take(t, s.limit > 0); err != nil {
			return err
		}
		c, err := ln.Accept().Await(t)
		if err == nil {
			pause = 0
			s.place(c, st)
			continue
		}
		s.slots.give()
		if !passing(err) {
			return err
		}
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		s.log.Warn("rondo: accepting failed, trying again", "err", err, "after", pause)
		if err := timer.Sleep(pause).Await(t); err != nil {
			return err
		}
	}
}

// passing reports whether an error of accept may go away by itself.
func passing(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// slack is how many connections more than the least busy loop one may have before
// it gives new ones away: handing over costs more than a small imbalance.
const slack = 8

// place gives c to the loop with the fewest connections.
func (s *server) place(c *Conn, here *station) {
	best := here
	for _, st := range s.stations {
		if st.open.Load() && st.active.Load()+slack < best.active.Load() {
			best = st
		}
	}
	best.active.Add(1)
	if best == here {
		here.start(c)
		return
	}
	// c has not been used: nothing on this loop knows its descriptor.
	fd := int(c.fd)
	if !best.loop.Post(func() { best.arrived(fd) }) {
		best.active.Add(-1)
		here.active.Add(1)
		here.start(c)
	}
}

// arrived takes over a connection that another loop has accepted.
func (st *station) arrived(fd int) {
	if !st.open.Load() {
		st.place.drv.CloseNow(fd)
		st.ended()
		return
	}
	st.start(newConn(st.place, fd))
}

func (st *station) start(c *Conn) {
	st.server.start(st.task, Served{c, st})
}

// ended counts a connection out.
func (st *station) ended() {
	st.server.slots.give()
	if st.active.Add(-1) == 0 && st.idle != nil {
		st.idle.WakeLocal()
	}
}

// slots is a semaphore for MaxConns across loops.
type slots struct {
	mu      sync.Mutex
	free    int
	waiting []*slotWait
}

// take waits for a slot, if there is a limit.
func (s *slots) take(t *async.Task, limited bool) error {
	if !limited {
		return t.Cause()
	}
	_, err := async.Await(t, &slotWait{slots: s})
	return err
}

// give frees a slot. Without a limit it only counts.
func (s *slots) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		s.free++
		return
	}
	w := s.waiting[0]
	s.waiting = s.waiting[1:]
	w.got = true
	w.waker.Wake()
}

// slotWait is one wait for a slot; its fields are guarded by the mutex.
type slotWait struct {
	slots  *slots
	queued bool
	got    bool
	waker  *async.Waker
}

func (w *slotWait) Poll(t *async.Task) (struct{}, error) {
	s := w.slots
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case w.got:
		return struct{}{}, nil
	case !w.queued && s.free > 0:
		s.free--
		w.got = true
		return struct{}{}, nil
	case !w.queued:
		w.queued = true
		s.waiting = append(s.waiting, w)
	}
	w.waker = t.Waker()
	return struct{}{}, async.Pending
}

// Cancel makes it a Canceler: a slot that came at the same moment is given on.
func (w *slotWait) Cancel(*async.Task, bool) (idle bool) {
	s := w.slots
	s.mu.Lock()
	for i, x := range s.waiting {
		if x == w {
			s.waiting = append(s.waiting[:i:i], s.waiting[i+1:]...)
			break
		}
	}
	got := w.got
	s.mu.Unlock()
	if got {
		s.give()
	}
	return true
}
