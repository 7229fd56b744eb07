package async_test

import (
	"errors"
	"fmt"
	"testing"

	"rondo.dev/rondo/internal/interleave"
)

// The small protocols of this package, each as a model that is run in all
// interleavings. A step of a model is one atomic action of the code that it names;
// what lies between two of them touches nothing shared. Each is also run with a
// mistake in it, which has to be found: that shows what the order is for.

// explore runs a model as it should be, and with its mistake.
func explore(t *testing.T, model func(mistake bool) interleave.Setup) {
	t.Helper()
	t.Logf("%d interleavings", interleave.Explore(t, model(false)))
	if _, failure := interleave.Find(model(true)); failure == nil {
		t.Error("the mistake was not found")
	} else {
		t.Logf("the mistake: %v", failure)
	}
}

// mailbox is an inbox with the owner's interrupt, for letters that are wakes of
// one core (Core.Wake, inbox.put, inbox.take, Host.Interrupt).
type mailbox struct {
	letters   int
	interrupt bool
}

func (m *mailbox) put() (first bool) { m.letters++; return m.letters == 1 }
func (m *mailbox) take() int         { n := m.letters; m.letters = 0; return n }

// sleep is a step of the owner: it is blocked until there is an interrupt.
func (m *mailbox) sleep() (blocked bool) {
	if !m.interrupt {
		return true
	}
	m.interrupt = false
	return false
}

// TestModelWake: two goroutines make news and wake a task for it; the last poll of
// the task has seen both (Core.Wake; Executor.Drain, schedule, step).
// The mistake is to clear stateRemote after the poll.
func TestModelWake(t *testing.T) {
	explore(t, func(mistake bool) interleave.Setup {
		return func() ([]interleave.Thread, func() error) {
			var m mailbox
			news, seen := 0, 0
			remote := false // stateRemote
			waker := func() interleave.Thread {
				was, first := false, false
				return func(step int) (more, blocked bool) {
					switch step {
					case 0: // what the wake is for
						news++
						return true, false
					case 1: // c.state.Or(stateRemote)
						was, remote = remote, true
						return !was, false
					case 2: // c.exec.inbox.put
						first = m.put()
						return first, false
					}
					m.interrupt = true // c.exec.host.Interrupt
					return false, false
				}
			}
			const (
				taking = iota
				clearing
				polling
				sleeping
			)
			at := taking
			owner := func(int) (more, blocked bool) {
				switch at {
				case taking: // e.inbox.take
					if at = sleeping; m.take() > 0 {
						at = clearing
						if mistake {
							at = polling
						}
					}
				case clearing: // l.core.state.And(^stateRemote), and e.schedule
					remote = false
					if at = polling; mistake {
						at = taking
					}
				case polling: // c.frame.Step
					seen = news
					if at = taking; mistake {
						at = clearing
					}
				case sleeping:
					if m.sleep() {
						return true, true
					}
					at = taking
				}
				return seen < 2, false
			}
			return []interleave.Thread{waker(), waker(), owner}, nil
		}
	})
}

// TestModelSleep: an owner that has slept through a post would be blocked for
// ever (inbox.put, take, Host.Interrupt). The mistake is a putter that interrupts
// first.
func TestModelSleep(t *testing.T) {
	explore(t, func(mistake bool) interleave.Setup {
		return func() ([]interleave.Thread, func() error) {
			var m mailbox
			poster := func() interleave.Thread {
				first := false
				return func(step int) (more, blocked bool) {
					if mistake {
						if step == 0 {
							m.interrupt = true
							return true, false
						}
						m.put()
						return false, false
					}
					if step == 0 {
						first = m.put()
						return first, false
					}
					m.interrupt = true
					return false, false
				}
			}
			ran := 0
			asleep := false
			owner := func(int) (more, blocked bool) {
				if asleep && m.sleep() {
					return true, true
				} else if asleep {
					asleep = false
					return true, false
				}
				n := m.take()
				ran += n
				asleep = n == 0
				return ran < 3, false
			}
			return []interleave.Thread{poster(), poster(), poster(), owner}, nil
		}
	})
}

// TestModelClose: a post that was accepted runs (Executor.Post, Close, Drain). The
// mistake is to drain before closing only.
func TestModelClose(t *testing.T) {
	explore(t, func(mistake bool) interleave.Setup {
		return func() ([]interleave.Thread, func() error) {
			var m mailbox
			closed := false
			accepted, ran := 0, 0
			poster := interleave.Sequence(
				func() bool {
					if !closed {
						m.put()
						accepted++
					}
					return false
				},
				func() bool { m.interrupt = true; return false },
			)
			drain := func() bool { ran += m.take(); return false }
			owner := interleave.Sequence(drain,
				func() bool { closed = true; return false },
				func() bool {
					if !mistake {
						drain()
					}
					return false
				})
			return []interleave.Thread{poster, poster, poster, owner}, func() error {
				if ran != accepted {
					return fmt.Errorf("%d posts were accepted, %d ran", accepted, ran)
				}
				return nil
			}
		}
	})
}

