package stream_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/lock"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/stream"
	"rondo.dev/rondo/timer"
)

// These are what users of streams complain about elsewhere, each as a test that it is
// not so here.

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
	for _, name := range []string{"io_uring", "epoll"} {
		if d, err := driver.Open(name, driver.Options{}); err == nil {
			d.Close()
			all[name] = rondo.Driver(name)
		}
	}
	return all
}

// "A stream in a select loses what it had taken when another arm wins": connections
// that a listener's stream has accepted when it loses are its next items.
func TestLosingASelectLosesNoItem(t *testing.T) {
	const total = 100
	for name, option := range drivers() {
		t.Run(name, func(t *testing.T) {
			err := rondo.Run(func(t *async.Task) error {
				ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
				if err != nil {
					return err
				}
				t.Go(func(t *async.Task) error {
					for i := range total {
						conn, err := netio.Dial(t, "tcp", ln.Addr().String())
						if err != nil {
							return err
						}
						if _, err := conn.Write([]byte{byte(i)}).Await(t); err != nil {
							return err
						}
						if err := conn.Close().Await(t); err != nil {
							return err
						}
					}
					return nil
				})
				conns := stream.EndAt(stream.FromOp(ln.Accept), net.ErrClosed)
				bytes := stream.Then(conns, func(conn *netio.Conn) async.Future[byte] {
					return future.Go(func(t *async.Task) (byte, error) {
						buf := make([]byte, 1)
						_, err := conn.Read(buf).Await(t.WithoutCancel())
						return buf[0], errors.Join(err, conn.Close().Await(t.WithoutCancel()))
					})
				})
				pairs := stream.Chunks(stream.Enumerate(bytes), 2)
				for got := 0; got < total; {
					sleep := timer.Sleep(0)
					first, err := async.Await(t, future.Select(&sleep, pairs))
					if err != nil {
						return err
					}
					if first.Won == 0 {
						continue // what was taken on the way out is for the next
					}
					for _, p := range first.B {
						if p.A != got || p.B != byte(got) {
							return errors.New("an item is missing, or there twice")
						}
						got++
					}
				}
				return ln.Close().Await(t)
			}, rondo.Loops(1), option)
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// "The futures of a buffered stream only run while it is polled": those that are
// functions run as tasks, also while the consumer waits for something else.
func TestBufferedChildrenDoNotStarve(t *testing.T) {
	e := asynctest.New(t)
	steps := 0
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		s := stream.Buffered(stream.Go(stream.Of(1, 10, 10), func(t *async.Task, n int) (int, error) {
			for range n {
				if err := timer.Sleep(time.Second).Await(t); err != nil {
					return 0, err
				}
				steps++
			}
			return n, nil
		}), 3)
		defer stream.Close(t, s)
		if _, err := stream.Next(t, s); err != nil {
			return 0, err
		}
		err := timer.Sleep(time.Minute).Await(t) // nobody polls the stream now
		return steps, err
	})
	e.Advance(2 * time.Minute)
	if !r.Done || r.Value != 21 || r.Err != nil {
		t.Errorf("done %v, the children took %d steps, error %v", r.Done, r.Value, r.Err)
	}
}

// "A buffered stream whose futures need a semaphore deadlocks with its consumer, who
// needs it as well": whoever has it goes on by itself, and gives it back.
func TestBufferedHoldersOfASemaphoreGoOn(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (n int, err error) {
		sem := lock.NewSemaphore(1)
		s := stream.Unordered(stream.Go(stream.Of(1, 2, 3, 4), func(t *async.Task, n int) (int, error) {
			if err := sem.Acquire(1).Await(t); err != nil {
				return 0, err
			}
			defer sem.Release(1)
			return n, timer.Sleep(time.Second).Await(t)
		}), 4)
		defer stream.Close(t, s)
		for _, err := range stream.All(t, s) {
			if err != nil {
				return n, err
			}
			if err := sem.Acquire(1).Await(t); err != nil { // the next holder is not polled meanwhile
				return n, err
			}
			n++
			sem.Release(1)
		}
		return n, nil
	})
	e.Advance(time.Minute)
	if !r.Done || r.Value != 4 || r.Err != nil {
		t.Errorf("done %v, %d, %v", r.Done, r.Value, r.Err)
	}
}

// "A stream that is always ready starves the executor": combinators, and those who
// take whole streams, leave others their turns, also when they find nothing.
func TestAlwaysReadyStreamsLeaveTurns(t *testing.T) {
	const n = 20_000
	ready := func() stream.Stream[int] { return stream.Take(stream.Repeat(1), n) }
	none := func(int) bool { return false }
	for name, s := range map[string]func() stream.Stream[int]{
		"alone":     ready,
		"Filter":    func() stream.Stream[int] { return stream.Filter(ready(), none) },
		"Skip":      func() stream.Stream[int] { return stream.Skip(ready(), n) },
		"SkipWhile": func() stream.Stream[int] { return stream.SkipWhile(ready(), func(int) bool { return true }) },
		"FilterMap": func() stream.Stream[int] {
			return stream.FilterMap(ready(), func(int) (int, bool) { return 0, false })
		},
		"Chunks": func() stream.Stream[int] {
			return stream.Map(stream.Chunks(ready(), n), func(vs []int) int { return len(vs) })
		},
		"Flatten of empty ones": func() stream.Stream[int] {
			return stream.FlatMap(ready(), func(int) stream.Stream[int] { return stream.Empty[int]() })
		},
		"FlattenUnordered of empty ones": func() stream.Stream[int] {
			return stream.FlattenUnordered(stream.Map(ready(), func(int) stream.Stream[int] { return stream.Empty[int]() }), 3)
		},
		"MergeAll": func() stream.Stream[int] { return stream.MergeAll(ready(), ready()) },
		"Merge":    func() stream.Stream[int] { return stream.Merge(ready(), ready()) },
		"Unordered": func() stream.Stream[int] {
			return stream.Unordered(stream.Map(ready(), future.Ready[int]), 10)
		},
		"Debounce": func() stream.Stream[int] { return stream.Debounce(ready(), time.Hour) },
		"Window": func() stream.Stream[int] {
			return stream.Map(stream.Window(ready(), n+1), func(vs []int) int { return len(vs) })
		},
		"SkipUntil": func() stream.Stream[int] { return stream.SkipUntil(ready(), future.Never[int]()) },
	} {
		t.Run(name, func(t *testing.T) {
			e := asynctest.New(t)
			r := asynctest.Go(e, func(t *async.Task) (int, error) { return stream.Count(t, s()) })
			turns := 0
			other := asynctest.Go(e, func(t *async.Task) (int, error) {
				for ; !r.Done; turns++ {
					if err := async.Yield(t); err != nil {
						return 0, err
					}
				}
				return 0, nil
			})
			e.RunUntilIdle()
			if !other.Done || r.Err != nil || turns < n/200 {
				t.Errorf("error %v, the other had %d turns", r.Err, turns)
			}
		})
	}
}

// The same for a sink that always has room.
func TestAlwaysReadySinkLeavesTurns(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		return 0, stream.SendAll(t, stream.Take(stream.Repeat(1), 20_000), stream.Discard[int]())
	})
	turns := 0
	asynctest.Go(e, func(t *async.Task) (int, error) {
		for ; !r.Done; turns++ {
			if err := async.Yield(t); err != nil {
				return 0, err
			}
		}
		return 0, nil
	})
	e.RunUntilIdle()
	if r.Err != nil || turns < 100 {
		t.Errorf("error %v, the other had %d turns", r.Err, turns)
	}
}

