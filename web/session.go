package web

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/wheel"
	"rondo.dev/rondo/web/internal/http2"
)

// session is a connection of HTTP/2, which its connection's task has become: it reads and
// writes for all of the requests, each of which is a lane. What it has to know while there
// are none is here, and the rest only as long as it is needed.
type session struct {
	c         *connection
	h2        *http2.Conn
	sending   *sending   // while something is being written
	parting   *parting   // once it is to end
	heartbeat *heartbeat // if there is to be one
	moved     int64      // bytes that were written
	calmed    int64      // when the client's budget was given back
	err       error      // why nothing can be received or sent any more
	receiving bool       // c.recv is in flight
	begun     bool       // the client's preface has come
	active    bool       // there are streams, as ConnState was told
}

// multi is what the sessions of a shard share.
type multi struct {
	shared *http2.Shared
	prior  bool // clients may begin with HTTP/2
	only   bool // HTTP/1 is not spoken
	idle   []*sending
	chunks [][]byte // of bodies
}

func (m *multi) begin(s *Server) {
	m.shared = http2.NewShared(s.multiplexing())
	p := s.protocols()
	m.prior, m.only = p.UnencryptedHTTP2(), !p.HTTP1()
}

// spareChunks is how many chunks are kept for later.
const spareChunks = 64

// chunk returns memory for a part of a body, at least n bytes if that is less than a chunk.
func (m *multi) chunk(n int) []byte {
	if n < chunkSize/8 {
		return make([]byte, 0, max(n, 512))
	}
	if k := len(m.chunks); k > 0 {
		b := m.chunks[k-1]
		m.chunks[k-1] = nil
		m.chunks = m.chunks[:k-1]
		return b
	}
	return make([]byte, 0, chunkSize)
}

// free takes a chunk back.
func (m *multi) free(b []byte) {
	if cap(b) == chunkSize && len(m.chunks) < spareChunks {
		m.chunks = append(m.chunks, b[:0])
	}
}

// sending is one write under way, or memory for the next.
type sending struct {
	buf   []byte
	tx    async.Flight[int]
	limit deadline
	busy  bool
}

const (
	// atOnce is about how much is written at once. It has to be taken within a StallTimeout.
	atOnce = 64 << 10
	// maxAtOnce is how much that is at most: there may be one more frame.
	maxAtOnce = atOnce + chunkSize + 1<<10

	// spareSending is how many buffers of that size a shard keeps.
	spareSending = 16
)

// parting is the end of a session: first it is drained, then what is left is sent, and at
// last what the client still sends is dropped, so that it gets to read all.
type parting struct {
	s       *session
	timer   wheel.Timer
	stage   stage
	over    bool // the time for the stage
	half    async.Flight[struct{}]
	halving uint8 // 1: it was begun; 2: it is done
}

type stage uint8

const (
	warning stage = iota // the client was told to open no more streams
	last                 // and which ones were the last
	closing              // they are done, and nothing more is sent
)

// warnFor is how long a client may take to hear of a warning, which it answers.
const warnFor = time.Second

// Fire ends the stage.
func (p *parting) Fire() {
	p.over = true
	p.s.wake()
}

// multiplex makes the connection one of HTTP/2, of which data has come.
func (c *connection) multiplex(t *async.Task, data []byte) {
	s := &session{c: c, h2: http2.NewConn(c.shard.multi.shared), calmed: c.shard.exec.Now()}
	c.rarely().session = s
	c.rare.head = nil
	c.state = multiplexing
	c.before = another
	h := c.shard.HTTP2
	if tls := c.rare.tls; tls != nil && prohibited(tls.state) && (h == nil || !h.PermitProhibitedCipherSuites) {
		s.fail(&http2.Error{Code: http2.InadequateSecurity, Reason: "cipher_suite"})
		return
	}
	if h != nil && h.SendPingTimeout > 0 {
		s.heartbeat = newHeartbeat(s, h)
	}
	if len(data) > 0 {
		s.feed(t, data)
	}
}

// wake has the session look at what there is to do.
func (s *session) wake() { s.c.core.WakeLocal() }

