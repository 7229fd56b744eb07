package future_test

import (
	"errors"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/internal/testdrivers"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/timer"
)

// These are what users of futures complain about elsewhere, each as a test that it
// is not so here.

// "Losing a select drops bytes that were read already."
func TestLosingASelectLosesNoBytes(t *testing.T) {
	const total = 2000
	for name, option := range drivers() {
		t.Run(name, func(t *testing.T) {
			err := rondo.Run(func(t *async.Task) error {
				ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
				if err != nil {
					return err
				}
				defer ln.Close().Await(t)
				t.Go(func(t *async.Task) error {
					conn, err := netio.Dial(t, "tcp", ln.Addr().String())
					if err != nil {
						return err
					}
					defer conn.Close().Await(t)
					for i := range total {
						if _, err := conn.Write([]byte{byte(i)}).Await(t); err != nil {
							return err
						}
						async.Yield(t)
					}
					return nil
				})
				conn, err := ln.Accept().Await(t)
				if err != nil {
					return err
				}
				defer conn.Close().Await(t)
				buf := make([]byte, 7)
				for got := 0; got < total; {
					clear(buf)
					read, tick := conn.Read(buf), timer.Sleep(0)
					nested := future.Select(future.Map(&read, func(n int) int { return n }), future.Never[string]())
					first, err := async.Await(t, future.Select(&tick, nested))
					if err != nil {
						return err
					}
					if first.Won == 0 {
						continue // what was read on the way out is for the next Read
					}
					for _, b := range buf[:first.B.A] {
						if b != byte(got) {
							return errors.New("a byte is missing, or there twice")
						}
						got++
					}
				}
				return nil
			}, rondo.Loops(1), option)
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// drivers is the one in memory, with all that can become of what is cancelled, and
// those of the system that there are.
func drivers() map[string]rondo.Option {
	all := make(map[string]rondo.Option)
	for name, faults := range map[string]driver.Faults{
		"memory":          {},
		"memory,late":     {Late: 1},
		"memory,win":      {Win: 1},
		"memory,late,win": {Late: 1, Win: 1},
	} {
		all[name] = rondo.OpenDriver(func() (driver.Driver, error) {
			return driver.NewMemory(driver.MemoryOptions{Faults: faults}), nil
		})
	}
	for _, name := range testdrivers.Here() {
		all[name] = rondo.Driver(name)
	}
	return all
}

// "A child future does not run while its sibling holds the task up": children that
// are functions run as tasks, also while nobody polls what they are in.
func TestChildrenDoNotStarveInCombinators(t *testing.T) {
	e := asynctest.New(t)
	steps := 0
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		var set future.Set[int]
		defer set.Close(t)
		set.Go(func(t *async.Task) (int, error) {
			for range 10 {
				steps++
				if err := timer.Sleep(time.Second).Await(t); err != nil {
					return 0, err
				}
			}
			return 0, nil
		})
		set.Add(future.Ready(1))
		if _, err := set.Next(t); err != nil {
			return 0, err
		}
		if err := timer.Sleep(time.Minute).Await(t); err != nil { // nobody polls the set now
			return 0, err
		}
		return steps, nil
	})
	e.Advance(2 * time.Minute)
	if !r.Done || r.Value != 10 || r.Err != nil {
		t.Errorf("done %v, the child took %d steps, error %v", r.Done, r.Value, r.Err)
	}
}

// "A lock whose holder is a sibling in the same combinator deadlocks." The holder is
// a task, and goes on by itself.
func TestSiblingThatHoldsALockGoesOn(t *testing.T) {
	e := asynctest.New(t)
	var free *async.Waker
	held := true
	lock := future.FromPoll(func(t *async.Task) (int, error) {
		if held {
			free = t.Waker()
			return 0, async.Pending
		}
		return 2, nil
	})
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		var set future.Set[int]
		defer set.Close(t)
		set.Go(func(t *async.Task) (int, error) {
			err := timer.Sleep(time.Second).Await(t)
			held = false
			if free != nil {
				free.WakeLocal()
			}
			return 1, err
		})
		set.Add(future.Ready(0))
		if _, err := set.Next(t); err != nil { // starts both, and the second is ready
			return 0, err
		}
		return async.Await(t, lock) // the set is not polled meanwhile
	})
	e.Advance(time.Minute)
	if !r.Done || r.Value != 2 || r.Err != nil {
		t.Errorf("done %v, %d, %v", r.Done, r.Value, r.Err)
	}
}

