package async_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/timer"
)

// task is short for it.
type task = *async.Task

// alone runs f as a task, which is cancelled when it waits, if cancel is set.
func alone(t *testing.T, cancel bool, f func(e *asynctest.Executor, tk task) error) (err error, done bool) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(tk task) (struct{}, error) { return struct{}{}, f(e, tk) })
	e.RunUntilIdle()
	if cancel {
		r.Cancel(asynctest.ErrTest)
	}
	e.Advance(24 * time.Hour)
	return r.Err, r.Done
}

func sleep(tk task, d time.Duration) error { return timer.Sleep(d).Await(tk) }

type host struct{}

func (host) Coroutine() *async.Coroutine { return nil }
func (host) Recycle(*async.Coroutine)    {}
func (host) Interrupt()                  {}

type idle struct{}

func (idle) Step(task) bool       { return false }
func (idle) Outcome() error       { return nil }
func (idle) Result() (int, error) { return 0, nil }

type parent struct{ j async.Join[int] }

func (p *parent) Step(t task) bool { async.SpawnFrame[int](t, &p.j, idle{}, 0); return true }

func TestJoinHandedBack(t *testing.T) {
	other := asynctest.New(t)
	_, done := alone(t, false, func(_ *asynctest.Executor, tk task) error {
		j := async.Spawn(tk, func(t task) (int, error) { return 1, sleep(t, time.Second) })
		asynctest.Go(other, func(t task) (int, error) {
			_, err := async.Await(t, future.Select[int, int](j, future.Ready(1))) // loses: "only borrowed"
			return 0, err
		})
		other.RunUntilIdle() // meanwhile, on another loop
		_, err := j.Await(tk)
		return err
	})
	if !done {
		t.Error("the parent is not woken by the end of its child")
	}
}

func TestJoinHandedBackLoops(t *testing.T) { // the same on real loops
	done := make(chan bool, 1)
	go rondo.Run(func(tk task) error {
		there := rondo.LoopOf(tk).Runtime().Loops()[1-rondo.LoopOf(tk).Index()]
		for range 200 {
			j := async.Spawn(tk, func(t task) (int, error) { return 1, sleep(t, time.Millisecond) })
			var gaveUp atomic.Bool
			w := rondo.SpreadTo(tk, there, func(t task) error {
				async.Await(t, future.Select[int, int](j, future.Ready(1)))
				gaveUp.Store(true)
				return nil
			})
			async.Yield(tk)
			for !gaveUp.Load() {
			}
			j.Await(tk)
			w.Await(tk)
		}
		done <- true
		return nil
	}, rondo.Loops(2))
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Error("the parent is not woken by the end of its child")
	}
}

func TestJoinWhileClosing(t *testing.T) {
	for n, end := 0, time.Now().Add(2*time.Second); time.Now().Before(end); n++ {
		var e async.Executor
		e.Init(host{})
		var core async.Core
		p := new(parent)
		core.StartRoot(&e, p)
		e.Run(10)
		e.Close()
		var ready, begin atomic.Int32
		res := make(chan error, 1)
		go func() {
			ready.Store(1)
			for begin.Load() == 0 {
			}
			for range n % 97 {
				begin.Load()
			}
			_, err := async.Block(context.Background(), &p.j)
			res <- err
		}()
		for ready.Load() == 0 {
			runtime.Gosched()
		}
		begin.Store(1)
		for range 400 + n%401 {
			begin.Load()
		}
		e.Abandon(errors.New("abandoned"))
		select {
		case <-res:
		case <-time.After(time.Minute):
			t.Fatalf("after %d tries: who awaits the Join is never woken", n)
		}
	}
}
