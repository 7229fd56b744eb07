package loadgen

import (
	"testing"
	"time"
)

// A connection that is late sends as often as it should have, and is told of as late.
func TestPace(t *testing.T) {
	conns := make([]conn, 4)
	for i := range conns {
		conns[i].fd, conns[i].role, conns[i].busy = -1, paced, true // nothing is sent
	}
	conns[1].role = waiting
	l := &loop{conns: conns, pace: newPace(conns, 100)}
	if l.pace.every != time.Second/300 {
		t.Errorf("a turn takes %v", l.pace.every)
	}
	now := 10 * l.pace.every
	if millis := l.keepPace(now); millis != 3 || l.pace.turn != 11 {
		t.Errorf("the loop may sleep %d ms, and turn %d is next", millis, l.pace.turn)
	}
	if l.keepPace(now+l.pace.every-time.Millisecond/2) != 0 {
		t.Error("the loop may sleep for the last moment")
	}
	quick := newPace(conns[:0], 0)
	if len(quick.order) != 0 || (&loop{pace: quick}).keepPace(now) < 1000 {
		t.Error("nobody is paced, and yet the loop may not sleep")
	}
}
