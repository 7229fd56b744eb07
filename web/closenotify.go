package web

import "sync/atomic"

// A notice is what net/http's CloseNotifier promises: a channel that is told, once, that the
// client is gone. Few ask for it, but some assert that they may.
type notice struct {
	given atomic.Bool
	to    atomic.Pointer[chan bool]
}

// give tells whoever has asked, or will.
func (n *notice) give() {
	if !n.given.Swap(true) {
		n.deliver()
	}
}

func (n *notice) deliver() {
	if c := n.to.Load(); c != nil {
		select {
		case *c <- true:
		default: // the other of give and ask has
		}
	}
}

// ask returns the channel. One goroutine at a time asks.
func (n *notice) ask() <-chan bool {
	if c := n.to.Load(); c != nil {
		return *c
	}
	c := make(chan bool, 1)
	n.to.Store(&c)
	if n.given.Load() {
		n.deliver()
	}
	return c
}

func (n *notice) reset() {
	n.given.Store(false)
	n.to.Store(nil)
}

// CloseNotify returns a channel that is told when the client goes away, as that of package
// net/http is: in HTTP/2 also when the handler has returned. The request's context tells
// the same.
func (w *response) CloseNotify() <-chan bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.x == nil {
		panic("web: CloseNotify was called after the handler had returned")
	}
	return w.x.notice.ask()
}
