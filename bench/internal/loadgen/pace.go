package loadgen

import (
	"math"
	"time"
)

// A role is how a connection takes part in the load.
type role uint8

const (
	hurried role = iota // sends again as soon as it has an answer
	paced               // sends when its turn comes
	waiting             // is open, and no more
)

// A pace has a loop's paced connections send one after the other, so many a second
// whatever the server does. A request whose connection is not done with the one before
// is late: it is sent when the connection is free, but its latency is counted from
// when it should have been, so that a server that stalls is not asked less for it.
type pace struct {
	every time.Duration // between two requests
	order []int         // the connections, by index
	turn  int           // of all turns, the next
}

// newPace has each of the paced connections of a loop send so many a second.
func newPace(conns []conn, each float64) pace {
	var p pace
	for i := range conns {
		if conns[i].role == paced {
			p.order = append(p.order, i)
		}
	}
	if len(p.order) > 0 {
		p.every = time.Duration(float64(time.Second) / (each * float64(len(p.order))))
	}
	return p
}

// due returns the time of a turn.
func (p *pace) due(turn int) time.Duration { return time.Duration(turn) * p.every }

// keepPace sends what is due, and returns for how many milliseconds the loop may
// sleep. It watches the last one awake, since sleeping is not exact.
func (l *loop) keepPace(now time.Duration) (millis int) {
	p := &l.pace
	if len(p.order) == 0 {
		return math.MaxInt
	}
	for ; p.due(p.turn) <= now; p.turn++ {
		if c := &l.conns[p.order[p.turn%len(p.order)]]; c.fd >= 0 && !c.busy {
			c.turn = p.turn
			l.begin(c, p.due(p.turn))
		}
	}
	return int((p.due(p.turn) - now) / time.Millisecond)
}

// goOn has a connection that has been answered send again, if it is its time.
func (l *loop) goOn(c *conn, now time.Duration) {
	if c.role == hurried {
		l.begin(c, now)
		return
	}
	// Turns that came while it was busy are still to be taken.
	if next := c.turn + len(l.pace.order); next < l.pace.turn {
		c.turn = next
		l.begin(c, l.pace.due(next))
	}
}
