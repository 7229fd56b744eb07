package lock

import (
	"sync"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
)

// An Event happens once, and then has happened for ever: what closing a Go channel
// is to goroutines. The zero value has not happened. It must not be copied after
// its first use. Every method may be called by any task or goroutine.
type Event struct {
	mu    sync.Mutex
	units waitline.Units // there are never any: closed when it has happened
}

// Set makes it happen, if it has not.
func (e *Event) Set() {
	k := e.set()
	k.Wake(nil)
}

func (e *Event) set() (k waitline.Woken) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.units.Close(&k)
	return k
}

// IsSet reports whether it has happened.
func (e *Event) IsSet() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.units.Closed()
}

// Done suspends until it has happened.
func (e *Event) Done() async.Act { return async.NewQuickAct((*happening)(e), 0) }

// happening is the source of Done.
type happening Event

func (s *happening) Home() *async.Executor { return nil }

func (s *happening) Start(t *async.Task, _ []byte, _ uint64) uint32 {
	s.mu.Lock()
	return s.units.StartQuick(t, 1, &s.mu)
}

func (s *happening) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ticket == 0 && !s.units.Closed() || ticket != 0 && s.units.Poll(t, ticket) == waitline.Waiting {
		return struct{}{}, async.Pending
	}
	return struct{}{}, nil
}

func (s *happening) CancelOp(_ *async.Task, ticket uint32) (idle bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.units.Cancel(ticket)
	return true
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (s *happening) Settle(uint32, bool) int { return 0 }
