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
	"rondo.dev/rondo/internal/tasktest"
)

// host is that of an executor without coroutines, idle a task that waits for ever.
type host struct{}

func (host) Coroutine() *async.Coroutine { return nil }
func (host) Recycle(*async.Coroutine)    {}
func (host) Interrupt()                  {}

type idle struct{}

func (idle) Step(*async.Task) bool { return false }
func (idle) Outcome() error        { return nil }
func (idle) Result() (int, error)  { return 0, nil }

type parent struct{ j async.Join[int] }

func (p *parent) Step(t *async.Task) bool { async.SpawnFrame[int](t, &p.j, idle{}, 0); return true }

// TestJoinHandedBack: a child that a task of another executor has polled, and has done with,
// wakes its parent, who awaits it before that is known at home.
func TestJoinHandedBack(t *testing.T) {
	other := asynctest.New(t)
	_, done := tasktest.Alone(t, false, func(_ *asynctest.Executor, tk *async.Task) error {
		j := async.Spawn(tk, func(t *async.Task) (int, error) { return 1, tasktest.Sleep(t, time.Second) })
		asynctest.Go(other, func(t *async.Task) (int, error) {
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

// TestJoinHandedBackLoops is the same on real loops.
func TestJoinHandedBackLoops(t *testing.T) {
	done := make(chan bool, 1)
	go rondo.Run(func(tk *async.Task) error {
		there := rondo.LoopOf(tk).Runtime().Loops()[1-rondo.LoopOf(tk).Index()]
		for range 200 {
			j := async.Spawn(tk, func(t *async.Task) (int, error) { return 1, tasktest.Sleep(t, time.Millisecond) })
			var gaveUp atomic.Bool
			w := rondo.SpreadTo(tk, there, func(t *async.Task) error {
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

// TestJoinWhileClosing: whoever polls a child that is abandoned at that moment gets an answer.
// It takes some tries to meet the moment.
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

// TestTakenElsewhere: goroutines take the errors of children while more are dropped.
func TestTakenElsewhere(t *testing.T) {
	err := rondo.Run(func(tk *async.Task) error {
		children := make(chan *async.Child, 1000)
		takers := make(chan error, 2)
		for range cap(takers) {
			go func() {
				for c := range children {
					async.Block(context.Background(), c)
				}
				takers <- nil
			}()
		}
		for range cap(children) {
			children <- tk.Go(func(*async.Task) error { return asynctest.ErrTest })
			async.Yield(tk)
		}
		close(children)
		for range cap(takers) {
			if _, err := async.Await(tk, future.FromChan(future.Goroutine, takers)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Errorf("%v, although each child was awaited", err)
	}
}

// TestAwaitsAreNotKept: what a crowd has waited with is not kept when it has gone.
func TestAwaitsAreNotKept(t *testing.T) {
	type big [4 << 10]byte
	const crowd = 4 << 10 // 16 MB
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	e := asynctest.New(t)
	before := heap()
	asynctest.Go(e, func(t *async.Task) (int, error) {
		shared := future.Share(t, future.Go(func(t *async.Task) (v big, err error) {
			return v, tasktest.Sleep(t, time.Second)
		}))
		for range crowd {
			async.Spawn(t, func(t *async.Task) (int, error) {
				_, err := shared.Get().Await(t)
				return 0, err
			})
		}
		return 0, nil
	})
	e.Advance(time.Minute)
	if kept := int64(heap() - before); kept > 12<<20 {
		t.Errorf("%d MB are kept", kept>>20)
	}
	runtime.KeepAlive(e)
}
