package async_test

import (
	"errors"
	"fmt"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
)

// turnstile is a source in memory: an operation is over when it is open.
type turnstile struct {
	open, broken bool
	quick        bool
	begun        int // how many operations were
	waiting      bool
	waker        *async.Waker
}

func (s *turnstile) Home() *async.Executor { return nil }

func (s *turnstile) Start(t *async.Task, _ []byte, _ uint64) uint32 {
	s.waiting = true
	s.begun++
	if s.waker = t.Waker(); s.open && s.quick {
		s.waker.WakeLocal()
	}
	return 1
}

func (s *turnstile) PollOp(t *async.Task, ticket uint32, _ bool) (int, error) {
	switch {
	case s.broken:
		panic("broken")
	case !s.open:
		if ticket != 0 {
			s.waker = t.Waker()
		}
		return 0, async.Pending
	}
	s.waiting = false
	return 42, nil
}

func (s *turnstile) CancelOp(*async.Task, uint32) bool {
	s.waiting = false
	return true
}

func (s *turnstile) Settle(uint32, bool) int { return 0 }

// TestQuick: a quick operation that need not wait is not begun, in all the ways there
// are to run one, and leaves others their turns.
func TestQuick(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(t *async.Task, op async.Op[int]) (int, error)
	}{
		{"await", func(t *async.Task, op async.Op[int]) (int, error) { return op.Await(t) }},
		{"poll", func(t *async.Task, op async.Op[int]) (int, error) { return async.Await(t, &op) }},
		{"flight", func(t *async.Task, op async.Op[int]) (int, error) {
			var f async.Flight[int]
			v, err, done := f.Begin(t, op)
			for !done {
				if err := async.Yield(t); err != nil {
					return 0, err
				}
				v, err, done = f.Resume(t)
			}
			return v, err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			s := &turnstile{open: true, quick: true}
			const times = 1000
			r := asynctest.Go(e, func(t *async.Task) (int, error) {
				for range times {
					if v, err := c.run(t, async.NewQuickOp(s, 0)); v != 42 || err != nil {
						return v, err
					}
				}
				return times, nil
			})
			steps := e.RunUntilIdle()
			if r.Value != times || r.Err != nil {
				t.Errorf("ended %v with %d, %v", r.Done, r.Value, r.Err)
			}
			// When the budget is spent an operation is begun, for its result to wait.
			if steps < 5 || s.begun > steps {
				t.Errorf("%d were begun in %d steps", s.begun, steps)
			}
		})
	}
}

// TestQuickPolledAgain: a quick operation that has had its result is found out too.
func TestQuickPolledAgain(t *testing.T) {
	runTask(t, asynctest.New(t), func(t *async.Task) error {
		op := async.NewQuickOp(&turnstile{open: true}, 0)
		if v, err := op.Poll(t); v != 42 || err != nil {
			return fmt.Errorf("got %d, %v", v, err)
		}
		if err := expectPanic("after it had its result", func() { op.Poll(t) }); err != nil {
			return err
		}
		return expectPanic("after it had its result", func() { op.Await(t) })
	})
}

// TestLight: a light operation does what any other does.
func TestLight(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(s *turnstile) async.Op[int]
	}{
		{"light", func(s *turnstile) async.Op[int] { return async.NewLightOp(s, nil, 0) }},
		{"quick", func(s *turnstile) async.Op[int] {
			s.quick = true
			return async.NewQuickOp(s, 0)
		}},
		{"not light", func(s *turnstile) async.Op[int] { return async.NewOp(s, nil, 0) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := func(s *turnstile) (*asynctest.Executor, *asynctest.Result[int]) {
				e := asynctest.New(t)
				return e, asynctest.Go(e, func(t *async.Task) (int, error) { return c.make(s).Await(t) })
			}
			t.Run("at once", func(t *testing.T) {
				e, r := start(&turnstile{open: true})
				if n := e.RunUntilIdle(); n != 1 || r.Value != 42 || r.Err != nil {
					t.Errorf("%d, %v after %d steps", r.Value, r.Err, n)
				}
			})
			t.Run("later", func(t *testing.T) {
				s := new(turnstile)
				e, r := start(s)
				e.RunUntilIdle()
				s.waker.Wake() // for nothing
				e.RunUntilIdle()
				if r.Done {
					t.Fatal("too early")
				}
				s.open = true
				s.waker.Wake()
				e.RunUntilIdle()
				if r.Value != 42 || r.Err != nil {
					t.Errorf("%d, %v", r.Value, r.Err)
				}
			})
			t.Run("cancelled before", func(t *testing.T) {
				s := &turnstile{open: true}
				e, r := start(s)
				r.Cancel(asynctest.ErrTest)
				e.RunUntilIdle()
				if r.Err != asynctest.ErrTest || s.waiting {
					t.Errorf("%v, begun: %v", r.Err, s.waiting)
				}
			})
			t.Run("cancelled", func(t *testing.T) {
				s := new(turnstile)
				e, r := start(s)
				e.RunUntilIdle()
				r.Cancel(asynctest.ErrTest)
				e.RunUntilIdle()
				if r.Err != asynctest.ErrTest || s.waiting {
					t.Errorf("%v, waiting: %v", r.Err, s.waiting)
				}
			})
			t.Run("panics", func(t *testing.T) {
				e, r := start(&turnstile{broken: true})
				e.RunUntilIdle()
				var p *async.PanicError
				if !errors.As(r.Err, &p) || p.Value != "broken" {
					t.Errorf("got %v", r.Err)
				}
			})
		})
	}
}
