package future

import "rondo.dev/rondo/async"

// gathering is what is done with the futures of a slice, of which only the woken
// are polled: JoinAll, TryJoinAll, SelectAll and FirstSuccess. They differ in their
// goal, and in whose result counts when they are asked to give up.
//
// quitting says that no member is started any more, because the goal is reached, a
// member has panicked, or the whole was asked to give up. What is in flight then is
// waited for. What has landed stays, also if nobody takes it now.
type gathering[T any] struct {
	crowd    crowd[T]
	members  []member[T]
	goal     goal
	ended    int // members that have landed
	won      int // whose result is the result, or none
	quitting bool
	loser    bool // asked to give up as a loser: nobody takes the result
	over     bool
	err      error // the first failure
	cause    error // why it was asked to give up
	panicked error
}

type goal uint8

const (
	allEnd goal = iota
	oneFails
	oneEnds
	oneSucceeds
)

// begin is called when the gathering is where it stays: its members point to it.
func (g *gathering[T]) begin(goal goal, fs []async.Future[T]) {
	g.goal, g.won = goal, none
	g.members = make([]member[T], len(fs))
	for i, f := range fs {
		g.members[i].join(&g.crowd, f)
	}
}

// reached reports whether there is nothing more to start.
func (g *gathering[T]) reached() bool {
	switch {
	case g.ended == len(g.members), g.panicked != nil:
		return true
	case g.goal == oneFails:
		return g.err != nil
	}
	return g.won != none
}

// poll returns Pending, or nil when it is over; then the results are in the
// members, won, err and cause.
func (g *gathering[T]) poll(t *async.Task) error {
	if g.over {
		panic("rondo/future: the future of a slice was polled after it had its result")
	}
	turns := g.crowd.attend(t)
	if !g.quitting {
		for !g.reached() {
			m := g.crowd.step(t, &turns, true)
			if m == nil {
				return async.Pending
			}
			g.left(m)
		}
		g.quitting = true
		if g.crowd.inFlight > 0 {
			for i := range g.members {
				g.giveUp(t, &g.members[i], true)
			}
		}
		turns = g.crowd.queued
	}
	for g.crowd.inFlight > 0 {
		m := g.crowd.step(t, &turns, false)
		if m == nil {
			return async.Pending
		}
		g.left(m)
	}
	return g.end()
}

// left takes note of a member that is not in flight any more.
func (g *gathering[T]) left(m *member[T]) {
	switch {
	case m.state == burst:
		g.panicked = m.err
	case m.state != landed:
	default:
		g.ended++
		if m.err != nil && g.err == nil {
			g.err = m.err
		}
		// Once it was asked to give up, only one member can still land: the one
		// whose end is the result, whatever it is.
		if g.won == none && (g.goal == oneEnds || g.goal == oneSucceeds && (m.err == nil || g.cause != nil)) {
			g.won = g.index(m)
		}
	}
}

func (g *gathering[T]) index(m *member[T]) int {
	for i := range g.members {
		if &g.members[i] == m {
			return i
		}
	}
	return none
}

// end is called when nothing is in flight.
func (g *gathering[T]) end() error {
	switch {
	case g.panicked != nil:
		g.over = true
		panic(g.panicked)
	case g.loser:
		g.resume()
		return errLost
	}
	g.over = true
	return nil
}

// resume makes it ready to be polled again, after it has lost.
func (g *gathering[T]) resume() {
	g.loser, g.cause = false, nil
	g.quitting = false // the next poll finds out if the goal is reached
	for i := range g.members {
		if m := &g.members[i]; m.state == fresh {
			g.crowd.enqueue(m)
		}
	}
}

func (g *gathering[T]) giveUp(t *async.Task, m *member[T], loser bool) stage {
	s := g.crowd.giveUp(t, m, loser)
	if s == burst {
		g.panicked = m.err
	}
	return s
}

// Cancel makes whatever embeds it a Canceler. Of those of which only one result
// can be delivered, the end of the first that is in flight is that result.
func (g *gathering[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	if g.over {
		return true
	}
	one := g.goal == oneEnds || g.goal == oneSucceeds
	others := loser || one && g.reached()
	for i := range g.members {
		m := &g.members[i]
		if m.state.inFlight() {
			g.giveUp(t, m, others)
			others = others || one
		}
	}
	holds := g.panicked != nil || !loser && (g.ended > 0 && !one || g.won != none)
	if g.crowd.inFlight == 0 && !holds {
		g.resume()
		return true
	}
	g.quitting, g.loser, g.cause = true, loser, cause(t)
	return false
}

// errors joins the errors of all members; see joinErrors.
func (g *gathering[T]) errors() error {
	var errs []error
	for i := range g.members {
		if m := &g.members[i]; m.state == landed {
			errs = addError(errs, m.err)
		} else {
			errs = addError(errs, g.cause)
		}
	}
	return joined(errs)
}
