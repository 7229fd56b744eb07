package timer

import (
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/wheel"
)

// Sleep suspends the task for d or a little longer, never shorter; if d is not
// positive, until the others have had a turn. Cancelled, it returns the cause at
// once. It allocates nothing.
func Sleep(d time.Duration) async.Act { return async.Sleep(d) }

// At suspends the task until the time at; one that has passed is Sleep(0). From when
// it is awaited it goes by the monotonic clock, so changes of the wall clock don't
// move it after that; nor before, if at was made with time.Now and Add. One
// allocation.
func At(at time.Time) async.Act { return async.SleepUntil(at) }

// A Sleeper is a Sleep that can be used again: Reset starts it, also while it
// runs. As a future it is ready when the time has passed, and stays ready. The
// zero value is ready. It belongs to the executor of the task that polled it
// first, whose tasks call all methods, one at a time. It must not be copied after
// that.
type Sleeper struct {
	timer wheel.Timer
	exec  *async.Executor
	waker *async.Waker
	d     time.Duration
	state sleeperState
}

type sleeperState uint8

const (
	over    sleeperState = iota // ready
	set                         // Reset was called, before the first poll
	running                     // the timer runs
	stopped                     // never ready
)

// Reset makes s ready d from now, however far it had come. A Sleeper that was
// never polled has no clock yet, and counts from its first poll.
func (s *Sleeper) Reset(d time.Duration) {
	s.Stop()
	s.d, s.state = d, set
	if s.exec != nil {
		s.begin()
	}
}

// Stop makes s not ready until it is reset. It reports whether it was running.
func (s *Sleeper) Stop() (was bool) {
	was = s.state == set || s.state == running
	if s.exec != nil {
		s.exec.StopTimer(&s.timer)
	}
	s.state = stopped
	return was
}

func (s *Sleeper) begin() {
	s.state = running
	s.exec.StartTimer(&s.timer, s.d, (*alarm)(s))
}

// Poll makes s a Future.
func (s *Sleeper) Poll(t *async.Task) (struct{}, error) {
	if s.exec == nil {
		// In every state: a task that waits while s is stopped polls no more before
		// the Reset that it waits for has started the timer.
		s.exec = t.Executor()
	}
	switch s.state {
	case over:
		return struct{}{}, nil
	case set:
		s.begin()
	}
	s.waker = t.Waker()
	return struct{}{}, async.Pending
}

// Cancel makes s a Canceler. It goes on running: giving up the wait is not to stop
// the clock.
func (s *Sleeper) Cancel(*async.Task, bool) (idle bool) { return true }

// Await suspends t until s is ready.
func (s *Sleeper) Await(t *async.Task) error {
	_, err := async.Await(t, s)
	return err
}

// alarm is what a Sleeper does when its timer fires.
type alarm Sleeper

func (s *alarm) Fire() {
	s.state = over
	if s.waker != nil {
		s.waker.WakeLocal()
	}
}
