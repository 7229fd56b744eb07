package netio

import (
	"errors"
	"log/slog"
	"net"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/timer"
)

// server is one Serve.
type server struct {
	start     func(st *station, fd int, flags connFlags)
	handler   func(*async.Task, *Conn) error // of startServing
	site      uintptr                        // where Serve was called
	limit     int
	drain     time.Duration
	onError   func(*Conn, error)
	onStopped func()
	accepting atomic.Int32 // stations that may accept
	log       *slog.Logger
	slots     *slots
	stations  []*station // by the index of their loop
}

// station is a server's part on one loop: it accepts, and holds the handlers.
//
// active is counted up by whoever places a connection here, of any loop, and
// down here. The rest belongs to the loop, but for loop, which does not change.
type station struct {
	server  *server
	loop    *rondo.Loop
	place   *place
	nursery nursery
	active  atomic.Int64
	open    atomic.Bool  // connections may be placed here
	idle    *async.Waker // waits for the last handler's end
}

// nursery is the task that the handlers of a station are children of. It does
// nothing but be there until it is closed. It stands between them and the
// station so that they are cancelled after it has stopped accepting, not with it:
// a scope would do as well, and cost each of them a hundred bytes.
type nursery struct {
	station *station
	core    async.Core
	closed  bool
}

// Step makes it a frame.
func (n *nursery) Step(*async.Task) (done bool) { return n.closed }

// close lets the nursery end with the last handler.
func (n *nursery) close() {
	n.closed = true
	n.core.WakeLocal()
}

func serve(t *async.Task, ln *Listener, opts []ServeOption, start func(st *station, fd int, flags connFlags)) error {
	s := &server{start: start, log: slog.Default()}
	for _, f := range opts {
		f(s)
	}
	if s.onError == nil {
		s.onError = s.logFatal
	}
	s.slots = newSlots(s.limit)
	for _, l := range ln.home.loop.Runtime().Loops() {
		s.stations = append(s.stations, &station{server: s, loop: l})
	}
	s.accepting.Store(int32(len(s.stations)))
	if ln.home.loop != rondo.LoopOf(t) {
		return rondo.SpreadTo(t, ln.home.loop, func(t *async.Task) error { return s.run(t, ln) }).Await(t)
	}
	return s.run(t, ln)
}