// "A select in a loop over a stream that has ended panics, or has to be fused by hand":
// a stream that has ended says so again, and a merge goes on without it.
func TestEndedStreamsInALoop(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (n int, err error) {
		ended := stream.Of[int]()
		for range 3 {
			if _, err := stream.Next(t, ended); err != eof {
				return 0, errors.New("not the end")
			}
		}
		return stream.Count(t, stream.Merge(ended, stream.Of(1, 2, 3)))
	})
	e.RunUntilIdle()
	if !r.Done || r.Err != nil || r.Value != 3 {
		t.Errorf("done %v, %v, %v", r.Done, r.Value, r.Err)
	}
}

// "A merge that always looks at the same stream first starves the others." Prefer says
// that it does. Merge takes turns, and so does a Set.
func TestMergeIsFairAndPreferIsBiased(t *testing.T) {
	of := func(v int) stream.Stream[int] { return stream.Repeat(v) }
	for _, c := range []struct {
		name string
		s    stream.Stream[int]
		want int // of every 30, how many are from the first
	}{
		{"Merge", stream.Merge(of(1), of(0)), 15},
		{"Prefer", stream.Prefer(of(1), of(0)), 30},
		{"MergeAll", stream.MergeAll(of(1), of(0), of(0)), 10},
	} {
		e := asynctest.New(t)
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			return stream.Fold(t, stream.Take(c.s, 30), 0, func(sum, v int) int { return sum + v })
		})
		e.RunUntilIdle()
		if !r.Done || r.Err != nil || r.Value != c.want {
			t.Errorf("%s: done %v, %d of the first, error %v", c.name, r.Done, r.Value, r.Err)
		}
	}
}

// "A task that holds a lock across an await of a stream deadlocks with the stream's
// own functions": they are tasks, wait for it, and the holder goes on.
func TestLockHeldAcrossAStream(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		var mu lock.Mutex
		queue := channel.New[int](1)
		s := stream.Unordered(stream.Go(stream.FromOp(queue.Recv), func(t *async.Task, n int) (int, error) {
			if err := mu.Lock().Await(t); err != nil {
				return 0, err
			}
			defer mu.Unlock()
			return n, nil
		}), 4)
		defer stream.Close(t, s)
		t.Go(func(t *async.Task) error {
			defer queue.Close()
			for n := range 8 {
				if err := mu.Lock().Await(t); err != nil {
					return err
				}
				err := queue.Send(n).Await(t) // waits for the stream, with the lock
				mu.Unlock()
				if err != nil {
					return err
				}
			}
			return nil
		})
		return stream.Count(t, s)
	})
	e.RunUntilIdle()
	if !r.Done || r.Err != nil || r.Value != 8 {
		t.Errorf("done %v, %v, %v", r.Done, r.Value, r.Err)
	}
}
