package future_test

import (
	"fmt"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
)

// nursery is a world of leaves with a clock of its own, so that a run can be
// repeated and stopped anywhere.
type nursery struct {
	tb     testing.TB
	exec   *asynctest.Executor
	now    int
	leaves []*leaf
	used   map[int]int // tokens that a function was given
}

func newNursery(tb testing.TB) *nursery {
	return &nursery{tb: tb, exec: asynctest.New(tb), used: make(map[int]int)}
}

// move takes a step of some task, or else moves the clock to what is due next, and
// reports whether there was either. What was woken and is not polled, as the loser of a
// Race, is due no more.
func (n *nursery) move() bool {
	if n.exec.Step() {
		return true
	}
	next := -1
	for _, l := range n.leaves {
		if l.state.waits() && !l.overdue && (next < 0 || l.due < next) {
			next = l.due
		}
	}
	if next < 0 {
		return false
	}
	n.now = max(n.now, next)
	for i := range n.leaves { // nothing is added here: tasks don't run
		if l := n.leaves[i]; l.state.waits() && !l.overdue && l.due <= n.now {
			l.due, l.overdue = n.now, true
			l.waker.WakeLocal()
		}
	}
	return true
}

// A leaf is a future that takes some time, and has a token if it does not fail. It
// counts where its tokens went.
type leaf struct {
	n       *nursery
	id      int
	delay   int
	fails   bool
	leaving manner

	state     leafState
	loser     bool
	due       int
	overdue   bool // its waker was woken, it has not been polled since
	waker     *async.Waker
	delivered int // tokens that somebody took
}

// manner is what a leaf does when it is asked to give up.
type manner int

const (
	atOnce  manner = iota // idle
	happens               // it has its result all the same, at once
	slowly                // it ends a little later, with the cause
	late                  // it ends a little later, with its result
	manners
)

type leafState int

const (
	leafFresh leafState = iota
	leafArmed
	leafLeaving
	leafDone
)

// waits reports whether the leaf will wake somebody.
func (s leafState) waits() bool { return s == leafArmed || s == leafLeaving }

type leafError int

func (e leafError) Error() string { return fmt.Sprintf("leaf %d failed", int(e)) }

func (n *nursery) leaf(delay int, fails bool, m manner) *leaf {
	l := &leaf{n: n, id: len(n.leaves), delay: delay, fails: fails, leaving: m}
	n.leaves = append(n.leaves, l)
	return l
}

func (l *leaf) Poll(t *async.Task) (tokens []int, err error) {
	l.overdue = false
	switch l.state {
	case leafFresh:
		l.state, l.due = leafArmed, l.n.now+l.delay
	case leafDone:
		l.n.tb.Errorf("leaf %d polled after its result", l.id)
	}
	if l.n.now < l.due {
		l.waker = t.Waker()
		return nil, async.Pending
	}
	if l.state == leafLeaving && l.leaving == slowly {
		err = t.Cause()
		if err == nil {
			err = leafError(-1)
		}
	} else if l.fails {
		err = leafError(l.id)
	} else {
		tokens = []int{l.id}
	}
	if l.loser {
		l.state, l.loser = leafFresh, false // the token goes back
		return nil, err
	}
	l.state = leafDone
	l.delivered += len(tokens)
	return tokens, err
}

func (l *leaf) Cancel(_ *async.Task, loser bool) (idle bool) {
	switch l.state {
	case leafFresh:
		l.n.tb.Errorf("leaf %d was cancelled, but never started", l.id)
		return true
	case leafDone:
		l.n.tb.Errorf("leaf %d was cancelled after its result", l.id)
		return true
	case leafLeaving:
		l.loser = l.loser || loser
		return false
	}
	ripe := l.due <= l.n.now
	if l.leaving == atOnce && !ripe {
		l.state = leafFresh
		return true
	}
	l.loser = loser
	l.state, l.overdue = leafLeaving, false
	switch {
	case ripe:
		l.leaving = happens
	case l.leaving == happens:
		l.due = l.n.now
	default:
		l.due = l.n.now + 1
	}
	return false
}