// report tells the user's function of an error. It runs beside all that the loop has:
// a panic of it must not go further.
func (s *server) report(c *Conn, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("rondo: the function given to ServeErrors panicked", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	s.onError(c, err)
}

func (s *server) logFatal(_ *Conn, err error) {
	var p *async.PanicError
	switch {
	case errors.As(err, &p):
		s.log.Error("rondo: a handler panicked", "panic", p.Value, "stack", string(p.Stack))
	case errors.Is(err, async.ErrGoexit):
		s.log.Error("rondo: a handler called runtime.Goexit")
	}
}

// stopped counts out a station that has stopped accepting.
func (s *server) stopped() {
	if s.accepting.Add(-1) == 0 && s.onStopped != nil {
		s.onStopped()
	}
}

// run is the server, on the listener's loop.
func (s *server) run(t *async.Task, ln *Listener) error {
	if ln.closing != nil {
		// Its descriptor is somebody else's by now.
		s.accepting.Store(1)
		s.stopped()
		return nil
	}
	scope, stop := t.WithCancel()
	var others []*async.Child
	for _, st := range s.stations {
		if st.loop == ln.home.loop {
			continue
		}
		fd, err := ln.home.drv.Dup(ln.fd)
		if err != nil {
			s.log.Warn("rondo: this loop will not accept", "loop", st.loop.Index(), "err", err)
			fd = -1
		}
		early := ln.early // at most so many of them come to this loop
		others = append(others, rondo.SpreadTo(scope, st.loop, func(t *async.Task) error {
			return st.run(t, fd, ln, early)
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

// errStopped is why the other loops stop accepting when the listener's own has,
// and why handlers are cancelled then.
var errStopped = errors.New("rondo: the listener was closed")

// run is the station of a loop that is not the listener's. fd is the loop's own
// descriptor of the listener, negative if there is none: then it takes what others
// accept.
func (st *station) run(t *async.Task, fd int, ln *Listener, early int) error {
	var mine *Listener
	if fd >= 0 {
		here(t).drv.Forget(fd)
		mine = &Listener{home: here(t), fd: fd, addr: ln.addr, early: early}
	}
	err := st.serve(t, mine, func() {})
	if errors.Is(err, errStopped) {
		return nil
	}
	if t.Cause() == nil {
		st.server.log.Warn("rondo: this loop has stopped accepting", "loop", st.loop.Index(), "err", err)
	}
	return err
}

// serve accepts until that fails, then winds up: it closes the listener, lets the
// handlers go on for as long as they may, cancels them, and waits for their end.
func (st *station) serve(t *async.Task, ln *Listener, stopOthers func()) error {
	st.place = here(t)
	st.nursery.station = st
	st.nursery.core.Start(t.WithoutCancel(), &st.nursery)
	defer st.nursery.close()
	st.open.Store(true)
	err := st.accept(t, ln)
	cause := t.Cause()
	stopOthers()
	if ln != nil {
		ln.Close().Await(t)
	}
	st.open.Store(false)
	st.server.stopped()
	if d := st.server.drain; d > 0 {
		v, stop := t.WithoutCancel().WithTimeout(d)
		async.Await(v, (*drained)(st))
		stop()
	}
	switch {
	case cause != nil:
		st.nursery.core.CancelLocal(cause)
	case errors.Is(err, net.ErrClosed):
		st.nursery.core.CancelLocal(errStopped)
	default:
		st.nursery.core.CancelLocal(err)
	}
	async.Await(t.WithoutCancel(), (*drained)(st))
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

// accept hands out connections until accepting fails for good. A slot is taken
// when there is a connection for it: waiting with one in the hand, a loop would
// keep it from the loop that has the connection.
func (st *station) accept(t *async.Task, ln *Listener) error {
	s := st.server
	if ln == nil {
		return waitForCancel(t)
	}
	var pause time.Duration
	for {
		fd, err := ln.accept().Await(t)
		if err == nil {
			pause = 0
			if err := s.slots.take(t); err != nil {
				st.place.drv.CloseNow(fd)
				return err
			}
			s.place(fd, ln.connFlags(), st)
			continue
		}
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

func waitForCancel(t *async.Task) error {
	var never timer.Sleeper
	never.Stop()
	return never.Await(t)
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

// place gives a connection to the loop with the fewest. It has not been used: nothing
// on this loop knows its descriptor.
func (s *server) place(fd int, flags connFlags, here *station) {
	best := here
	for _, st := range s.stations {
		if st.open.Load() && st.active.Load()+slack < best.active.Load() {
			best = st
		}
	}
	best.active.Add(1)
	if best == here {
		s.start(here, fd, flags)
		return
	}
	here.place.drv.Forget(fd)
	if !best.loop.Post(func() { best.arrived(fd, flags) }) {
		best.active.Add(-1)
		here.active.Add(1)
		s.start(here, fd, flags)
	}
}

// arrived takes over a connection that another loop has accepted.
func (st *station) arrived(fd int, flags connFlags) {
	st.place.drv.Forget(fd)
	if !st.open.Load() {
		st.place.drv.CloseNow(fd)
		st.ended()
		return
	}
	st.server.start(st, fd, flags)
}

// task is what those who serve connections are children of.
func (st *station) task() *async.Task { return st.nursery.core.Task() }

// ended counts a connection out.
func (st *station) ended() {
	st.server.slots.give()
	if st.active.Add(-1) == 0 && st.idle != nil {
		st.idle.WakeLocal()
	}
}
