package future

import "rondo.dev/rondo/async"

// An arm is one of several futures of a combinator, and how far it has come. All
// that polls and cancels several goes through arms, so that each is polled only
// when it may be, and a panic of one is its end and no more: what combines them
// sees to the others before it goes on.
//
//	fresh --poll--> flying --its result--> landed
//	flying --giveUp--> fresh (idle), leaving or losing
//	leaving --its result--> landed
//	losing --its result, which nobody takes--> fresh
//	any of these but landed --panic--> burst
type arm[T any] struct {
	f     async.Future[T]
	val   T
	err   error
	state stage
}

type stage uint8

const (
	fresh   stage = iota // not started, or as if it had not been
	flying               // polled, and pending
	leaving              // asked to give up; its result counts
	losing               // asked to give up as a loser
	landed               // the result is in val and err
	burst                // has panicked; err is the *async.PanicError
)

// child is an arm of any type.
type child interface {
	stage() stage
	poll(t *async.Task) stage
	giveUp(t *async.Task, loser bool) stage
	failure() error
}

func (a *arm[T]) stage() stage { return a.state }

// failure is the error of an arm that has landed or burst.
func (a *arm[T]) failure() error { return a.err }

// poll polls the future, which has not landed, and returns the stage then.
func (a *arm[T]) poll(t *async.Task) (s stage) {
	returned := false
	defer func() {
		if !returned {
			s = a.burst(recover())
		}
	}()
	v, err := a.f.Poll(t)
	returned = true
	switch {
	case async.IsPending(err):
		if a.state == fresh {
			a.state = flying
		}
	case a.state == losing:
		a.state = fresh
	default:
		a.val, a.err, a.state = v, err, landed
	}
	return a.state
}

// giveUp asks a future that is in flight to give up. One that was asked already is
// asked again only to become a loser.
func (a *arm[T]) giveUp(t *async.Task, loser bool) (s stage) {
	if a.state != flying && (a.state != leaving || !loser) {
		return a.state
	}
	returned := false
	defer func() {
		if !returned {
			s = a.burst(recover())
		}
	}()
	idle := async.GiveUp(t, a.f, loser)
	returned = true
	switch {
	case idle:
		a.state = fresh
	case loser:
		a.state = losing
	default:
		a.state = leaving
	}
	return a.state
}

// burst is called with what was recovered; nil is a runtime.Goexit, which goes on.
func (a *arm[T]) burst(p any) stage {
	a.state = burst
	if p != nil {
		a.err = async.NewPanicError(p)
	}
	return burst
}

// take returns the result of an arm that has landed, or nothing, and makes it
// fresh.
func (a *arm[T]) take() (v T) {
	v = a.val
	*a = arm[T]{f: a.f}
	return v
}

// inFlight reports whether there is something to wait for.
func (s stage) inFlight() bool { return s == flying || s.giving() }

// giving reports whether it was asked to give up, and has not ended yet.
func (s stage) giving() bool { return s == leaving || s == losing }
