package process

import (
	"slices"

	"rondo.dev/rondo/async"
)

// Wait waits until the program has ended and its output was copied. It may be called
// by several, from everywhere, also when all is over: each gets the same.
//
// The error is nil if the program has succeeded; why it was killed, if that was
// because its task was cancelled; else the first of: the error of the writer that its
// output was copied to, an *exec.ExitError if it has failed, exec.ErrWaitDelay if its
// output did not end in time, the error of the reader of its input.
//
// A Wait that is cancelled, or loses, leaves the program running. Only the
// cancellation of the task that has started it kills it, and then Wait stays until
// it has ended.
func (c *Cmd) Wait() async.Act {
	if c.run == nil {
		return async.NewAct(notStarted{}, 0)
	}
	return async.NewAct((*wait)(c.run), 0)
}

// waits are those who wait, and the result.
type waits struct {
	done    bool
	err     error
	waiting []waiter
	tickets uint32
}

type waiter struct {
	ticket uint32
	waker  *async.Waker
}

// over tells them the result.
func (s *waits) over(err error) {
	s.done, s.err = true, err
	for _, w := range s.waiting {
		if w.waker != nil {
			w.waker.WakeLocal()
		}
	}
}

func (s *waits) find(ticket uint32) int {
	i := slices.IndexFunc(s.waiting, func(w waiter) bool { return w.ticket == ticket })
	if i < 0 {
		panic("rondo/process: a Wait was polled that is not in flight: it has had its result, or is a copy of one that has")
	}
	return i
}

func (s *waits) remove(ticket uint32) {
	i := s.find(ticket)
	s.waiting = slices.Delete(s.waiting, i, i+1)
}

// wait is the source of Wait.
type wait running

func (x *wait) Home() *async.Executor { return x.exec }

func (x *wait) Start(*async.Task, []byte, uint64) uint32 {
	s := &x.waits
	if s.tickets++; s.tickets == 0 {
		s.tickets = 1
	}
	s.waiting = append(s.waiting, waiter{ticket: s.tickets})
	return s.tickets
}

func (x *wait) PollOp(t *async.Task, ticket uint32, keep bool) (struct{}, error) {
	s := &x.waits
	i := s.find(ticket)
	if !s.done {
		s.waiting[i].waker = t.Waker()
		return struct{}{}, async.Pending
	}
	if !keep {
		s.remove(ticket)
	}
	return struct{}{}, s.err
}

// CancelOp gives up at once, unless the program was cancelled too: its end is near
// then, and the result is why.
func (x *wait) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	if x.waits.done || t.Cause() != nil && x.owner.Cause() != nil {
		return false
	}
	x.waits.remove(ticket)
	return true
}

func (x *wait) Settle(ticket uint32, _ bool) int {
	x.waits.remove(ticket)
	return 0
}

// notStarted is the source of a Wait too early.
type notStarted struct{}

func (notStarted) Home() *async.Executor                    { return nil }
func (notStarted) Start(*async.Task, []byte, uint64) uint32 { return 1 }
func (notStarted) CancelOp(*async.Task, uint32) (idle bool) { return true }
func (notStarted) Settle(uint32, bool) int                  { return 0 }
func (notStarted) PollOp(*async.Task, uint32, bool) (struct{}, error) {
	return struct{}{}, errNotStarted
}
