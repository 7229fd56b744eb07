package timer_test

import (
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/timer"
)

// BenchmarkStartCancel is a timer that guards something which is over before: the
// life of most timers.
func BenchmarkStartCancel(b *testing.B) {
	b.Run("Sleeper", func(b *testing.B) {
		e := asynctest.New(b)
		var s timer.Sleeper
		s.Reset(time.Second)
		asynctest.NewPoller(e, &s).Poll() // its clock is e's now
		b.ReportAllocs()
		for b.Loop() {
			s.Reset(time.Second)
			s.Stop()
		}
	})
	b.Run("Sleep", func(b *testing.B) {
		e := asynctest.New(b)
		asynctest.Go(e, func(t *async.Task) (int, error) {
			op := timer.Sleep(time.Second)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%100 == 0 {
					async.Yield(t) // or the budget of the step is spent, and nothing started
				}
				op.Poll(t)
				op.Cancel(t, true)
			}
			return 0, nil
		})
		e.RunUntilIdle()
	})
	b.Run("time.AfterFunc", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			time.AfterFunc(time.Second, func() {}).Stop()
		}
	})
}
