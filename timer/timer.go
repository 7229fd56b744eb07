package timer

import (
	"math"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/wheel"
)

// Sleep suspends the task for d or a little longer, never shorter. Cancelled, it
// returns at once. It allocates nothing.
func Sleep(d time.Duration) async.Act { return async.Sleep(d) }

// At suspends the task until the time at. It goes by the monotonic clock from the
// moment of the call, so later changes of the wall clock don't move it.
func At(at time.Time) async.Act { return Sleep(time.Until(at)) }

// A Sleeper is a Sleep that can be used again: Reset starts it, also while it
// runs. As a future it is ready when the time has passed. The zero value is
// ready when polled. Its methods are for tasks of one executor.
type Sleeper struct {
	timer wheel.Timer
	exec  *async.Executor
	waker *async.Waker
	d     time.Duration
	state sleeperState
}

type sleeperState uint8

const (
	unset   sleeperState = iota
	set                  // Reset was called, not yet polled
	running              // the timer runs
	fired
)

// Reset makes s ready d from the next poll on; what it was waiting for before is
// forgotten.
func (s *Sleeper) Reset(d time.Duration) {
	s.Stop()
	s.d, s.state = d, set
	if s.exec != nil {
		s.begin()
	}
}

// Stop makes s never ready, until it is reset. It reports whether s was running.
func (s *Sleeper) Stop() (was bool) {
	if s.exec != nil {
		was = s.exec.StopTimer(&s.timer)
	}
	s.state, s.d = set, math.MaxInt64
	return was
}

func (s *Sleeper) begin() {
	s.state = running
	s.exec.StartTimer(&s.timer, s.d, s)
}

// Poll makes s a Future.
func (s *Sleeper) Poll(t *async.Task) (struct{}, error) {
	if s.state == set {
		s.exec = t.Executor()
		s.begin()
	}
	if s.state == running {
		s.waker = t.Waker()
		return struct{}{}, async.Pending
	}
	return struct{}{}, nil
}

// Cancel makes s a Canceler. A loser goes on running.
func (s *Sleeper) Cancel(_ *async.Task, loser bool) (idle bool) {
	if !loser {
		s.Stop()
	}
	return true
}

// Await suspends t until s is ready.
func (s *Sleeper) Await(t *async.Task) error {
	_, err := async.Await(t, s)
	return err
}

// Fire is called by the wheel.
func (s *Sleeper) Fire() {
	s.state = fired
	if s.waker != nil {
		s.waker.WakeLocal()
	}
}
