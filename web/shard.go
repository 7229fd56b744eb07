package web

import (
	"context"
	"crypto/tls"
	"errors"
	"math"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/tlsio"
	"rondo.dev/rondo/web/internal/http1"
)

// serving is a server with one listener.
type serving struct {
	*Server
	ln       *netio.Listener
	base     context.Context
	local    net.Addr // of all connections; nil if the listener has all addresses
	tls      *tlsio.Acceptor
	shards   []*shard // by the index of their loop
	stopping atomic.Bool
	started  chan struct{} // closed when the listener has been taken over
	closed   chan struct{} // closed when no loop listens any more
	ended    chan struct{} // closed when all connections have ended
	given    chan struct{} // closed when Close has given up on them
	giveUp   sync.Once
}

func newServing(s *Server) *serving {
	return &serving{Server: s, base: context.Background(), started: make(chan struct{}), closed: make(chan struct{}), ended: make(chan struct{}), given: make(chan struct{})}
}

// errClosed is why connections end when the server is closed.
var errClosed = errors.New("web: the server was closed")

// serve serves what comes to ln, until the last connection has ended. It tells sv.closed
// earlier, when nothing more is accepted.
func (sv *serving) serve(t *async.Task, ln *netio.Listener, l net.Listener, config *tls.Config) error {
	s := sv.Server
	sv.ln = ln
	if s.BaseContext != nil {
		if sv.base = s.BaseContext(l); sv.base == nil {
			panic("web: BaseContext returned a nil context")
		}
	}
	sv.tls = acceptor(config, s.headLimit())
	if a, ok := ln.Addr().(*net.TCPAddr); ok && !a.IP.IsUnspecified() {
		sv.local = a
	}
	for _, loop := range ln.Home().Runtime().Loops() {
		sv.shards = append(sv.shards, newShard(sv, loop))
	}
	if err := s.enter(sv); err != nil {
		ln.Close().Await(t)
		return err
	}
	close(sv.started)
	defer func() {
		s.leave(sv)
		for _, sh := range sv.shards {
			sh.loop.Post(sh.workers.end)
		}
		close(sv.ended)
	}()
	watch := t.Go(func(t *async.Task) error { return sv.closeWith(t) })
	defer watch.Stop(errServed)
	err := netio.ServeFrames(t, ln, sv.start, netio.MaxConns(s.MaxConns), netio.Drain(math.MaxInt64), netio.ServeLogger(s.logger()),
		netio.ServeStopped(func() { close(sv.closed) }))
	if t.Cause() == nil && sv.stopping.Load() {
		return http.ErrServerClosed
	}
	return err
}

// errServed is why nobody has to watch the task any more.
var errServed = errors.New("web: the listener was closed")

// closeWith closes all connections when the task that serves is cancelled.
func (sv *serving) closeWith(t *async.Task) error {
	async.Await(t, future.Never[struct{}]())
	if t.Cause() != errServed {
		sv.stop()
		sv.cancel()
	}
	return nil
}

// shard is what a serving has on one loop. Nobody else touches it.
type shard struct {
	*serving
	loop    *rondo.Loop
	exec    *async.Executor
	parent  *async.Task   // of all connections here, once there was one
	queues  [places]queue // all connections
	parser  http1.Parser
	request http.Request // what the parser fills in, and an exchange takes over
	spare   []*exchange
	multi   multi // what connections of HTTP/2 share
	workers workers
	date    clock
	stall   time.Duration // how long waits for the client may last; 0: for ever
	perByte time.Duration // what a byte brings back of that
}

// headSlop is how many bytes more than it was told to net/http allows for a head.
const headSlop = 4096

func newShard(sv *serving, loop *rondo.Loop) *shard {
	sh := &shard{serving: sv, loop: loop, exec: loop.Executor()}
	sh.queues[idle] = queue{shard: sh, limit: sv.idleLimit()}
	sh.queues[heads] = queue{shard: sh, limit: sv.headLimit()}
	sh.parser.MaxHead = sv.maxHead() + headSlop
	sh.workers.shard = sh
	sh.multi.begin(sv.Server)
	sh.stall = sv.stallLimit()
	sh.perByte = sv.perByte(sh.stall)
	return sh
}

// start begins with a connection.
func (sv *serving) start(t *async.Task, s netio.Served) {
	sh := sv.shards[s.Conn.Home().Index()]
	sh.parent = t
	c := &connection{Served: s, shard: sh}
	c.core.Start(t, c)
	c.enter(busy)
}

// closeIdle closes the connections that wait. Those that have sent a part of a head
// are about to be served, and have the time for that.
func (sh *shard) closeIdle() {
	for i := range sh.queues {
		for c := sh.queues[i].first; c != nil; c = c.next {
			switch {
			case c.state == multiplexing:
				c.core.WakeLocal() // it says goodbye
			case c.place == idle, c.place == heads && (c.rare == nil || c.rare.head == nil):
				c.core.CancelLocal(errClosed)
			}
		}
	}
}

// cancel closes all connections.
func (sh *shard) cancel() {
	if sh.parent != nil {
		sh.parent.Core().CancelLocal(errClosed)
	}
}

// close closes s by a task of its own.
func (sh *shard) close(s stream) {
	async.SpawnRoot(sh.exec, "web: closing a connection", func(t *async.Task) error {
		s.Close().Await(t)
		return nil
	}, nil)
}

// keeping reports whether connections may wait for another request.
func (sh *shard) keeping() bool { return !sh.stopping.Load() && !sh.keepAlivesOff.Load() }

// maxSpare is how many exchanges, and workers, a shard keeps for the next requests.
const maxSpare = 256

// exchange returns one for a request.
func (sh *shard) exchange(c *connection) *exchange {
	var x *exchange
	if n := len(sh.spare); n > 0 {
		x, sh.spare[n-1] = sh.spare[n-1], nil
		sh.spare = sh.spare[:n-1]
	} else {
		x = newExchange(sh)
	}
	x.belong(c, &c.core)
	return x
}

// recycle takes one back.
func (sh *shard) recycle(x *exchange) {
	if x.hijacked {
		return // it has given its memory back
	}
	x.reset()
	if len(sh.spare) < maxSpare {
		sh.spare = append(sh.spare, x)
	}
}

// clock is the value of the Date field, made once a second. Handlers ask for it, on whichever
// goroutine.
type clock struct{ last atomic.Pointer[date] }

type date struct {
	second int64
	text   []byte // never changed, for responses have it
}

// now returns the Date of a response whose head is written now.
func (c *clock) now() []byte {
	now := time.Now()
	d := c.last.Load()
	if d == nil || d.second != now.Unix() {
		d = &date{now.Unix(), http1.AppendDate(nil, now)}
		c.last.Store(d)
	}
	return d.text
}
