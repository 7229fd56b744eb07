package driver

import "time"

// A schedule holds what happens later, ordered by time and, at the same time, by
// tie and then by the order of add. It is a binary heap.
type schedule struct {
	events []event
	seq    uint64
}

type event struct {
	at  time.Duration
	tie uint64 // 0 unless the order at one time is being shuffled
	seq uint64
	run func()
}

func (e *event) before(o *event) bool {
	switch {
	case e.at != o.at:
		return e.at < o.at
	case e.tie != o.tie:
		return e.tie < o.tie
	}
	return e.seq < o.seq
}

func (s *schedule) add(at time.Duration, tie uint64, run func()) {
	s.seq++
	s.events = append(s.events, event{at, tie, s.seq, run})
	for i := len(s.events) - 1; i > 0; {
		parent := (i - 1) / 2
		if !s.events[i].before(&s.events[parent]) {
			break
		}
		s.events[i], s.events[parent] = s.events[parent], s.events[i]
		i = parent
	}
}

// next returns the time of the first event.
func (s *schedule) next() (at time.Duration, ok bool) {
	if len(s.events) == 0 {
		return 0, false
	}
	return s.events[0].at, true
}

// pop removes the first event, which there has to be.
func (s *schedule) pop() event {
	first, last := s.events[0], len(s.events)-1
	s.events[0] = s.events[last]
	s.events[last] = event{} // lets go of run
	s.events = s.events[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return first
		}
		if right := child + 1; right < last && s.events[right].before(&s.events[child]) {
			child = right
		}
		if !s.events[child].before(&s.events[i]) {
			return first
		}
		s.events[i], s.events[child] = s.events[child], s.events[i]
		i = child
	}
}
