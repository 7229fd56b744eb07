package websocket

import (
	"errors"
	"fmt"
	"os"
	"time"
	"unicode/utf8"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/wheel"
	"rondo.dev/rondo/web/websocket/internal/wire"
)

// Close is CloseWith for an end in order: NormalClosure, without a reason.
func (c *Conn) Close() async.Act { return c.CloseWith(NormalClosure, "") }

// CloseWith tells the peer that the connection is closed, and why, after the sends that
// were started before it; waits for the answer, dropping messages that come before it;
// and closes the transport. A peer that does not answer delays it by
// Options.CloseWithin; a write deadline of the transport's does not count any more. If
// the peer has closed, or has done wrong, it was told before, and code and reason are not
// sent.
//
// Everything in flight ends with net.ErrClosed, and so does a second close. It is not
// cancelled with its task, so it can be deferred; any task, or goroutine, may close.
// It returns nil if the peer has closed too. What was lent to the task that closes
// must not be used any more.
//
// code is one that may be sent, and reason UTF-8 of at most 123 bytes; otherwise it is an
// error, and the connection stays as it is.
func (c *Conn) CloseWith(code Code, reason string) async.Act {
	return async.NewAct(&closing{c: c, code: code, reason: reason}, 0).Shielded()
}

// leave is CloseWith that does not wait for the answer, and not for long until the peer has
// been told.
func (c *Conn) leave(code Code) async.Act {
	return async.NewAct(&closing{c: c, code: code, brief: true}, 0).Shielded()
}

// briefly is how long a peer may take to be told by leave.
const briefly = time.Second

// CloseNow closes the transport without a word to the peer, and makes a CloseWith
// that is in flight do so. Deferred, it sees to it that a connection is closed however
// a function ends; after another close it returns net.ErrClosed.
func (c *Conn) CloseNow() async.Act {
	return async.NewAct(&closing{c: c, now: true}, 0).Shielded()
}

// closing is the one close of a connection. The others find that there is one already.
type closing struct {
	c      *Conn
	code   Code
	reason string
	now    bool
	brief  bool // it is over when the peer was told
	timer  wheel.Timer
	late   bool
	stage  stage
	ticket uint32    // of the send of the close
	act    async.Act // of the stream's, which the stage waits for
	waker  *async.Waker
	err    error
}

type stage uint8

const (
	freeing   stage = iota // the stream of its deadline: the close has a limit of its own
	telling                // the close is on its way
	listening              // for the peer's
	ending                 // the stream's direction: the peer is not understood any more
	draining               // until the peer ends the stream
	shutting
)

// The tickets of closes.
const (
	closesIt uint32 = 1 + iota
	tooLate         // there is one already
	notToBe         // with this code, or reason
)

func (k *closing) Home() *async.Executor { return k.c.home.exec }

func (k *closing) Start(*async.Task, []byte, uint64) uint32 {
	c := k.c
	switch {
	case c.closing() != nil:
		if k.now {
			c.cold.closing.Fire()
		}
		return tooLate
	case k.now:
		c.rare().closing = k
		k.shutDown()
		return closesIt
	case !wire.Code(k.code).Valid() && k.code != NoStatus || !utf8.ValidString(k.reason) || len(k.reason) > wire.MaxReason:
		return notToBe
	}
	c.rare().closing = k
	limit := c.opts.closeWithin()
	if k.brief {
		limit = min(limit, briefly)
	}
	c.home.exec.StartTimer(&k.timer, limit, k)
	w := c.enqueue()
	w.closes = k
	k.ticket = w.ticket
	k.act = c.stream.SetWriteDeadline(time.Time{})
	return closesIt
}

// Fire is the end of the time limit.
func (k *closing) Fire() {
	k.late = true
	wake(&k.waker)
}

