package web

import (
	"time"

	"rondo.dev/rondo/internal/wheel"
)

// queue is the connections that wait for the same, for the same time at most: those
// that came first are the first whose time is over, so all of them need one timer,
// and a connection two pointers and the moment since when it waits.
type queue struct {
	shard *shard
	limit time.Duration // 0: none
	first *connection
	last  *connection
	timer wheel.Timer

	looked bool // see secondLook
}

// place says which of its shard's queues a connection is in.
type place uint8

const (
	nowhere place = iota
	idle          // waits for a request
	heads         // waits for the rest of a head, or for its first
	busy          // anything else, for which there is no common limit
	places
)

// enter moves c to another queue.
func (c *connection) enter(p place) {
	if c.place == p {
		return
	}
	c.exit()
	c.place, c.late = p, false
	c.shard.queues[p].push(c)
}

// exit takes c out of its queue.
func (c *connection) exit() {
	if c.place != nowhere {
		c.shard.queues[c.place].remove(c)
		c.place = nowhere
	}
}

func (q *queue) push(c *connection) {
	c.prev, c.next = q.last, nil
	if q.last != nil {
		q.last.next = c
	} else {
		q.first = c
	}
	q.last = c
	if q.limit > 0 {
		c.since = q.now() + 1 // rounded up: nobody's time is over early
		if !q.timer.Active() {
			q.shard.exec.StartTimer(&q.timer, q.limit, q)
		}
	}
}

func (q *queue) remove(c *connection) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		q.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		q.last = c.prev
	}
	c.prev, c.next = nil, nil
}

// now is the time in milliseconds, of which only differences are meant.
func (q *queue) now() int32 { return int32(q.shard.exec.Now() / int64(time.Millisecond)) }

// Fire ends those whose time is over. The timer is not stopped when the first one
// leaves: that would cost each request as much as it saves the few that wait long.
func (q *queue) Fire() {
	if q.looked = !q.looked; q.looked {
		q.shard.exec.StartTimer(&q.timer, secondLook, q)
		return
	}
	now := q.now()
	for c := q.first; c != nil; c = c.next {
		if left := q.limit - time.Duration(now-c.since)*time.Millisecond; left > 0 {
			q.shard.exec.StartTimer(&q.timer, left, q)
			return
		}
		c.late = true
		c.core.WakeLocal()
	}
}
