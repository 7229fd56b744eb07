package lock

import (
	"sync"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
)

// A Notify tells tasks that something may have changed: those who wait then look
// for themselves. A notification that comes while nobody waits is kept for the
// next one who does, but only one is. The zero value has none. It must not be
// copied after its first use.
//
// Every method may be called by any task or goroutine.
type Notify struct {
	mu    sync.Mutex
	units waitline.Units // at most one: the notification that is kept
}

// Notified suspends until there is a notification, and takes it. Who polls it by
// hand is in the line from the first poll on. Cancelled, or as the loser of a
// Select, it passes a notification of NotifyOne on.
func (n *Notify) Notified() async.Act { return async.NewQuickAct((*notified)(n), 0) }

// NotifyOne notifies who has waited longest, or else who comes next.
func (n *Notify) NotifyOne() {
	k := n.one()
	k.Wake(nil)
}

func (n *Notify) one() (k waitline.Woken) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.put(1, &k)
	return k
}

func (n *Notify) put(notifications int64, k *waitline.Woken) {
	if n.units.Waiting() || n.units.Free() == 0 {
		n.units.Put(notifications, k)
	}
}

// NotifyAll notifies all who wait now, and nobody later.
func (n *Notify) NotifyAll() {
	k := n.all()
	k.WakeMany(nil, &n.mu, n.units.Line())
}

func (n *Notify) all() (k waitline.Woken) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.units.Line().Tell(&k)
	return k
}

// notified is the source of Notified.
type notified Notify

func (s *notified) Home() *async.Executor { return nil }

func (s *notified) Start(t *async.Task, _ []byte, _ uint64) uint32 {
	s.mu.Lock()
	return s.units.StartQuick(t, 1, &s.mu)
}

func (s *notified) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ticket == 0 && !s.units.Take(1) || ticket != 0 && s.units.Poll(t, ticket) == waitline.Waiting {
		return struct{}{}, async.Pending
	}
	return struct{}{}, nil
}

func (s *notified) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	k := (*Notify)(s).cancel(ticket)
	k.Wake(t.Executor())
	return true
}

func (n *Notify) cancel(ticket uint32) (k waitline.Woken) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.put(n.units.Cancel(ticket), &k)
	return k
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (s *notified) Settle(uint32, bool) int { return 0 }
