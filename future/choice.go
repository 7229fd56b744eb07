package future

import "rondo.dev/rondo/async"

// choice is what every Select and Race does, whatever the types: it is racing,
// until its result is decided; then it waits for the end of what was asked to give
// up. Which future decides is a different question from which are waited for: when
// the task is cancelled, all are, and the end of the first decides.
type choice struct {
	keep      bool // losers stay in flight, and it can be polled again: Race
	decided   bool
	takeFirst bool // decided without a winner: the end of the first is the result
	loser     bool // it was cancelled as a loser: nobody takes the result
	over      bool
	won       uint8
	from      uint8 // where to begin to look
	cause     error // the result, if the first has none
	panicked  error
}

// none is the winner when there is none.
const none = -1

// poll returns who has won, with its error, or none and either Pending or the error
// that the whole ends with.
func (c *choice) poll(t *async.Task, arms ...child) (won int, err error) {
	if c.over {
		panic("rondo/future: Select polled after it had its result")
	}
	if !c.decided {
		c.race(t, arms)
	}
	if !c.decided || !c.drained(t, arms) {
		return none, async.Pending
	}
	return c.end(arms)
}

func (c *choice) race(t *async.Task, arms []child) {
	for i := range arms {
		i = (i + int(c.from)) % len(arms)
		switch arms[i].poll(t) {
		case landed:
			c.won = uint8(i)
		case burst:
			c.panicked = arms[i].failure()
		default:
			continue
		}
		c.decided = true
		if !c.keep || c.panicked != nil {
			for _, a := range arms {
				a.giveUp(t, true)
			}
		}
		return
	}
}

// drained reports whether all that was asked to give up has ended.
func (c *choice) drained(t *async.Task, arms []child) bool {
	over := true
	for _, a := range arms {
		s := a.stage()
		if s.giving() {
			s = a.poll(t)
		}
		if s == burst {
			c.panicked = a.failure()
		}
		over = over && !s.giving()
	}
	return over
}

// end is called with the result. If nobody takes it, c is as if it had not been
// started; but what a winner has yielded can't be put back from here, so that
// stays decided, and is there for the next poll.
func (c *choice) end(arms []child) (won int, err error) {
	switch {
	case c.panicked != nil:
		c.over = true
		panic(c.panicked)
	case c.loser:
		c.loser = false
		c.settleFirst(arms)
		c.decided = !c.takeFirst
		c.takeFirst = false
		return none, errLost
	case c.takeFirst && arms[0].stage() != landed:
		won, err = none, c.cause
	case c.takeFirst:
		won, err = 0, arms[0].failure()
	default:
		won, err = int(c.won), arms[c.won].failure()
		c.from = uint8((won + 1) % len(arms))
	}
	c.over = !c.keep
	c.decided, c.takeFirst, c.cause = false, false, nil
	return won, err
}

// settleFirst makes the first the winner if its end was to be the result, and has
// come.
func (c *choice) settleFirst(arms []child) {
	if c.takeFirst && arms[0].stage() == landed {
		c.takeFirst, c.won = false, 0
	}
}

func (c *choice) cancel(t *async.Task, loser bool, arms ...child) (idle bool) {
	c.settleFirst(arms)
	switch {
	case c.over:
		return true
	case c.decided && !c.takeFirst:
		// With a winner already, that is the result, as soon as the losers have
		// ended. It is there for the next poll if nobody takes it now.
		c.loser = loser
		return false
	case c.keep && loser && !c.decided:
		return true // the futures are only borrowed
	}
	busy := false
	for i, a := range arms {
		s := a.giveUp(t, loser || i > 0)
		if s == burst {
			c.panicked = a.failure()
		}
		busy = busy || s.giving() || s == burst
	}
	if !busy {
		c.decided, c.takeFirst, c.loser = false, false, false
		return true
	}
	c.decided, c.takeFirst, c.loser, c.cause = true, true, loser, cause(t)
	return false
}
