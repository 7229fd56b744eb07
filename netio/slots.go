package netio

import (
	"slices"
	"sync"

	"rondo.dev/rondo/async"
)

// slots is a semaphore for MaxConns across loops. A nil *slots has no limit.
type slots struct {
	mu      sync.Mutex
	free    int
	waiting []*slotWait
}

func newSlots(n int) *slots {
	if n <= 0 {
		return nil
	}
	return &slots{free: n}
}

// take waits for a slot.
func (s *slots) take(t *async.Task) error {
	if s == nil {
		return nil
	}
	_, err := async.Await(t, &slotWait{slots: s})
	return err
}

// give frees a slot, for the one who has waited longest.
func (s *slots) give() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		s.free++
		return
	}
	w := s.waiting[0]
	s.waiting = slices.Delete(s.waiting, 0, 1)
	w.got = true
	w.waker.Wake()
}

// slotWait is one wait for a slot; its fields are guarded by the mutex.
type slotWait struct {
	slots  *slots
	queued bool
	got    bool
	waker  *async.Waker
}

func (w *slotWait) Poll(t *async.Task) (struct{}, error) {
	s := w.slots
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case w.got:
		return struct{}{}, nil
	case !w.queued && s.free > 0:
		s.free--
		w.got = true
		return struct{}{}, nil
	case !w.queued:
		w.queued = true
		s.waiting = append(s.waiting, w)
	}
	w.waker = t.Waker()
	return struct{}{}, async.Pending
}

// Cancel makes it a Canceler. A slot that came at the same moment is its result.
func (w *slotWait) Cancel(*async.Task, bool) (idle bool) {
	s := w.slots
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = slices.DeleteFunc(s.waiting, func(x *slotWait) bool { return x == w })
	return !w.got
}
