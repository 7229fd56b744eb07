package driver

import (
	"testing"
	"time"
)

func TestEpollMilliseconds(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want int32
	}{
		{-1, -1}, {0, 0}, {1, 1}, {time.Millisecond, 1}, {time.Millisecond + 1, 2}, {time.Second, 1000},
		{longestSleep, 1<<31 - 1},
	} {
		if got := milliseconds(c.d); got != c.want {
			t.Errorf("%v is %d ms, want %d", c.d, got, c.want)
		}
	}
}

// TestEpollSleep wakes, times out and has events with every kind of sleeper.
func TestEpollSleep(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		old  bool
	}{
		{"goroutine", Options{}, false},
		{"thread", Options{Locked: true}, false},
		{"thread on an old kernel", Options{Locked: true}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			ep := testEpoll(t, c.o)
			if c.old {
				ep.sleeper.(*threadSleeper).coarse = true
			}
			a, b := pair(t)
			for range 20 {
				op, o := recv(ep, b, 8)
				start := time.Now()
				if err := ep.Wait(time.Millisecond); err != nil {
					t.Fatal(err)
				}
				if d := time.Since(start); d < time.Millisecond {
					t.Errorf("returned after %v", d)
				}
				go ep.Wake()
				if err := ep.Wait(-1); err != nil {
					t.Fatal(err)
				}
				go func() { write(t, a, "x") }()
				if err := ep.Wait(-1); err != nil || o.ends != 1 {
					t.Fatalf("%v, %+v, in flight %v", err, o.results, op.InFlight())
				}
			}
		})
	}
}
