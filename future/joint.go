package future

import (
	"errors"

	"rondo.dev/rondo/async"
)

// joint is what every Join of a few futures does, whatever their types: poll those
// that have not landed, and see the whole to its end. Its methods are handed the
// arms, which are fields of the same struct.
//
// quitting says that no arm is started any more, because one has failed (of a
// TryJoin) or panicked, or because the whole was asked to give up. What is in
// flight then is waited for.
type joint struct {
	try      bool // the first failure ends it
	quitting bool
	loser    bool // asked to give up as a loser: nobody takes the result
	over     bool
	err      error // the first failure of a TryJoin
	cause    error // why it was asked to give up: the error of what has not landed
	panicked error
}

// poll returns Pending, or the error that it ends with; then the values are in the
// arms.
func (j *joint) poll(t *async.Task, arms ...child) error {
	if j.over {
		panic("rondo/future: a Join was polled after it had its result")
	}
	if !j.quitting {
		for _, a := range arms {
			if a.stage() != landed && j.ends(a, a.poll(t)) {
				j.quitting = true
				for _, other := range arms {
					other.giveUp(t, true)
				}
				break
			}
		}
	}
	if j.quitting {
		for _, a := range arms {
			if a.stage().inFlight() {
				j.ends(a, a.poll(t))
			}
		}
	}
	for _, a := range arms {
		if a.stage().inFlight() {
			return async.Pending
		}
	}
	return j.end(arms)
}

// ends takes note of how an arm was left by a poll, and reports whether that is the
// end of the whole.
func (j *joint) ends(a child, s stage) bool {
	switch {
	case s == burst:
		j.panicked = a.failure()
	case s == landed && j.try && a.failure() != nil:
		if j.err == nil {
			j.err = a.failure()
		}
	default:
		return false
	}
	return true
}

// end is called when nothing is in flight. A join that nobody takes the result of
// keeps what has landed, and can be polled again.
func (j *joint) end(arms []child) error {
	switch {
	case j.panicked != nil:
		j.over = true
		panic(j.panicked)
	case j.loser:
		j.loser, j.cause = false, nil
		j.quitting = j.err != nil
		return errLost
	}
	j.over = true
	if j.err != nil {
		return j.err
	}
	return joinErrors(j.cause, arms)
}

// errLost is what those yield whose result nobody takes.
var errLost = errors.New("rondo/future: gave up")

// joinErrors joins the errors of the arms, each once; that of one that has not
// landed is the cause. One alone stays what it is.
func joinErrors(cause error, arms []child) error {
	var errs []error
	for _, a := range arms {
		if a.stage() == landed {
			errs = addError(errs, a.failure())
		} else {
			errs = addError(errs, cause)
		}
	}
	return joined(errs)
}

// addError compares with the ends of the list only: there may be thousands.
func addError(errs []error, err error) []error {
	if n := len(errs); err == nil || n > 0 && (errors.Is(errs[0], err) || errors.Is(errs[n-1], err)) {
		return errs
	}
	return append(errs, err)
}

func joined(errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}

func (j *joint) cancel(t *async.Task, loser bool, arms ...child) (idle bool) {
	if j.over {
		return true
	}
	busy, holds := false, j.panicked != nil
	for _, a := range arms {
		s := a.giveUp(t, loser)
		if s == burst {
			j.ends(a, s)
			holds = true
		}
		busy = busy || s.inFlight()
		holds = holds || s == landed && !loser
	}
	if !busy && !holds {
		j.loser, j.cause, j.quitting = false, nil, j.err != nil
		return true
	}
	j.quitting, j.loser, j.cause = true, loser, cause(t)
	return false
}
