package async_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/internal/testpipe"
	"rondo.dev/rondo/asynctest"
)

// lose polls f, and cancels it as a loser, as a Select does that another future
// has won.
func lose[T any](t *async.Task, f interface {
	async.Future[T]
	async.Canceler
}) error {
	_, err := async.Await(t, pollFunc(func(t *async.Task) (int, error) {
		if _, err := f.Poll(t); !async.IsPending(err) {
			return 0, errors.New("there was nothing to lose")
		}
		return 0, nil
	}))
	if err != nil || f.Cancel(t, true) {
		return err
	}
	_, err = async.Await(t, pollFunc(func(t *async.Task) (int, error) {
		if _, err := f.Poll(t); async.IsPending(err) {
			return 0, err
		}
		return 0, nil
	}))
	return err
}

// TestLoserLosesNothing: whatever comes of cancelling a read that lost, every byte
// is read once, in order, by the next.
func TestLoserLosesNothing(t *testing.T) {
	for _, how := range []testpipe.Cancel{testpipe.AtOnce, testpipe.Later, testpipe.Happens} {
		for _, suspend := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v, suspend %v", how, suspend), func(t *testing.T) {
				e := asynctest.New(t)
				p := testpipe.New(e.Executor())
				p.Cancel, p.Suspend, p.Coming = how, suspend, []byte("first ")
				r := asynctest.Go(e, func(t *async.Task) (string, error) {
					var got string
					buf := make([]byte, 4)
					op := p.Read(buf)
					if err := lose(t, &op); err != nil {
						return "", err
					}
					copy(buf, "XXXX") // the buffer is the caller's again
					p.Put("second")
					p.Close()
					for {
						n, err := op.Poll(t) // the loser can be used again
						if async.IsPending(err) {
							async.Yield(t)
							continue
						}
						if err == io.EOF {
							return got, nil
						}
						if err != nil {
							return got, err
						}
						got += string(buf[:n])
						op = p.Read(buf)
					}
				})
				e.RunUntilIdle()
				want := "second"
				if how == testpipe.Happens {
					want = "first second"
				}
				if !r.Done || r.Err != nil || r.Value != want {
					t.Errorf("got %+v, want %q", r, want)
				}
				if p.InFlight() != 0 {
					t.Errorf("%d operations left", p.InFlight())
				}
			})
		}
	}
}

// TestLosingWriteGoesOn: what a losing write has written is counted, and not
// written again.
func TestLosingWriteGoesOn(t *testing.T) {
	for _, how := range []testpipe.Cancel{testpipe.AtOnce, testpipe.Later} {
		for _, again := range []string{"poll", "await"} {
			t.Run(fmt.Sprintf("%v, %s", how, again), func(t *testing.T) {
				e := asynctest.New(t)
				p := testpipe.New(e.Executor())
				p.Cancel, p.Room = how, 2
				r := asynctest.Go(e, func(t *async.Task) (int, error) {
					op := p.Write([]byte("0123456789"))
					for range 3 { // loses three times, two bytes further each
						if err := lose(t, &op); err != nil {
							return 0, err
						}
						p.AddRoom(2)
					}
					p.AddRoom(10)
					if again == "await" {
						return op.Await(t)
					}
					return async.Await(t, &op)
				})
				e.RunUntilIdle()
				if !r.Done || r.Value != 10 || r.Err != nil || p.Content() != "0123456789" {
					t.Errorf("got %+v, content %q", r, p.Content())
				}
			})
		}
	}
}

// TestCancelledOp: rule 2, for the operation's own way to await and for the
// general one.
func TestCancelledOp(t *testing.T) {
	for _, c := range []struct {
		how   testpipe.Cancel
		room  int // of a write; negative: a read
		value int
		err   error
	}{
		{testpipe.AtOnce, -1, 0, errBoom},
		{testpipe.Later, -1, 0, errBoom},
		{testpipe.Happens, -1, 4, nil},
		{testpipe.AtOnce, 0, 0, errBoom},
		{testpipe.AtOnce, 3, 3, errBoom},
		{testpipe.Later, 3, 3, errBoom},
		{testpipe.Happens, 3, 8, nil},
	} {
		for _, way := range []string{"Op.Await", "Await", "begun, Op.Await"} {
			t.Run(fmt.Sprintf("%v, room %d, %s", c.how, c.room, way), func(t *testing.T) {
				e := asynctest.New(t)
				p := testpipe.New(e.Executor())
				p.Cancel, p.Coming, p.Room = c.how, []byte("data"), max(0, c.room)
				r := asynctest.Go(e, func(t *async.Task) (int, error) {
					op := p.Read(make([]byte, 8))
					if c.room >= 0 {
						op = p.Write([]byte("deadbeef"))
					}
					switch way {
					case "Await":
						return async.Await(t, &op)
					case "begun, Op.Await":
						// The cancellation comes before the await, and the
						// operation is in flight already: nothing will wake
						// the task for it.
						if _, err := op.Poll(t); !async.IsPending(err) {
							return 0, errors.New("not pending")
						}
						t.Core().CancelLocal(errBoom)
						async.Yield(t.WithoutCancel())
					}
					return op.Await(t)
				})
				e.RunUntilIdle()
				if !r.Done {
					r.Cancel(errBoom)
					e.RunUntilIdle()
				}
				if !r.Done || r.Value != c.value || r.Err != c.err {
					t.Errorf("got %+v, want %d, %v", r, c.value, c.err)
				}
				if p.InFlight() != 0 {
					t.Errorf("%d operations left", p.InFlight())
				}
			})
		}
	}
}