// step takes the session as far as it goes, and reports whether the connection has ended.
func (s *session) step(t *async.Task) (done bool) {
	c := s.c
	if cause := t.Cause(); cause != nil {
		s.lose(cause)
	}
	if c.late {
		s.late()
	}
	if sh := c.shard; s.parting == nil && (sh.stopping.Load() || sh.keepAlivesOff.Load() && s.h2.Used()) {
		s.drain()
	}
	for {
		full := s.read(t)
		s.write(t)
		if !full || s.h2.Full() {
			break
		}
	}
	if s.parting != nil && s.part(t) || s.err != nil && len(s.h2.Streams()) == 0 {
		s.end(t)
		return true
	}
	s.place()
	return false
}

// read takes what has come, and reports whether there may be more, which is left where it
// is: the client does not take what it is answered.
func (s *session) read(t *async.Task) (full bool) {
	c := s.c
	for s.err == nil {
		if s.h2.Full() {
			return true
		}
		var data []byte
		var err error
		var done bool
		if s.receiving {
			data, err, done = c.recv.Resume(t)
		} else {
			data, err, done = c.recv.Begin(t, c.stream().Recv())
		}
		if s.receiving = !done; !done {
			return false
		}
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			s.lose(err)
			return false
		}
		if s.parting == nil || s.parting.stage != closing {
			s.feed(t, data)
		}
	}
	return false
}

// feed does what the client says.
func (s *session) feed(t *async.Task, data []byte) {
	now := s.c.shard.exec.Now()
	if now-s.calmed >= int64(time.Second) {
		s.calmed = now
		s.h2.Calm()
	}
	if s.heartbeat != nil {
		s.heartbeat.heard = true
	}
	for {
		ev, err := s.h2.Next(&data)
		if err != nil {
			var e *http2.Error
			errors.As(err, &e)
			s.fail(e)
			return
		}
		l := (*lane)(nil)
		if ev.Stream != nil {
			l = ev.Stream.Owner.(*lane)
		}
		switch ev.Kind {
		case http2.Nothing:
			return
		case http2.Request:
			s.lane(t, &ev)
		case http2.Data:
			l.received(ev.Data, ev.Ended)
		case http2.Trailers:
			l.fields = ev.Trailers
			l.received(nil, true)
		case http2.Reset:
			s.count("stream_" + ev.Code.Word())
			l.discard()
			l.lose(errReset{ev.Code})
		case http2.Pong:
			if p := s.parting; p != nil && p.stage == warning {
				p.over = true
			}
		}
	}
}

// count tells who wants to know of an error.
func (s *session) count(what string) {
	if h := s.c.shard.HTTP2; h != nil && h.CountError != nil {
		h.CountError(what)
	}
}

// write sends what there is to be sent.
func (s *session) write(t *async.Task) {
	c := s.c
	for s.err == nil {
		o := s.sending
		var n int
		var err error
		var done bool
		switch {
		case o != nil && o.busy:
			n, err, done = o.tx.Resume(t)
		case !s.h2.Sendable():
			s.rest()
			return
		default:
			if o == nil {
				o = s.begin()
			}
			o.buf = s.h2.Append(o.buf[:0], atOnce, sent)
			if h := c.shard.HTTP2; h != nil && h.WriteByteTimeout > 0 {
				o.limit.within(h.WriteByteTimeout)
			}
			if !o.limit.wait() {
				s.lose(os.ErrDeadlineExceeded)
				return
			}
			o.busy = true
			n, err, done = o.tx.Begin(t, c.stream().Write(o.buf))
		}
		if !done {
			if o.limit.passed {
				s.lose(os.ErrDeadlineExceeded)
			}
			return
		}
		o.busy = false
		o.limit.moved(n)
		if s.moved += int64(n); err != nil {
			s.lose(err)
		}
	}
}

func sent(st *http2.Stream) { st.Owner.(*lane).sent() }

// begin returns what a write needs.
func (s *session) begin() *sending {
	sh := s.c.shard
	m := &sh.multi
	if k := len(m.idle); k > 0 {
		s.sending, m.idle[k-1] = m.idle[k-1], nil
		m.idle = m.idle[:k-1]
	} else {
		s.sending = &sending{buf: make([]byte, 0, maxAtOnce)}
	}
	s.sending.limit.shard, s.sending.limit.core = sh, &s.c.core
	s.sending.limit.reset()
	return s.sending
}