func (k *closing) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	switch ticket {
	case tooLate:
		return struct{}{}, closedError("close")
	case notToBe:
		return struct{}{}, fmt.Errorf("rondo/websocket: a close with code %d and reason %q can't be sent", k.code, k.reason)
	}
	for k.stage != shutting {
		if k.late || !k.step(t) {
			if !k.late {
				k.waker = t.Waker()
				return struct{}{}, async.Pending
			}
			if k.c.flags&gotClose == 0 && k.err == nil {
				k.err = fmt.Errorf("websocket: the peer does not close: %w", os.ErrDeadlineExceeded)
			}
			k.shutDown()
		}
	}
	_, err := k.act.Poll(t)
	if async.IsPending(err) {
		return struct{}{}, err
	}
	if k.err != nil {
		err = k.err
	}
	return struct{}{}, err
}

func (k *closing) CancelOp(*async.Task, uint32) bool { return false }
func (k *closing) Settle(uint32, bool) int           { return 0 }

// step goes on with what it is at, and reports whether that is done.
func (k *closing) step(t *async.Task) (done bool) {
	c := k.c
	switch k.stage {
	case freeing:
		if _, err := k.act.Poll(t); async.IsPending(err) {
			return false
		}
		k.stage = telling
	case telling:
		// The peer may have to be heard before it takes anything.
		k.listen(t)
		w := c.sending(k.ticket)
		c.send(t, w)
		if !w.done {
			w.waker = t.Waker()
			return false
		}
		c.endSend(w)
		if k.stage = listening; k.brief {
			k.shutDown()
		}
	case listening:
		if !k.listen(t) {
			return false
		}
		var wrong *ViolationError
		switch err := c.failed(); {
		case c.flags&gotClose != 0 && c.flags&isClient == 0:
			k.shutDown()
		case c.flags&gotClose != 0:
			k.stage = draining // a server is the first to end the stream
		case errors.As(err, &wrong) && c.broken() == nil:
			k.err = err
			k.act = c.stream.CloseWrite()
			k.stage = ending
		default:
			k.err = err
			k.shutDown()
		}
	case ending:
		if _, err := k.act.Poll(t); async.IsPending(err) {
			return false
		}
		k.stage = draining
	case draining:
		if !k.drain(t) {
			return false
		}
		k.shutDown()
	}
	return true
}

// listen reads until the peer has closed, and reports whether it has, or has failed. A
// receive that is in flight does it instead, and gets the messages.
func (k *closing) listen(t *async.Task) (over bool) {
	c := k.c
	for c.turn == 0 {
		c.leaveLent(t)
		c.reclaim()
		how, err := c.advance(t, false)
		switch how {
		case gotMessage:
			c.in.ready = false
			c.reclaim()
			continue
		case interrupted:
			c.fail(err) // a deadline of the transport's
		}
		break
	}
	c.seeOff(t)
	return c.failed() != nil && c.parted(t)
}

// drain drops bytes until the stream ends.
func (k *closing) drain(t *async.Task) (ended bool) {
	c := k.c
	for {
		_, err := c.poll(t)
		if async.IsPending(err) {
			return false
		}
		if err != nil {
			return true
		}
	}
}

// shutDown begins with the end: the transport is closed, and so is all that is in flight.
func (k *closing) shutDown() {
	c := k.c
	if k.stage <= telling && k.ticket != 0 {
		c.endSend(c.sending(k.ticket)) // those behind it have to know
	}
	k.stage = shutting
	c.flags |= isClosed
	c.home.exec.StopTimer(&k.timer)
	c.keepQuiet()
	if p := c.cold.parting; p != nil {
		c.home.exec.StopTimer(&p.timer)
	}
	k.act = c.stream.Close()
	if in := c.in; in != nil && in.to == nil {
		c.in = nil // else who has it need not know of this
	}
	if c.turn != 0 {
		wake(&c.waker)
	}
	for _, p := range c.cold.pings {
		wake(&p.waker)
	}
	if c.out != nil {
		if w := c.out.first; w != nil {
			wake(&w.waker)
		}
	}
}
