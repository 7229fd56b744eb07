package rondo

import (
	"testing"
	"time"
)

// A loop gives way often and for nothing where nobody computes; in a crowd it keeps
// what it had to wait for.
func TestCourtesy(t *testing.T) {
	const us, ms = time.Microsecond, time.Millisecond
	var c courtesy
	now := time.Duration(0)
	due := func(after time.Duration, want bool) {
		t.Helper()
		if got := c.due(now + after); got != want {
			t.Errorf("due after %v of %v: %v", after, now, got)
		}
	}
	lingers := func(idle time.Duration, want bool) {
		t.Helper()
		if got := c.lingers(idle); got != want {
			t.Errorf("lingers after %v: %v", idle, got)
		}
	}
	give := func(away time.Duration) {
		c.gaveWay(now, now+away)
		now += away
	}

	due(200*us, false)
	due(201*us, true)
	give(2 * us)
	due(200*us, false)
	due(201*us, true)
	lingers(0, false)

	// A park is no reason not to ask.
	c.parked(now + ms)
	due(ms, true)

	// A crowd: as long as it took, and no longer than the scheduler lets it.
	give(3 * ms)
	due(3*ms, false)
	due(3*ms+1, true)
	lingers(99*us, true)
	lingers(100*us, false)
	give(40 * ms)
	due(10*ms, false)
	due(10*ms+1, true)

	// Who parks has given way, but asks again some time.
	for range 9 {
		now += 11 * ms
		c.parked(now)
		due(ms, false)
	}
	due(2*ms, true)

	give(10 * us)
	lingers(0, false)
	due(201*us, true)
}
