package web

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// What the handler's side of an exchange asks of its connection's. A handler on a
// goroutine asks the task and waits. One that is the task itself suspends it, if it has
// a stack to be suspended on; without one, as a state machine, it has to ask by an
// await of its own (Flush, ReadBody), and until then what it writes is collected.

// canWait reports whether the handler's side can wait for the connection's.
func (x *exchange) canWait() bool { return x.worker != nil || x.onStack() }

// onStack reports whether the handler is the task, and can be suspended where it is.
func (x *exchange) onStack() bool { return x.core != nil && x.core.OnStack() }

// errNoStack is the error of a Read of a body that a state machine can't wait for.
var errNoStack = errors.New("web: the body has not come yet, and a handler that is a state machine can't wait in Read: await web.ReadBody")

// receive waits until in has more.
func (x *exchange) receive() error {
	switch {
	case x.worker != nil:
		return x.ask(&x.rd)
	case x.onStack():
		_, err := async.Await[struct{}](x.core.Task(), (*reading)(x))
		return err
	}
	return errNoStack
}

// send waits until all that was written has been sent.
func (x *exchange) send() error {
	switch {
	case x.worker != nil:
		return x.ask(&x.wr)
	case x.onStack():
		_, err := async.Await[struct{}](x.core.Task(), (*writing)(x))
		return err
	}
	return nil
}

// on runs f on the loop, for the handler's side as long as the request is not over.
func (x *exchange) on(f func(t *async.Task)) {
	asks := &x.rq.resp.asks
	asks.Lock()
	defer asks.Unlock()
	x.do(f)
}

// do is on for those who hold the lock of those who ask.
func (x *exchange) do(f func(t *async.Task)) {
	if x.worker == nil {
		f(x.core.Task())
		return
	}
	x.jobs = f
	x.ask(&x.job)
}

// bodyRead tells the task that in is its own from now on.
func (x *exchange) bodyRead() {
	x.watching.Store(true)
	if x.worker != nil {
		x.core.Wake()
	}
}

// reading and writing are what a task awaits that handles its request itself.
type (
	reading exchange
	writing exchange
)

func (r *reading) Poll(t *async.Task) (struct{}, error) {
	return struct{}{}, (*exchange)(r).pollRead(t)
}

// Cancel makes it a Canceler. What has come stays with the connection.
func (r *reading) Cancel(t *async.Task, loser bool) (idle bool) {
	// The receive goes on, as that of watch does.
	(*exchange)(r).reads.stop()
	return true
}

// Poll sends. Whoever polled last is woken when something has been sent, and wakes the
// others when that was all.
func (w *writing) Poll(t *async.Task) (struct{}, error) {
	x := (*exchange)(w)
	err := x.pollWrite(t)
	if async.IsPending(err) {
		if !slices.Contains(x.flushing, t.Core()) {
			x.flushing = append(x.flushing, t.Core())
		}
		return struct{}{}, err
	}
	for _, c := range x.flushing {
		if c != t.Core() {
			c.WakeLocal()
		}
	}
	x.flushing = x.flushing[:0]
	return struct{}{}, err
}

// Cancel makes it a Canceler. A response that was sent in part can't be gone on with:
// the connection ends.
func (w *writing) Cancel(t *async.Task, loser bool) (idle bool) {
	(*exchange)(w).abort()
	return false
}

// setDeadline sets one of the two, for those who hold the lock of those who ask.
func (x *exchange) setDeadline(at time.Time, reads bool) {
	x.do(func(*async.Task) {
		d := &x.writes
		if reads {
			d = &x.reads
		}
		switch left := time.Until(at); {
		case at.IsZero():
			d.within(0)
		case left > 0:
			d.within(left)
		default:
			d.within(-1) // over already, whatever the loop's clock says
		}
		if c := x.copied; c != nil && !reads {
			x.limit(c)
		}
	})
}

// handOver gives the connection to whoever takes it over, with what was received.
func (x *exchange) handOver() (s stream, received []byte) {
	x.rq.body.giveBack()
	x.on(func(t *async.Task) {
		x.hijacked = true
		x.out, x.held = nil, nil // it may stay for as long as the connection
		x.unreceive(t)
		s, received, x.in = x.c.stream(), bytes.Clone(x.in), nil
	})
	return s, received
}

// unreceive gives up what is being received. A receive that has ended, but has not been
// seen, puts back what it got when it is polled; one that has not ended goes on to its
// end before those of the new owner.
func (x *exchange) unreceive(t *async.Task) {
	if !x.receiving {
		return
	}
	x.receiving = false
	if x.rx.Cancel(t, true) {
		return
	}
	if _, err := x.rx.Poll(t); !async.IsPending(err) {
		return
	}
	rx := x.rx
	async.SpawnRoot(x.shard.exec, "web: ending a receive", func(t *async.Task) error {
		async.Await[[]byte](t, &rx)
		return nil
	}, nil)
}

// detach lets the connection's task end when the connection is somebody else's: a
// handler on a goroutine goes on without it. Nobody on the handler's side asks the task
// after this.
func (x *exchange) detach() {
	if x.worker == nil {
		return
	}
	rq := x.rq
	rq.body.end()
	x.on(func(*async.Task) { x.detached = true })
}

// leaveLoop hands a connection over to package net, which takes a task that can be
// suspended.
func (x *exchange) leaveLoop(raw *netio.Conn) (c net.Conn, err error) {
	if x.worker == nil {
		return raw.NetConn(x.core.Task())
	}
	done := make(chan struct{})
	x.on(func(t *async.Task) {
		async.SpawnRoot(x.shard.exec, "web: handing a connection over", func(t *async.Task) error {
			c, err = raw.NetConn(t)
			return err
		}, func(error) { close(done) })
	})
	<-done
	return c, err
}

// netConn gives the connection to whoever takes it over, as package net has it.
func (x *exchange) netConn() (c net.Conn, rw *bufio.ReadWriter, err error) {
	x.rq.ctx.localAddr() // which nobody could be asked for later
	s, received := x.handOver()
	if raw, ok := s.(*netio.Conn); ok {
		c, err = x.leaveLoop(raw)
	} else {
		x.on(func(t *async.Task) { c = securedConn{newNetConn(s), x.c.rare.tls.state} })
	}
	if err != nil {
		x.on(func(*async.Task) { x.shard.close(s) }) // it is nobody else's
		return nil, nil, err
	}
	r := bufio.NewReader(c)
	if len(received) > 0 {
		r = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(received), c), max(len(received), 4096))
		r.Peek(len(received))
	}
	return c, bufio.NewReadWriter(r, bufio.NewWriter(c)), nil
}
