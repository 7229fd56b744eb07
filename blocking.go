package rondo

import (
	"slices"
	"sync"
	"sync/atomic"

	"rondo.dev/rondo/async"
)

// Blocking runs f on an ordinary goroutine and suspends t until it returns: for
// calls that block and for long computations, which would hold t's loop.
//
// f can't be interrupted. If t is cancelled while f waits for its turn, f is not
// run; once it runs, its end is waited for and its result returned. f may use t
// as a context, and only as that, to learn of the cancellation. A panic in f is
// raised in t.
func Blocking[T any](t *async.Task, f func() (T, error)) (T, error) {
	c := &blockingCall[T]{pool: &LoopOf(t).rt.blocking, f: f}
	v, err := async.Await(t, c)
	if c.panicked != nil {
		panic(c.panicked)
	}
	return v, err
}

// blockingCall is one call: a future whose result comes from a goroutine.
type blockingCall[T any] struct {
	pool     *blockingPool
	f        func() (T, error)
	waker    atomic.Pointer[async.Waker]
	started  bool
	done     atomic.Bool
	val      T
	err      error
	panicked *async.PanicError
}

func (c *blockingCall[T]) Poll(t *async.Task) (T, error) {
	c.waker.Store(t.Waker())
	if !c.started {
		c.started = true
		c.pool.submit(c)
	}
	// After the waker was stored: an end that comes from now on wakes it.
	if !c.done.Load() {
		var zero T
		return zero, async.Pending
	}
	return c.val, c.err
}

func (c *blockingCall[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	return c.pool.withdraw(c)
}

// run is called on the goroutine.
func (c *blockingCall[T]) run() {
	returned := false
	defer func() {
		if !returned {
			if v := recover(); v != nil {
				c.panicked = async.NewPanicError(v)
				c.err = c.panicked
			} else {
				c.err = async.ErrGoexit
			}
		}
		c.done.Store(true)
		c.waker.Load().Wake()
	}()
	c.val, c.err = c.f()
	returned = true
}

// blockingPool bounds the goroutines that blocking calls run on. Each call has one of
// its own, which it may end with runtime.Goexit: Go keeps ended goroutines for the
// next, so there is no pool of idle ones.
type blockingPool struct {
	mu      sync.Mutex
	limit   int
	running int
	queue   []runner
}

type runner interface{ run() }

func (p *blockingPool) submit(c runner) {
	p.mu.Lock()
	if p.running >= p.limit {
		p.queue = append(p.queue, c)
		p.mu.Unlock()
		return
	}
	p.running++
	p.mu.Unlock()
	go p.work(c)
}

func (p *blockingPool) work(c runner) {
	// Deferred, because a call may end its goroutine with runtime.Goexit.
	defer func() {
		p.mu.Lock()
		if len(p.queue) == 0 {
			p.running--
			p.mu.Unlock()
			return
		}
		next := p.queue[0]
		p.queue[0] = nil
		p.queue = p.queue[1:]
		p.mu.Unlock()
		go p.work(next)
	}()
	c.run()
}

// withdraw takes a call that has not begun back out of the queue.
func (p *blockingPool) withdraw(c runner) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.queue, c)
	if i < 0 {
		return false
	}
	p.queue = slices.Delete(p.queue, i, i+1)
	return true
}

func (p *blockingPool) counts() (running, queued int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running, len(p.queue)
}
