package coro_test

import (
	"runtime"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/coro"
)

// host is an executor turned by hand, with a pool.
type host struct {
	exec async.Executor
	pool coro.Pool
}

func newHost() *host {
	h := new(host)
	h.exec.Init(h)
	h.exec.SetLowered(false) // it is about coroutines, however it was built
	return h
}

func (h *host) Coroutine() *async.Coroutine { return h.pool.Get() }
func (h *host) Recycle(co *async.Coroutine) { h.pool.Put(co) }
func (h *host) Interrupt()                  {}

// run spawns n tasks at once, each of which suspends, and runs them to their ends.
func (h *host) run(n int, f func(*async.Task) error) {
	for range n {
		async.SpawnRoot(&h.exec, "", f, nil)
	}
	for h.exec.Run(n) > 0 {
	}
}

func (h *host) expect(t *testing.T, idle, lent int) {
	t.Helper()
	if h.pool.Idle() != idle || h.pool.Lent() != lent {
		t.Errorf("%d idle, %d lent; want %d, %d", h.pool.Idle(), h.pool.Lent(), idle, lent)
	}
}

func TestPool(t *testing.T) {
	before := runtime.NumGoroutine()
	h := newHost()
	h.run(100, async.Yield)
	h.expect(t, 100, 0)
	h.run(40, async.Yield) // those there are
	h.expect(t, 100, 0)

	h.pool.Trim() // 100 were lent at once since the pool was made
	h.expect(t, 50, 0)
	h.pool.Trim() // none since then
	h.expect(t, 16, 0)
	h.run(30, async.Yield)
	h.pool.Trim()
	h.expect(t, 16, 0)

	h.pool.Close()
	h.expect(t, 0, 0)
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d coroutines are left", n-before)
	}
	h.run(3, async.Yield) // it can go on
	h.expect(t, 3, 0)
	h.pool.Close()
}

// TestTrimKeepsWhatIsLent: coroutines with a function on them are not the pool's.
func TestTrimKeepsWhatIsLent(t *testing.T) {
	h := newHost()
	defer h.pool.Close()
	for range 50 {
		async.SpawnRoot(&h.exec, "", async.Yield, nil)
	}
	h.exec.Run(50)
	h.expect(t, 0, 50)
	h.pool.Trim()
	h.expect(t, 0, 50)
	h.exec.Run(50)
	h.expect(t, 50, 0)
	h.pool.Trim()
	h.expect(t, 25, 0)
}

// TestGone: a coroutine whose function called runtime.Goexit is forgotten, one
// whose function panicked is used again.
func TestGone(t *testing.T) {
	before := runtime.NumGoroutine()
	h := newHost()
	h.run(4, async.Yield)
	h.expect(t, 4, 0)
	h.run(3, func(*async.Task) error { panic("oh") })
	h.expect(t, 4, 0)
	h.run(3, func(t *async.Task) error { async.Yield(t); runtime.Goexit(); return nil })
	h.expect(t, 1, 0)
	h.run(4, async.Yield)
	h.expect(t, 4, 0)
	h.pool.Close()
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d coroutines are left", n-before)
	}
}

// TestGrown: a coroutine whose function has made its stack large is not kept, whether
// that returned or panicked.
func TestGrown(t *testing.T) {
	before := runtime.NumGoroutine()
	h := newHost()
	h.run(3, func(t *async.Task) error { t.Core().DropStack(); return async.Yield(t) })
	h.expect(t, 0, 0)
	h.run(3, func(t *async.Task) error { t.Core().DropStack(); panic("oh") })
	h.expect(t, 0, 0)
	h.run(3, func(t *async.Task) error { t.Core().DropStack(); runtime.Goexit(); return nil })
	h.expect(t, 0, 0)
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d coroutines are left", n-before)
	}
	h.run(2, async.Yield)
	h.expect(t, 2, 0)
	h.pool.Close()
}

// TestWarmest: the coroutine that was given back last is lent first.
func TestWarmest(t *testing.T) {
	var p coro.Pool
	a, b := p.Get(), p.Get()
	p.Put(a)
	p.Put(b)
	if p.Get() != b || p.Get() != a {
		t.Error("a cold stack was lent first")
	}
	p.Put(a)
	p.Put(b)
	p.Close()
}
