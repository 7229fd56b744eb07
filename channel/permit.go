package channel

import (
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
)

// A Permit is room for one value in a channel, kept for its holder: a value can
// be made when it is certain that it can be sent, and sending it can't be
// cancelled half-way. It is good also after the channel was closed; receivers wait
// for it. So it has to be used once, by Send or by Release.
type Permit[T any] struct {
	c      *Chan[T]
	ticket uint32
}

// Reserve waits for room, like Send, and keeps it. A cancelled or losing Reserve
// has nothing.
func (c *Chan[T]) Reserve() async.Op[Permit[T]] {
	return async.NewQuickOp((*permitting[T])(c), 0)
}

// TryReserve is Reserve if that need not wait; else it returns ErrFull or
// ErrClosed.
func (c *Chan[T]) TryReserve() (Permit[T], error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.places.Take(1):
		return c.permit(), nil
	case c.places.Closed():
		return Permit[T]{}, ErrClosed
	}
	return Permit[T]{}, ErrFull
}

// permit makes a permit of a place that was taken. Its ticket is one of the line's,
// so that a permit used twice is found out.
func (c *Chan[T]) permit() Permit[T] { return Permit[T]{c, c.places.Line().New().Ticket()} }

// Send sends v. It does not wait and can't fail. Any task or goroutine may call
// it. It panics if the permit was used.
func (p Permit[T]) Send(v T) {
	k := p.send(v)
	k.Wake(nil)
}

func (p Permit[T]) send(v T) (k waitline.Woken) {
	c := p.lock()
	defer c.mu.Unlock()
	p.end()
	c.put(v, &k)
	return k
}

// Release gives the room back. It panics if the permit was used.
func (p Permit[T]) Release() {
	k := p.release()
	k.Wake(nil)
}

func (p Permit[T]) release() (k waitline.Woken) {
	c := p.lock()
	defer c.mu.Unlock()
	p.end()
	c.vacate(1, &k)
	return k
}

func (p Permit[T]) lock() *Chan[T] {
	if p.c == nil {
		panic("rondo/channel: the zero Permit was used")
	}
	p.c.mu.Lock()
	return p.c
}

// end ends the permit, or panics if it has ended. Its place is the caller's then.
func (p Permit[T]) end() {
	l := p.c.places.Line()
	l.Free(l.Find(p.ticket))
}

// permitting is the source of Reserve.
type permitting[T any] Chan[T]

func (s *permitting[T]) Home() *async.Executor { return nil }

func (s *permitting[T]) Start(t *async.Task, _ []byte, _ uint64) uint32 {
	s.mu.Lock()
	return s.places.StartQuick(t, 1, &s.mu)
}

func (s *permitting[T]) PollOp(t *async.Task, ticket uint32, _ bool) (Permit[T], error) {
	if ticket == 0 {
		p, err := (*Chan[T])(s).TryReserve()
		if err == ErrFull {
			err = async.Pending
		}
		return p, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.places.Poll(t, ticket) {
	case waitline.Waiting:
		return Permit[T]{}, async.Pending
	case waitline.Told:
		return Permit[T]{}, ErrClosed
	}
	return (*Chan[T])(s).permit(), nil
}

func (s *permitting[T]) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	k := (*Chan[T])(s).cancelPlace(ticket)
	k.Wake(t.Executor())
	return true
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (s *permitting[T]) Settle(uint32, bool) int { return 0 }