// rest gives that back.
func (s *session) rest() {
	o := s.sending
	if o == nil {
		return
	}
	s.sending = nil
	o.limit.reset()
	o.limit.core = nil
	if m := &s.c.shard.multi; len(m.idle) < spareSending && cap(o.buf) <= 4*atOnce {
		m.idle = append(m.idle, o)
	}
}

// lose is the end of a connection that nothing can be sent on. It is closed at once, which
// ends what is in flight, and is left when all handlers have returned.
func (s *session) lose(err error) {
	if s.err != nil {
		return
	}
	s.err = err
	s.desert(err)
	if len(s.h2.Streams()) > 0 {
		s.c.enter(busy)
		s.c.shard.close(s.c.stream())
	}
}

// desert tells all handlers that their client is gone.
func (s *session) desert(err error) {
	for _, st := range s.h2.Streams() {
		st.Owner.(*lane).lose(err)
	}
}

// forget is told that a request is over.
func (s *session) forget(l *lane) {
	l.discard()
	if n := len(l.lent); n > 0 {
		s.c.shard.multi.free(l.lent)
		l.lent = nil
	}
	s.h2.Forget(&l.stream)
	if l.closes {
		s.drain()
	}
	s.wake()
}

// fail ends the connection of a client that has broken the rules, after it was told how.
func (s *session) fail(e *http2.Error) {
	s.count("conn_" + e.Reason)
	s.h2.GoAway(e.Code)
	s.desert(e)
	s.leave(last)
}

// drain ends the connection when the streams that are open, or are on their way, are done.
func (s *session) drain() {
	if s.parting != nil {
		return
	}
	s.h2.Drain()
	s.h2.Ping()
	s.leave(warning)
	s.wake()
}

// leave begins with a stage of the end.
func (s *session) leave(to stage) {
	p := s.parting
	if p == nil {
		p = &parting{s: s}
		s.parting = p
	}
	exec := s.c.shard.exec
	exec.StopTimer(&p.timer)
	p.stage, p.over = to, false
	switch to {
	case warning:
		exec.StartTimer(&p.timer, warnFor, p)
	case closing:
		exec.StartTimer(&p.timer, lingerFor, p)
	}
}

// part goes on with the end, and reports whether it has been reached.
func (s *session) part(t *async.Task) (done bool) {
	p := s.parting
	if p.stage == warning && p.over {
		s.h2.GoAway(http2.NoError)
		s.leave(last)
		s.write(t)
	}
	if p.stage == last && len(s.h2.Streams()) == 0 && s.sending == nil && s.err == nil {
		s.leave(closing)
	}
	if p.stage != closing || s.err != nil {
		return false
	}
	if p.halving < 2 {
		if p.halving == 0 {
			_, _, done = p.half.Begin(t, s.c.stream().CloseWrite().Op())
		} else {
			_, _, done = p.half.Resume(t)
		}
		if p.halving = 1; done {
			p.halving = 2
		}
	}
	return p.over
}

// late is called when the time is over that the connection has to wait for a request, or
// to complete a frame.
func (s *session) late() {
	s.c.late = false
	if s.c.place == idle {
		s.drain()
	} else {
		s.h2.GoAway(http2.NoError)
		s.leave(last)
	}
	s.c.enter(busy)
}

// place is what the connection waits for from now on.
func (s *session) place() {
	c := s.c
	streams := len(s.h2.Streams()) > 0
	if !s.begun && s.h2.Begun() {
		s.begun = true
		c.tell(http.StateActive)
		if !streams {
			c.tell(http.StateIdle)
		}
		s.active = streams
	}
	if s.begun && s.active != streams {
		s.active = streams
		if streams {
			c.tell(http.StateActive)
		} else {
			c.tell(http.StateIdle)
		}
	}
	switch {
	case streams || s.parting != nil || s.err != nil || s.sending != nil:
		c.enter(busy)
	case !s.begun || s.h2.Partial():
		c.enter(heads)
	default:
		s.h2.Rest()
		c.enter(idle)
	}
}

// end ends the connection.
func (s *session) end(t *async.Task) {
	s.stop()
	s.c.end(t)
}

// stop stops all timers.
func (s *session) stop() {
	if s.parting != nil {
		s.c.shard.exec.StopTimer(&s.parting.timer)
	}
	if s.heartbeat != nil {
		s.heartbeat.stop()
	}
	if s.sending != nil {
		s.sending.limit.stop() // its memory may still be on its way
		s.sending = nil
	}
}
