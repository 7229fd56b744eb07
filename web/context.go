package web

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rondo.dev/rondo/async"
)

// requestContext is the context of one request. It ends when the client goes away,
// when the handler has returned, and when what it was made from ends. It is one of
// its own, because most requests are over before anybody has asked for Done: it costs
// nothing then. Package context derives others from it by AfterFunc, without a
// goroutine.
type requestContext struct {
	context.Context // what it was made from: values, and a time limit if any

	resp *response    // of the same request
	srv  *http.Server // what http.ServerContextKey stands for
	stop func() bool  // of the watch on what it was made from, if that can end

	mu    sync.Mutex
	over  atomic.Pointer[error]
	done  chan struct{} // made by the first who asks
	calls []*func()     // of AfterFunc
	local net.Addr      // under resp.asks
}

// begin makes the context see the end of what it was made from.
func (c *requestContext) begin(parent context.Context) {
	c.Context = parent
	if parent.Done() != nil {
		c.stop = context.AfterFunc(parent, func() { c.cancel(parent.Err()) })
	}
}

// end is called when the handler has returned.
func (c *requestContext) end() {
	if c.stop != nil {
		c.stop()
	}
	c.cancel(context.Canceled)
}

// cancel ends the context; the first error counts. Any goroutine may call it.
func (c *requestContext) cancel(err error) {
	if c.over.Load() != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over.CompareAndSwap(nil, &err) {
		return
	}
	if c.done != nil {
		close(c.done)
	}
	for _, f := range c.calls {
		go (*f)()
	}
	c.calls = nil
}

// Done returns a channel that is closed when the context ends.
func (c *requestContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		c.done = make(chan struct{})
		if c.over.Load() != nil {
			close(c.done)
		}
	}
	return c.done
}

// Err returns why the context has ended, nil if it has not.
func (c *requestContext) Err() error {
	if p := c.over.Load(); p != nil {
		return *p
	}
	return nil
}

// AfterFunc is what package context looks for: it runs f in a goroutine of its own
// when the context has ended, unless stop was called before.
func (c *requestContext) AfterFunc(f func()) (stop func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over.Load() != nil {
		go f()
		return func() bool { return false }
	}
	entry := &f
	c.calls = append(c.calls, entry)
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		i := slices.Index(c.calls, entry)
		if i < 0 {
			return false
		}
		c.calls = slices.Delete(c.calls, i, i+1)
		return true
	}
}

// Value knows what package net/http promises: its keys for the server and for the
// local address.
func (c *requestContext) Value(key any) any {
	switch key {
	case requestKey{}:
		return c
	case http.ServerContextKey:
		return c.srv
	case http.LocalAddrContextKey:
		if a := c.localAddr(); a != nil {
			return a
		}
	}
	return c.Context.Value(key)
}

// requestKey is the key of the requestContext itself.
type requestKey struct{}

// localAddr is asked for by few, and needs a system call on the loop. The first who
// asks does so while the request is handled; Hijack does so, too.
func (c *requestContext) localAddr() net.Addr {
	c.resp.asks.Lock()
	defer c.resp.asks.Unlock()
	if x := c.resp.x; c.local == nil && x != nil && !x.detached {
		x.do(func(*async.Task) { c.local = x.c.stream().LocalAddr() })
	}
	return c.local
}

// Deadline is that of what the context was made from.
func (c *requestContext) Deadline() (time.Time, bool) { return c.Context.Deadline() }