// TestOpIsAValue: an operation is inert until it is awaited.
func TestOpIsAValue(t *testing.T) {
	e := asynctest.New(t)
	p := testpipe.New(e.Executor())
	p.Put("abcdef")
	r := asynctest.Go(e, func(t *async.Task) (string, error) {
		b1, b2 := make([]byte, 2), make([]byte, 2)
		dropped, o1, o2 := p.Read(make([]byte, 9)), p.Read(b1), p.Read(b2)
		copied := o2
		if p.Started != 0 {
			return "", errors.New("it was started when it was made")
		}
		if idle := dropped.Cancel(t, false); !idle || p.Started != 0 {
			return "", errors.New("cancelling started it")
		}
		if _, err := o2.Await(t); err != nil {
			return "", err
		}
		if _, err := o1.Await(t); err != nil {
			return "", err
		}
		_, err := copied.Await(t) // another operation, on the same buffer
		return string(b1) + string(b2), err
	})
	e.RunUntilIdle()
	if r.Value != "cdef" || r.Err != nil {
		t.Errorf("got %+v", r)
	}
}

// TestOpsQueue: a second operation on an object waits for its turn.
func TestOpsQueue(t *testing.T) {
	e := asynctest.New(t)
	p := testpipe.New(e.Executor())
	var got [3]string
	for i := range got {
		asynctest.Go(e, func(t *async.Task) (int, error) {
			b := make([]byte, 1)
			_, err := p.Read(b).Await(t)
			got[i] = string(b)
			return 0, err
		})
	}
	e.RunUntilIdle()
	p.Put("abc")
	e.RunUntilIdle()
	if got != [3]string{"a", "b", "c"} {
		t.Errorf("read %q", got)
	}
}

// closer is the source of an Act that takes two turns and says when it is over.
type closer struct {
	turns  int
	slow   bool // it goes on after it was cancelled
	done   bool
	cancel int
}

func (c *closer) Home() *async.Executor                    { return nil }
func (c *closer) Start(*async.Task, []byte, uint64) uint32 { c.turns = 2; return 1 }
func (c *closer) CancelOp(*async.Task, uint32) bool        { c.cancel++; return !c.slow }
func (c *closer) Settle(uint32, bool) int                  { return 0 }
func (c *closer) PollOp(t *async.Task, _ uint32, _ bool) (struct{}, error) {
	if c.turns > 0 {
		c.turns--
		t.Waker().WakeLocal()
		return struct{}{}, async.Pending
	}
	c.done = true
	return struct{}{}, nil
}

func TestShielded(t *testing.T) {
	for _, when := range []string{"before", "in flight", "not at all"} {
		t.Run(when, func(t *testing.T) {
			e := asynctest.New(t)
			var c closer
			r := asynctest.Go(e, func(t *async.Task) (int, error) {
				return 0, async.NewAct(&c, 0).Shielded().Await(t)
			})
			if when == "in flight" {
				e.Step()
			}
			if when != "not at all" {
				r.Cancel(errBoom)
			}
			e.RunUntilIdle()
			if !r.Done || r.Err != nil || !c.done || c.cancel != 0 {
				t.Errorf("got %+v, %+v", r, c)
			}
		})
	}
	t.Run("unshielded", func(t *testing.T) {
		e := asynctest.New(t)
		var c closer
		r := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, async.NewAct(&c, 0).Await(t) })
		e.Step()
		r.Cancel(errBoom)
		e.RunUntilIdle()
		if !r.Done || r.Err != errBoom || c.done || c.cancel != 1 {
			t.Errorf("got %+v, %+v", r, c)
		}
	})
	t.Run("asked once", func(t *testing.T) {
		e := asynctest.New(t)
		c := closer{slow: true}
		r := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, async.NewAct(&c, 0).Await(t) })
		e.Step()
		c.turns = 5
		r.Cancel(errBoom)
		e.RunUntilIdle()
		if !r.Done || r.Err != nil || !c.done || c.cancel != 1 {
			t.Errorf("got %+v, %+v", r, c)
		}
	})
	t.Run("loser", func(t *testing.T) {
		e := asynctest.New(t)
		var c closer
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			a := async.NewAct(&c, 0).Shielded()
			return 0, lose(t, &a)
		})
		e.RunUntilIdle()
		if !r.Done || r.Err != nil || c.cancel != 0 {
			t.Errorf("got %+v, %+v", r, c)
		}
	})
}

// turning is a source of operations without an object, which suspend or not.
type turning struct {
	suspend, ready bool
	ops            int
}

func (s *turning) Home() *async.Executor             { return nil }
func (s *turning) CancelOp(*async.Task, uint32) bool { return true }
func (s *turning) Settle(uint32, bool) int           { return 0 }

func (s *turning) Start(*async.Task, []byte, uint64) uint32 {
	s.ops++
	s.ready = !s.suspend
	return 1
}

func (s *turning) PollOp(t *async.Task, _ uint32, _ bool) (int, error) {
	if !s.ready {
		s.ready = true
		t.Waker().WakeLocal()
		return 0, async.Pending
	}
	return 1, nil
}

// TestAllocations: awaiting one operation allocates nothing, whether it suspends
// or not.
func TestAllocations(t *testing.T) {
	for _, suspend := range []bool{false, true} {
		e := asynctest.New(t)
		s := &turning{suspend: suspend}
		stop := false
		asynctest.Go(e, func(t *async.Task) (int, error) {
			for !stop {
				async.NewOp[int](s, nil, 0).Await(t)
				async.Yield(t)
			}
			return 0, nil
		})
		e.Step()
		allocs := testing.AllocsPerRun(100, func() { e.Executor().Run(10) })
		stop = true
		e.RunUntilIdle()
		if allocs != 0 || s.ops < 400 {
			t.Errorf("suspend %v: %v allocations in ten steps, %d operations in all", suspend, allocs, s.ops)
		}
	}
}
