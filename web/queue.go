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
}

func (q *queue) push(c *connection) {
	c.queue, c.prev, c.next = q, q.last, nil
	if q.last != nil {
		q.last.next = c
	} else {
		q.first = c
	}
	q.last = c
	if q.limit > 0 {
		c.since = q.shard.exec.Now()
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
	c.queue, c.prev, c.next = nil, nil, nil
}

// Fire ends those whose time is over. The timer is not stopped when the first one
// leaves: that would cost each request as much as it saves the few that wait long.
func (q *queue) Fire() {
	now := q.shard.exec.Now()
	c := q.first
	for ; c != nil && now-c.since >= int64(q.limit); c = c.next {
		c.late = true
		c.core.WakeLocal()
	}
	if c != nil {
		q.shard.exec.StartTimer(&q.timer, q.limit-time.Duration(now-c.since), q)
	}
}

// enter moves c to another queue.
func (c *connection) enter(q *queue) {
	if c.queue == q {
		return
	}
	if c.queue != nil {
		c.queue.remove(c)
	}
	c.late = false
	q.push(c)
}
