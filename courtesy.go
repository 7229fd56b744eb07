package rondo

import "time"

// courtesy is how a loop shares the processors with the goroutines of the program.
//
// As long as those leave processors free, a busy loop offers its own now and then and
// has it back at once, and a loop with nothing to do parks. Where goroutines compute
// on all of them, whatever a loop gives away it has back after a time slice of the Go
// scheduler, 10 ms or more: a loop that gave way after every 200 us would have a
// fiftieth of a processor, and one that parked between a request and the next would
// make each of them wait for a slice. So in a crowd a loop keeps a processor for as
// long as it had to wait for it, and lingers a little before it parks.
type courtesy struct {
	crowded bool          // somebody else computes: giving way took long
	turn    time.Duration // how long that was: the loop may keep the processor as long
	gave    time.Duration // when it has last given it away
	asked   time.Duration // when it was last seen how long that takes
}

const (
	// shortTurn is how long a loop keeps its processor where nobody computes, so that
	// others need not wait for the scheduler to take it.
	shortTurn = 200 * time.Microsecond

	// longTurn is when the scheduler would take it.
	longTurn = 10 * time.Millisecond

	// crowdAfter is how long a processor is away if somebody else computes on it:
	// what only looks after something is done in less.
	crowdAfter = time.Millisecond

	// askAgain is how long a loop that parks takes a crowd for granted.
	askAgain = 100 * time.Millisecond

	// lingering is how long a peer may take to answer what it was sent.
	lingering = 100 * time.Microsecond
)

// due reports whether to give way. Where there is no crowd that is only to see
// whether there still is none, if the loop has parked meanwhile.
func (c *courtesy) due(now time.Duration) bool {
	return now-c.gave > max(c.turn, shortTurn) || c.crowded && now-c.asked > askAgain
}

// gaveWay takes note of how long the processor was away.
func (c *courtesy) gaveWay(from, to time.Duration) {
	away := to - from
	c.crowded = away > crowdAfter
	c.turn = min(away, longTurn)
	c.gave, c.asked = to, to
}

// parked takes note of a park, which gives the processor away too.
func (c *courtesy) parked(now time.Duration) {
	if c.crowded {
		c.gave = now
	}
}

// lingers reports whether a loop that has had nothing to do for so long should look
// again instead of parking.
func (c *courtesy) lingers(idle time.Duration) bool { return c.crowded && idle < lingering }
