package netio

import (
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/lowered"
)

// serving is a connection that Serve serves and its task, in one piece: it runs the
// handler, and then closes the connection. It tells the server how it has ended, and
// nobody else: neither a panic nor a Goexit goes further.
type serving struct {
	conn  Conn
	core  async.Core
	frame async.Frame // the handler's, if that is lowered; in the end a *parting
}

func startServing(st *station, fd int, flags connFlags) {
	x := new(serving)
	x.conn.init(st.place, fd, flags)
	x.core.Start(st.task(), x)
}

// station is where the connection is served, whose task is the parent.
func (s *serving) station() *station { return s.core.ParentFrame().(*nursery).station }

// Step makes it a frame. If the handler runs on a coroutine, it is stepped once: that
// takes its place.
func (s *serving) Step(t *async.Task) (done bool) {
	if s.parting() == nil && !s.pollHandler(t) {
		return false
	}
	p := s.parting() // nil if it has run on a coroutine, to the end
	return p == nil || p.Step(t)
}

// pollHandler steps the handler, and reports whether it has come to its end, in
// whichever way. What it failed with waits until the connection is closed.
func (s *serving) pollHandler(t *async.Task) (over bool) {
	stepped := false
	defer func() {
		if stepped {
			return
		}
		s.core.Reply() // the question, if it was open
		v := recover()
		if v == nil && !s.core.Unwind() {
			return // a Goexit that a frame below has caught
		}
		s.frame = &parting{conn: &s.conn, failed: failure(v)}
		over = true
	}()
	if s.frame == nil {
		var f async.Frame
		if f, over = s.core.Enter(s, s); f != nil {
			s.frame = f
		}
	}
	if f := s.frame; f != nil && s.parting() == nil {
		if over = f.Step(t); over {
			s.frame = &parting{conn: &s.conn, err: f.(interface{ Result() error }).Result()}
		}
	}
	stepped = true
	return over
}

// failure is what a function failed with that v was recovered in.
func failure(v any) error {
	if v == nil || v == any(async.ErrGoexit) {
		return async.ErrGoexit
	}
	return async.NewPanicError(v)
}

// Run is the handler's run on a coroutine, or its answer. It calls the handler itself:
// one frame more, and the stack that the handler waits on would not be the smallest.
func (s *serving) Run(t *async.Task) {
	if lowered.Asked(t) {
		if err := s.station().server.handler(t, &s.conn); lowered.Asked(t) { // it has run: there was nothing to wait for
			s.frame = &parting{conn: &s.conn, err: err}
		}
		return
	}
	defer s.close(t)
	if err := s.station().server.handler(t, &s.conn); err != nil {
		s.frame = &parting{err: err, closed: true}
	}
}

// close is a function of its own so that the handler's stack, small as it is, does
// not carry the operation all the time.
func (s *serving) close(t *async.Task) { s.conn.Close().Await(t) }

func (s *serving) parting() *parting {
	p, _ := s.frame.(*parting)
	return p
}

// Outcome makes it an Ender.
func (s *serving) Outcome() error {
	if p := s.parting(); p != nil {
		return p.err
	}
	return nil
}

// Ended tells the server.
func (s *serving) Ended(err error) {
	s.frame = nil
	s.core.Taken()
	Served{&s.conn, s.station()}.Done(err)
}

// SpawnSite is the call of Serve.
func (s *serving) SpawnSite() uintptr { return s.station().server.site }

// parting closes the connection, and has what the handler has returned or failed with.
type parting struct {
	conn   *Conn
	err    error
	failed error // a *async.PanicError or async.ErrGoexit
	close  async.Flight[struct{}]
	begun  bool
	closed bool
}

func (p *parting) Step(t *async.Task) (done bool) {
	switch {
	case p.closed:
	case p.begun:
		_, _, p.closed = p.close.Resume(t)
	default:
		p.begun = true
		_, _, p.closed = p.close.Begin(t, p.conn.Close().Op())
	}
	if p.closed && p.failed != nil {
		if v, ok := p.failed.(*async.PanicError); ok {
			panic(async.Raised{PanicError: v})
		}
		panic(p.failed)
	}
	return p.closed
}
