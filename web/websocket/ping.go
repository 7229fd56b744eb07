package websocket

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/wheel"
	"rondo.dev/rondo/web/websocket/internal/wire"
)

// pinged is told of the peer's ping.
func (c *Conn) pinged(payload []byte) {
	out := c.outbox()
	out.pong = append(out.pong[:0], payload...)
	out.pongDue = true
}

// pinging is a Ping in flight. It has its ticket for payload.
type pinging struct {
	ticket uint32
	sent   bool
	heard  bool
	waker  *async.Waker
}

// Ping sends a ping and waits for the answer, which is only seen while somebody
// receives.
func (c *Conn) Ping() async.Act { return async.NewAct((*pinger)(c), 0) }

// pinger is the source of Ping.
type pinger Conn

func (x *pinger) Home() *async.Executor { return x.home.exec }

func (x *pinger) Start(*async.Task, []byte, uint64) uint32 {
	c := (*Conn)(x)
	p := &pinging{ticket: c.home.ticket()}
	k := c.rare()
	k.pings = append(k.pings, p)
	c.outbox()
	return p.ticket
}

func (x *pinger) PollOp(t *async.Task, ticket uint32, keep bool) (struct{}, error) {
	c := (*Conn)(x)
	p := c.ping(ticket)
	c.seeOff(t)
	var err error
	switch {
	case p.heard:
	case c.flags&isClosed != 0, c.flags&sentClose != 0 && !p.sent:
		err = closedError("ping")
	case c.failed() != nil:
		err = c.failed()
	case c.broken() != nil:
		err = c.broken()
	default:
		p.waker = t.Waker()
		return struct{}{}, async.Pending
	}
	if !keep {
		c.endPing(p)
	}
	return struct{}{}, err
}

func (x *pinger) CancelOp(_ *async.Task, ticket uint32) (idle bool) {
	c := (*Conn)(x)
	c.endPing(c.ping(ticket))
	return true
}

func (x *pinger) Settle(ticket uint32, _ bool) int {
	c := (*Conn)(x)
	c.endPing(c.ping(ticket))
	return 0
}

func (c *Conn) ping(ticket uint32) *pinging {
	if c.cold != nil {
		for _, p := range c.cold.pings {
			if p.ticket == ticket {
				return p
			}
		}
	}
	panic("rondo/websocket: a ping was polled that is not in flight: it has had its result, or is a copy of one that has")
}

func (c *Conn) endPing(p *pinging) {
	c.cold.pings = slices.DeleteFunc(c.cold.pings, func(x *pinging) bool { return x == p })
	if c.tidy(); c.out != nil && c.out.first == nil {
		c.nudge()
	}
}

// collectPings makes those ready that were not sent.
func (c *Conn) collectPings() {
	for _, p := range c.cold.pings {
		if !p.sent {
			p.sent = true
			c.control(wire.Ping, binary.BigEndian.AppendUint32(nil, p.ticket))
		}
	}
}

// ponged is told of a pong. It answers the pings before the one that it names, too; one
// that nobody has asked for means nothing.
func (c *Conn) ponged(payload []byte) {
	if c.cold == nil || len(payload) != 4 {
		return
	}
	pings := c.cold.pings
	ticket := binary.BigEndian.Uint32(payload)
	i := slices.IndexFunc(pings, func(p *pinging) bool { return p.ticket == ticket && p.sent })
	for _, p := range pings[:i+1] {
		p.heard = true
		wake(&p.waker)
	}
}

// keepalive looks after a silent peer while a Receive waits. It has no timer in between,
// so that a connection that was left alone is left alone by the wheel too.
//
// A ping that is due waits for the end of a frame. A peer that takes of that is there.
type keepalive struct {
	timer wheel.Timer
	c     *Conn
	last  int64 // when there was a sign of life
	asked bool  // a ping is due since, or was sent
}

// keepAlive starts the timer for a receive that waits.
func (c *Conn) keepAlive() {
	if c.cold == nil || c.cold.keep == nil || c.cold.keep.timer.Active() || c.cold.failed != nil {
		return
	}
	k := c.cold.keep
	k.last, k.asked = c.home.exec.Now(), false
	k.start(c.opts.PingEvery)
}

// keepQuiet stops it.
func (c *Conn) keepQuiet() {
	if c.cold != nil && c.cold.keep != nil {
		c.home.exec.StopTimer(&c.cold.keep.timer)
	}
}

func (k *keepalive) start(d time.Duration) { k.c.home.exec.StartTimer(&k.timer, d, k) }

// asks makes keepalive's ping ready: from now on the peer has time to answer.
func (c *Conn) asks() {
	c.control(wire.Ping, nil)
	if k := c.cold.keep; k.timer.Active() {
		k.asked = true
		k.start(c.opts.pongWithin())
	}
}

// heard is told of a sign of life.
func (c *Conn) heard() {
	if c.cold != nil && c.cold.keep != nil {
		c.cold.keep.last, c.cold.keep.asked = c.home.exec.Now(), false
	}
}

// Fire is called by the wheel.
func (k *keepalive) Fire() {
	c := k.c
	every := c.opts.PingEvery
	quiet := time.Duration(c.home.exec.Now() - k.last)
	switch {
	case c.failed() != nil || c.flags&(isClosed|sentClose) != 0:
	case quiet < every:
		k.start(every - quiet)
	case !k.asked:
		k.asked = true
		c.outbox().asks = true
		k.start(c.opts.pongWithin())
		c.nudge()
	default:
		does := "answer pings"
		if c.out != nil && c.out.asks {
			does = "take what is sent"
		}
		c.fail(fmt.Errorf("websocket: the peer does not %s: %w", does, os.ErrDeadlineExceeded))
		if c.rare().broken == nil {
			c.cold.broken = c.cold.failed // it is not there to be told anything
		}
	}
}
