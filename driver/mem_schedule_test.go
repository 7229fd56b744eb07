package driver

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestScheduleOrder compares the heap with a sort.
func TestScheduleOrder(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var s schedule
	var want []event
	pop := func() {
		slices.SortFunc(want, func(a, b event) int {
			if a.before(&b) {
				return -1
			}
			return 1
		})
		at, ok := s.next()
		got := s.pop()
		if !ok || at != got.at || got.seq != want[0].seq {
			t.Fatalf("next is at %v, %v; popped %+v, want %+v", at, ok, got, want[0])
		}
		want = want[1:]
	}
	for range 2000 {
		if len(want) > 0 && rnd.IntN(3) == 0 {
			pop()
			continue
		}
		at, tie := time.Duration(rnd.IntN(20)), uint64(rnd.IntN(3))
		s.add(at, tie, nil)
		want = append(want, event{at: at, tie: tie, seq: s.seq})
	}
	for len(want) > 0 {
		pop()
	}
	if _, ok := s.next(); ok {
		t.Error("the schedule is not empty")
	}
}
