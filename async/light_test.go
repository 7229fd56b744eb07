package async_test

import (
	"errors"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
)

// turnstile is a source in memory: an operation is over when it is open.
type turnstile struct {
	open, broken bool
	waiting      bool
	waker        *async.Waker
}

func (s *turnstile) Home() *async.Executor { return nil }

func (s *turnstile) Start(*async.Task, []byte, uint64) uint32 {
	s.waiting = true
	return 1
}

func (s *turnstile) PollOp(t *async.Task, _ uint32, _ bool) (int, error) {
	switch {
	case s.broken:
		panic("broken")
	case !s.open:
		s.waker = t.Waker()
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

// TestLight: a light operation does what any other does.
func TestLight(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(s *turnstile) async.Op[int]
	}{
		{"light", func(s *turnstile) async.Op[int] { return async.NewLightOp(s, nil, 0) }},
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
