package green

import (
	"net"
	"sync/atomic"
	"time"

	"rondo.dev/rondo/async"
)

// limits are the deadlines of a connection that its loop does not know of yet.
// Goroutines leave them here, and the loop, or the next task that uses the
// connection, takes them: so the one that was set last is the one that counts,
// whoever set it, and nobody waits. They are guarded by conn.mu.
type limits struct {
	waiting atomic.Bool // one of them is set
	at      [2]time.Time
	isSet   [2]bool
}

const (
	forRead = 1 << iota // an index of limits, as a bit
	forWrite
)

func (g *conn) SetDeadline(at time.Time) error      { return g.setDeadline(at, forRead|forWrite) }
func (g *conn) SetReadDeadline(at time.Time) error  { return g.setDeadline(at, forRead) }
func (g *conn) SetWriteDeadline(at time.Time) error { return g.setDeadline(at, forWrite) }

func (g *conn) setDeadline(at time.Time, dirs int) error {
	if g.closed.Load() {
		return g.error("set", net.ErrClosed)
	}
	g.mu.Lock()
	for i := range g.limits.at {
		if dirs&(1<<i) != 0 {
			g.limits.at[i], g.limits.isSet[i] = at, true
		}
	}
	g.limits.waiting.Store(true)
	g.mu.Unlock()
	if g.twin != nil {
		if err := g.twin.setDeadline(at, dirs); err != nil {
			return err
		}
	}
	c := g.stream()
	if c == nil {
		return nil // whoever brings it to a loop takes them along
	}
	if t := g.caller(); t != nil {
		return g.applyLimits(t)
	}
	return start(c.Home(), g.applyLimits, nil)
}

// applyLimits tells the connection. They count from the moment when their
// operations begin, which is before t is suspended, if it is.
func (g *conn) applyLimits(t *async.Task) error {
	g.mu.Lock()
	l := &g.limits
	at, isSet := l.at, l.isSet
	l.isSet = [2]bool{}
	l.waiting.Store(false)
	g.mu.Unlock()
	c := g.stream()
	t = t.WithoutCancel()
	var err error
	if isSet[0] {
		err = c.SetReadDeadline(at[0]).Await(t)
	}
	if isSet[1] && err == nil {
		err = c.SetWriteDeadline(at[1]).Await(t)
	}
	return err
}