// "Futures that are always ready starve the executor": combinators leave others
// their turns, however many of their futures are ready.
func TestAlwaysReadyFuturesLeaveTurns(t *testing.T) {
	const n = 10_000
	ready := make([]async.Future[int], n)
	for i := range ready {
		ready[i] = future.Ready(i)
	}
	for name, run := range map[string]func(t *async.Task) error{
		"JoinAll": func(t *async.Task) error {
			_, err := async.Await(t, future.JoinAll(ready...))
			return err
		},
		"Set": func(t *async.Task) error {
			var set future.Set[int]
			for _, f := range ready {
				set.Add(f)
			}
			for set.Len() > 0 {
				if _, err := set.Next(t); err != nil {
					return err
				}
			}
			return nil
		},
		"FirstSuccess": func(t *async.Task) error {
			failing := make([]async.Future[int], n)
			for i := range failing {
				failing[i] = future.Fail[int](asynctest.ErrTest)
			}
			if _, err := async.Await(t, future.FirstSuccess(failing...)); err != asynctest.ErrTest {
				return errors.New("the errors are not joined to one")
			}
			return nil
		},
		"Retry": func(t *async.Task) error {
			_, err := future.Retry(t, future.Backoff{Attempts: n}, func(*async.Task) (int, error) { return 0, asynctest.ErrTest })
			if err != asynctest.ErrTest {
				return err
			}
			return nil
		},
		"Chan": func(t *async.Task) error {
			ch := make(chan int, n)
			for i := range n {
				ch <- i
			}
			c := future.FromChan(future.Goroutine, ch)
			for range n {
				if _, err := async.Await(t, c); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := asynctest.New(t)
			r := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, run(t) })
			turns := 0
			other := asynctest.Go(e, func(t *async.Task) (int, error) {
				for ; !r.Done; turns++ {
					if err := async.Yield(t); err != nil {
						return 0, err
					}
				}
				return 0, nil
			})
			for now := int64(0); !other.Done; now += int64(time.Millisecond) {
				e.Executor().Advance(now)
				e.Step()
			}
			if !r.Done || r.Err != nil || turns < n/200 {
				t.Errorf("done %v, error %v, the other had %d turns", r.Done, r.Err, turns)
			}
		})
	}
}

// "A select in a loop panics, or spins, when one of its futures is over": one that
// is fused stays in the race and never wins again, and the result says who has won.
func TestSelectInALoopWithAFutureThatIsOver(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (won [2]int, err error) {
		once := future.Fuse(future.Ready("once"))
		ch := make(chan int, 3)
		ch <- 1
		ch <- 2
		ch <- 3
		race := future.Race(once, future.FromChan(future.Goroutine, ch))
		for range 4 {
			first, err := async.Await(t, race)
			if err != nil {
				return won, err
			}
			won[first.Won]++
		}
		if !once.Done() {
			return won, errors.New("not done")
		}
		return won, nil
	})
	e.RunUntilIdle()
	if !r.Done || r.Err != nil || r.Value != [2]int{1, 3} {
		t.Errorf("done %v, %v, %v", r.Done, r.Value, r.Err)
	}
}

// "A select that always looks at the same one first starves the others." Select says
// that it does. Race takes turns.
func TestRaceIsFairAndSelectIsBiased(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (won [2][3]int, err error) {
		a, b, c := future.Ready(1), future.Ready(2), future.Ready(3)
		race := future.Race3(a, b, c)
		for range 30 {
			x, err := async.Await(t, race)
			if err != nil {
				return won, err
			}
			y, err := async.Await(t, future.Select3(a, b, c))
			if err != nil {
				return won, err
			}
			won[0][x.Won]++
			won[1][y.Won]++
		}
		return won, nil
	})
	e.RunUntilIdle()
	if want := [2][3]int{{10, 10, 10}, {30, 0, 0}}; !r.Done || r.Err != nil || r.Value != want {
		t.Errorf("done %v, error %v, wins %v", r.Done, r.Err, r.Value)
	}
}

// "Whoever waits in a task for a blocking call, or for a name to be looked up, holds
// up a loop or a pool." OffLoop runs where the caller says, and the task goes on.
func TestBlockingCallDoesNotHoldTheLoop(t *testing.T) {
	err := rondo.Run(func(t *async.Task) error {
		release := make(chan struct{})
		call := future.OffLoop(future.Goroutine, func() (int, error) { <-release; return 1, nil })
		both := future.Join(call, future.Go(func(t *async.Task) (int, error) {
			close(release) // only a loop that is not held comes here
			return 2, nil
		}))
		v, err := async.Await(t, both)
		if err == nil && v != (future.Tuple2[int, int]{A: 1, B: 2}) {
			return errors.New("wrong values")
		}
		return err
	}, rondo.Loops(1))
	if err != nil {
		t.Error(err)
	}
}
