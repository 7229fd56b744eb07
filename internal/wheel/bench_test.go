package wheel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkStartStopFresh is a timer that is stopped in the turn that started
// it.
func BenchmarkStartStopFresh(b *testing.B) {
	w := at(1)
	var t Timer
	var c counter
	b.ReportAllocs()
	for b.Loop() {
		w.StartAfter(&t, 5e9, &c)
		w.Stop(&t)
	}
}

// BenchmarkStartAdvanceStop is a timer that guards an operation of one turn,
// beside others that wait.
func BenchmarkStartAdvanceStop(b *testing.B) {
	for _, others := range []int{0, 10_000, 1_000_000} {
		b.Run(fmt.Sprint(others), func(b *testing.B) {
			w := at(1)
			var c counter
			rng := rand.New(rand.NewPCG(1, 2))
			ts := make([]Timer, others)
			for i := range ts {
				w.StartAt(&ts[i], 1e15+rng.Int64N(60e9), &c)
			}
			var t Timer
			now := int64(1)
			b.ReportAllocs()
			for b.Loop() {
				w.StartAfter(&t, 5e9, &c)
				now += 1000
				w.Advance(now)
				w.Stop(&t)
			}
		})
	}
}

// BenchmarkFire is a timer's whole life: started a tenth of a second ahead, moved
// down, fired. An operation is one timer, of 1,000 a turn.
func BenchmarkFire(b *testing.B) {
	const batch = 1000
	w := at(1)
	ts := make([]Timer, batch)
	var c counter
	now := int64(1)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%batch == 0 {
			now += 2e8
			w.Advance(now)
		}
		w.StartAt(&ts[i%batch], now+1e8+int64(i%batch)*1e4, &c)
	}
}

// BenchmarkNext asks how long to wait.
func BenchmarkNext(b *testing.B) {
	w := at(1)
	var t Timer
	w.StartAt(&t, 1e18, &counter{})
	for b.Loop() {
		if _, ok := w.Next(); !ok {
			b.Fatal("nothing to wait for")
		}
	}
}