// TestModelEnd: nothing is queued when it has ended, whoever wakes it meanwhile
// (Core.Wake; Executor.Drain, schedule; Core.finish). The mistake is to schedule
// without a look at the phase.
func TestModelEnd(t *testing.T) {
	explore(t, func(mistake bool) interleave.Setup {
		return func() ([]interleave.Thread, func() error) {
			var m mailbox
			var ended, remote bool // bits of Core.state
			over, queued := false, false
			waker := func(step int) (more, blocked bool) {
				switch step {
				case 0: // c.state.Load()&stateEnded
					return !ended, false
				case 1:
					was := remote
					remote = true
					return !was, false
				}
				m.put()
				return false, false
			}
			drain := func() bool {
				if m.take() > 0 {
					remote = false
					queued = queued || !over || mistake
				}
				return false
			}
			owner := interleave.Sequence(drain,
				func() bool { queued, over = false, true; return false }, // step, returned
				func() bool { ended = true; return false },               // finish
				drain, drain)
			return []interleave.Thread{waker, waker, owner}, func() error {
				if queued {
					return errors.New("an ended task is in the queue")
				}
				return nil
			}
		}
	})
}

// TestModelContext: whoever makes the lazy context, and whenever, it is over once
// the task is (lazily, Core.coldBlock; Core.cancel, or finish with endContexts).
// The mistake is to look at the state before the context can be seen.
func TestModelContext(t *testing.T) {
	for _, how := range []string{"cancel", "finish"} {
		t.Run(how, func(t *testing.T) {
			explore(t, func(mistake bool) interleave.Setup {
				return func() ([]interleave.Thread, func() error) {
					type context struct{ over bool }
					type block struct{ ctx *context }
					var cold *block
					over := false         // stateCancelled or stateEnded
					coldBlock := func() { // one step: what is between its two is nobody's
						if cold == nil {
							cold = new(block)
						}
					}
					maker := func() interleave.Thread {
						var made *context
						look := func() {
							if over && made != nil {
								made.over = true
							}
						}
						return func(step int) (more, blocked bool) {
							switch step {
							case 0:
								coldBlock()
							case 1: // p.Load
								if cold.ctx != nil {
									return false, false
								}
								if made = new(context); mistake {
									look()
								}
							case 2: // p.CompareAndSwap
								if cold.ctx != nil {
									return false, false
								}
								cold.ctx = made
								return !mistake, false
							case 3: // over
								look()
								return false, false
							}
							return true, false
						}
					}
					var seen *block
					var ctx *context
					ender := interleave.Sequence(
						func() bool {
							if how == "cancel" {
								coldBlock()
							}
							return false
						},
						func() bool { over = true; return false }, // c.state.Or
						func() bool { seen = cold; return false }, // c.cold.Load
						func() bool { // ctx.Load
							if seen != nil {
								ctx = seen.ctx
							}
							return false
						},
						func() bool {
							if ctx != nil {
								ctx.over = true
							}
							return false
						})
					return []interleave.Thread{maker(), maker(), ender}, func() error {
						if cold == nil || cold.ctx == nil || !cold.ctx.over {
							return errors.New("the context is not over")
						}
						return nil
					}
				}
			})
		})
	}
}

// TestModelRemote: the last waker of an operation at another home is woken by its
// end, or its poll sees it (remote.PollOp, end). The mistake is to look at done
// before the waker is stored.
func TestModelRemote(t *testing.T) {
	explore(t, func(mistake bool) interleave.Setup {
		return func() ([]interleave.Thread, func() error) {
			done := false
			waker := 0 // the one that is stored; Start has stored 0
			woken := [3]bool{}
			var found int
			// The waiting side polls with waker 1, then without a reason with
			// waker 2, then whenever that is woken.
			poll, phase, seen := 1, 0, false
			waiter := func(int) (more, blocked bool) {
				store, look := 0, 1
				if mistake {
					store, look = 1, 0
				}
				switch phase {
				case store:
					waker = poll
				case look:
					seen = done
				case 2: // parked
					if poll == 2 && !woken[2] {
						return true, true
					}
					poll, woken[2] = 2, false
					phase = -1
				}
				if phase++; phase == 2 && seen {
					return false, false
				}
				return true, false
			}
			home := interleave.Sequence(
				func() bool { done = true; return false },
				func() bool { found = waker; return false },
				func() bool { woken[found] = true; return false })
			return []interleave.Thread{waiter, home}, nil
		}
	})
}
