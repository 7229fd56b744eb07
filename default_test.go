package rondo_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/timer"
)

// endDefault shuts the default runtime down, so that tests leave nothing.
func endDefault(t *testing.T) {
	t.Cleanup(func() {
		rt, err := rondo.Default()
		if err == nil {
			err = rt.Shutdown(context.Background())
		}
		if err != nil {
			t.Error(err)
		}
	})
}

// TestSyncSide: a program without a runtime of its own listens, dials, reads and
// writes from plain goroutines.
func TestSyncSide(t *testing.T) {
	endDefault(t)
	ctx := context.Background()
	ln, err := rondo.Wait(ctx, func(t *async.Task) (*netio.Listener, error) { return netio.Listen(t, "tcp", "127.0.0.1:0") })
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		c, err := ln.Accept().Wait(ctx)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close().Wait(ctx)
		buf := make([]byte, 64)
		n, err := c.Read(buf).Wait(ctx)
		if err == nil {
			_, err = c.Write(buf[:n]).Wait(ctx)
		}
		if err != nil {
			t.Error(err)
		}
	})
	c, err := rondo.Wait(ctx, func(t *async.Task) (*netio.Conn, error) { return netio.Dial(t, "tcp", ln.Addr().String()) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("sync")).Wait(ctx); err != nil {
		t.Error(err)
	}
	buf := make([]byte, 64)
	if n, err := c.Read(buf).Wait(ctx); string(buf[:n]) != "sync" || err != nil {
		t.Errorf("%q, %v", buf[:n], err)
	}
	served.Wait()
	c.Close().Wait(ctx)
	ln.Close().Wait(ctx)
}

// TestTwoRuntimes: a connection of one runtime, used by a task of another.
func TestTwoRuntimes(t *testing.T) {
	endDefault(t)
	ctx := context.Background()
	ln, err := rondo.Wait(ctx, func(t *async.Task) (*netio.Listener, error) { return netio.Listen(t, "tcp", "127.0.0.1:0") })
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close().Wait(ctx)
	err = rondo.Run(func(t *async.Task) error {
		c, err := netio.Dial(t, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close().Await(t.WithoutCancel())
		there, err := ln.Accept().Await(t) // at home on the default runtime
		if err != nil {
			return err
		}
		defer there.Close().Await(t.WithoutCancel())
		if _, err := c.Write([]byte("x")).Await(t); err != nil {
			return err
		}
		_, err = there.Read(make([]byte, 1)).Await(t)
		return err
	}, rondo.Loops(1))
	if err != nil {
		t.Error(err)
	}
}

type key struct{}

func TestWaitEndsLikeItsTask(t *testing.T) {
	endDefault(t)
	failed := errors.New("failed")
	if v, err := rondo.Wait(context.Background(), func(*async.Task) (int, error) { return 3, failed }); v != 3 || err != failed {
		t.Errorf("%v, %v", v, err)
	}

	ctx, stop := context.WithCancelCause(context.WithValue(context.Background(), key{}, "value"))
	_, err := rondo.Wait(ctx, func(t *async.Task) (int, error) {
		if t.Value(key{}) != "value" {
			return 0, errors.New("the value of the context is lost")
		}
		stop(failed)
		return 0, timer.Sleep(1 << 62).Await(t)
	})
	if !errors.Is(err, failed) {
		t.Errorf("cancelled: %v", err)
	}

	func() {
		defer func() {
			if p, ok := recover().(*async.PanicError); !ok || p.Value != "boom" {
				t.Errorf("panic: %v", p)
			}
		}()
		rondo.Wait(context.Background(), func(*async.Task) (int, error) { panic("boom") })
	}()

	done := make(chan bool)
	go func() {
		defer close(done)
		rondo.Wait(context.Background(), func(t *async.Task) (int, error) { runtime.Goexit(); return 0, nil })
		done <- true
	}()
	if <-done {
		t.Error("runtime.Goexit did not reach the caller")
	}
}

// TestDefaultStartsAgain: after a shutdown there is a new one.
func TestDefaultStartsAgain(t *testing.T) {
	endDefault(t)
	a, err := rondo.Default()
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := rondo.Default(); a != b {
		t.Error("there are two default runtimes")
	}
	if err := a.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if b, err := rondo.Default(); err != nil || a == b {
		t.Errorf("after a shutdown: %p, %p, %v", a, b, err)
	}
}

// TestWaitInATask: what would block a loop says so.
func TestWaitInATask(t *testing.T) {
	err := rondo.Run(func(t *async.Task) error {
		for _, f := range []func(){
			func() { timer.Sleep(1).Wait(t) },
			func() { rondo.Wait(t, func(t *async.Task) (int, error) { return 0, nil }) },
			func() { rondo.LoopOf(t).Runtime().Shutdown(t) },
			func() { deep(300, func() { timer.Sleep(1).Wait(t) }) },
		} {
			if p := panicOf(f); !strings.Contains(p, "use Await(t)") {
				return errors.New("panic: " + p)
			}
		}
		// Where it may block, it may wait.
		_, err := rondo.Blocking(t, func() (int, error) { return 0, timer.Sleep(1).Wait(t) })
		return err
	}, rondo.Loops(1))
	if err != nil {
		t.Error(err)
	}
	if rt, err := rondo.Default(); err == nil {
		rt.Shutdown(context.Background())
	}
}

// deep calls f at the top of a high stack.
func deep(n int, f func()) {
	if n > 0 {
		deep(n-1, f)
		return
	}
	f()
}

func panicOf(f func()) (p string) {
	defer func() { p, _ = recover().(string) }()
	f()
	return "none"
}
