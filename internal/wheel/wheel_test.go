package wheel

import (
	"math"
	"slices"
	"testing"
	"unsafe"
)

// A counter counts how often it fires.
type counter struct{ n int }

func (c *counter) Fire() { c.n++ }

// at returns a wheel at a time.
func at(now int64) *Wheel {
	w := new(Wheel)
	w.Advance(now)
	return w
}

func TestSizes(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("sizes are stated for 64 bit")
	}
	if n := unsafe.Sizeof(Timer{}); n > 48 {
		t.Errorf("a Timer has %d bytes, want at most 48", n)
	}
	if n := unsafe.Sizeof(Wheel{}); n > 128 {
		t.Errorf("an unused Wheel has %d bytes, want at most 128", n)
	}
	if n := unsafe.Sizeof(*Wheel{}.slots); n > 4096 {
		t.Errorf("the slots have %d bytes, want at most 4096", n)
	}
}

// A fresh timer that is stopped has not made the wheel allocate its slots.
func TestFreshDoesNotTouchSlots(t *testing.T) {
	var w Wheel
	var tm Timer
	w.StartAfter(&tm, 5, &counter{})
	w.Stop(&tm)
	w.Advance(100)
	if w.slots != nil {
		t.Error("slots were allocated for a timer that was stopped while fresh")
	}
}

// A timer fires in the Advance to its expiry and not in one a nanosecond before.
func TestExpiry(t *testing.T) {
	const (
		level1 = Tick << digitBits
		second = 1_000_000_000
		year   = 365 * 24 * 3600 * second
	)
	for _, tc := range []struct {
		name              string
		now, when, expiry int64
	}{
		{"next nanosecond", 0, 1, Tick},
		{"before a tick", 0, Tick - 1, Tick},
		{"on a tick", 0, Tick, Tick},
		{"after a tick", 0, Tick + 1, 2 * Tick},
		{"rest of the current tick", 5*Tick + 10, 5*Tick + 11, 6 * Tick},
		{"last slot of a level", 0, 63 * Tick, 63 * Tick},
		{"first slot of the next", 0, level1, level1},
		{"rounded up into the next level", 0, 63*Tick + 1, level1},
		{"across the end of a level", 63 * Tick, 64 * Tick, 64 * Tick},
		{"rounded up across all levels", 1<<62 - 1, 1<<62 - 1 + 1, 1 << 62},
		{"a second", 12345678, 12345678 + second, (12345678 + second + Tick - 1) / Tick * Tick},
		{"a year", 12345678, 12345678 + year, (12345678 + year + Tick - 1) / Tick * Tick},
		{"last tick that comes", 77, math.MaxInt64 - Tick + 1, math.MaxInt64 - Tick + 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := at(tc.now)
			var tm Timer
			var c counter
			w.StartAt(&tm, tc.when, &c)
			if w.Advance(tc.expiry - 1); c.n != 0 || !tm.Active() {
				t.Fatalf("fired %d times before its expiry", c.n)
			}
			if n := w.Advance(tc.expiry); n != 1 || c.n != 1 || tm.Active() {
				t.Fatalf("Advance to the expiry = %d, fired %d times, active %v", n, c.n, tm.Active())
			}
			if tm.When() != tc.when {
				t.Errorf("When = %d, want %d", tm.When(), tc.when)
			}
		})
	}
}

// StartAfter counts from the reading that follows it.
func TestStartAfterCountsFromNextAdvance(t *testing.T) {
	w := at(1000 * Tick)
	var tm Timer
	var c counter
	w.StartAfter(&tm, 10*Tick, &c)
	if lower := tm.When(); lower != 1010*Tick {
		t.Errorf("When of a fresh timer = %d ticks, want the bound 1010", lower/Tick)
	}
	if w.Advance(1500 * Tick); c.n != 0 {
		t.Fatal("fired early: its delay began before the reading")
	}
	if when := tm.When(); when != 1510*Tick {
		t.Fatalf("When = %d ticks, want 1510", when/Tick)
	}
	if at, ok := w.Next(); !ok || at > 1510*Tick {
		t.Errorf("Next = %d, %v", at, ok)
	}
	if w.Advance(1510 * Tick); c.n != 1 {
		t.Error("did not fire")
	}
}

func TestNever(t *testing.T) {
	for _, start := range []int64{0, 1, 1 << 62, math.MaxInt64 - Tick, math.MaxInt64} {
		for _, readings := range [][]int64{{start, math.MaxInt64}, {math.MaxInt64, math.MaxInt64}} {
			w := at(start)
			var c counter
			ts := make([]Timer, 4)
			w.StartAt(&ts[0], math.MaxInt64, &c)
			w.StartAfter(&ts[1], math.MaxInt64, &c)
			w.StartAfter(&ts[2], max(math.MaxInt64-start, 1), &c)
			w.StartAt(&ts[3], math.MaxInt64, &c)
			for _, now := range readings {
				w.Advance(now)
				if at, ok := w.Next(); ok {
					t.Errorf("started at %d: Next at %d = %d, true, want false", start, now, at)
				}
			}
			if c.n != 0 || w.Len() != len(ts) {
				t.Errorf("started at %d, readings %d: %d fired, %d left", start, readings, c.n, w.Len())
			}
			for i := range ts {
				if !w.Stop(&ts[i]) || w.Stop(&ts[i]) {
					t.Errorf("started at %d: Stop of timer %d must be true once", start, i)
				}
			}
		}
	}
}

func TestClockDoesNotGoBack(t *testing.T) {
	w := at(100 * Tick)
	var tm Timer
	var c counter
	w.StartAfter(&tm, Tick, &c)
	w.Advance(3)
	if tm.When() != 101*Tick {
		t.Errorf("When = %d ticks, want 101", tm.When()/Tick)
	}
	w.Advance(-1)
	if w.Advance(101 * Tick); c.n != 1 {
		t.Error("did not fire")
	}
}

// However far away a timer is, whoever waits until Next and advances gets there
// with one Advance a level.
func TestNextConverges(t *testing.T) {
	for shift := range 63 {
		w := at(12345)
		var tm Timer
		var c counter
		w.StartAt(&tm, 12345+1<<shift, &c)
		for i := 0; c.n == 0; i++ {
			at, ok := w.Next()
			if !ok || i == numLevels {
				t.Fatalf("delay 1<<%d: after %d steps Next = %d, %v", shift, i, at, ok)
			}
			w.Advance(at)
		}
	}
}

type fireLog struct {
	order *[]int
	id    int
}

func (f *fireLog) Fire() { *f.order = append(*f.order, f.id) }

// Timers of one tick fire in the order of their start, also when some of them
// were started far ahead and have moved down through the levels.
func TestOrderWithinTick(t *testing.T) {
	const target = 5 << 40
	w := new(Wheel)
	ts := make([]Timer, 30)
	var order, want []int
	for i := range ts {
		w.StartAt(&ts[i], target-int64(i%3), &fireLog{&order, i})
		want = append(want, i)
		w.Advance(target - target>>i - 2*Tick)
	}
	w.Advance(target)
	if !slices.Equal(order, want) {
		t.Errorf("order %v", order)
	}
}

// One far jump fires everything on the way in order of expiry.
func TestOrderAcrossLevels(t *testing.T) {
	w := at(999)
	ts := make([]Timer, 47)
	var order, want []int
	for i := range slices.Backward(ts) {
		w.StartAt(&ts[i], 1<<(i+tickBits), &fireLog{&order, i})
	}
	for i := range ts {
		want = append(want, i)
	}
	if n := w.Advance(math.MaxInt64); n != len(ts) || !slices.Equal(order, want) {
		t.Errorf("fired %d, order %v", n, order)
	}
}

func TestRestartInFireEnds(t *testing.T) {
	for _, tc := range []struct {
		name  string
		start func(w *Wheel, t *Timer, f Firer)
	}{
		{"StartAfter 0", func(w *Wheel, t *Timer, f Firer) { w.StartAfter(t, 0, f) }},
		{"StartAfter negative", func(w *Wheel, t *Timer, f Firer) { w.StartAfter(t, math.MinInt64, f) }},
		{"StartAt now", func(w *Wheel, t *Timer, f Firer) { w.StartAt(t, 7*Tick, f) }},
		{"StartAt past", func(w *Wheel, t *Timer, f Firer) { w.StartAt(t, 0, f) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := at(7 * Tick)
			var tm Timer
			var fire fireFunc
			fire = func() { tc.start(w, &tm, fire) }
			tc.start(w, &tm, fire)
			for i := range 3 {
				if n := w.Advance(7 * Tick); n != 1 {
					t.Fatalf("Advance %d fired %d, want 1", i, n)
				}
				if at, ok := w.Next(); !ok || at != 7*Tick {
					t.Fatalf("Next = %d, %v; want at once", at, ok)
				}
			}
		})
	}
}

// A Firer stops a timer of its own tick, and moves another one away.
func TestStopInFire(t *testing.T) {
	var w Wheel
	var a, b, c Timer
	var nb, nc counter
	w.StartAt(&a, Tick, fireFunc(func() {
		if !w.Stop(&b) {
			t.Error("Stop of a timer that is due = false")
		}
		w.StartAt(&c, 9*Tick, &nc)
	}))
	w.StartAt(&b, Tick, &nb)
	w.StartAt(&c, Tick, &nc)
	if n := w.Advance(2 * Tick); n != 1 || nb.n != 0 || nc.n != 0 {
		t.Errorf("fired %d; stopped one %d times, moved one %d times", n, nb.n, nc.n)
	}
	if w.Advance(9 * Tick); nc.n != 1 || w.Len() != 0 {
		t.Errorf("moved timer fired %d times, %d left", nc.n, w.Len())
	}
}

// What a panicking Firer kept from firing is not lost.
func TestPanicInFire(t *testing.T) {
	var w Wheel
	var a, b Timer
	var c counter
	w.StartAt(&a, 1, fireFunc(func() { panic("boom") }))
	w.StartAt(&b, 2, &c)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("Advance swallowed the panic")
			}
		}()
		w.Advance(Tick)
	}()
	if a.Active() || !b.Active() || w.Len() != 1 {
		t.Fatalf("after the panic: a active %v, b active %v, Len %d", a.Active(), b.Active(), w.Len())
	}
	if at, ok := w.Next(); !ok || at != Tick {
		t.Errorf("Next = %d, %v; want at once", at, ok)
	}
	if n := w.Advance(Tick); n != 1 || c.n != 1 {
		t.Errorf("next Advance fired %d", n)
	}
}

func TestNilFirer(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	new(Wheel).StartAfter(new(Timer), 1, nil)
}

// An idle timer keeps nothing alive.
func TestIdleTimerHoldsNothing(t *testing.T) {
	var w Wheel
	ts := make([]Timer, 6)
	for i := range ts {
		w.StartAt(&ts[i], int64(1+i/2*Tick*100), &counter{})
	}
	for i := range ts {
		if i%2 == 0 {
			w.Stop(&ts[i])
		}
	}
	w.Advance(1000 * Tick)
	for i := range ts {
		if tm := &ts[i]; tm.next != nil || tm.prev != nil || tm.firer != nil || tm.place != idle {
			t.Errorf("timer %d: %+v", i, *tm)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	w := at(1)
	ts := make([]Timer, 100)
	var c counter
	now := int64(1)
	use := func() {
		for i := range ts {
			w.StartAfter(&ts[i], int64(i)<<(i%50), &c)
		}
		now += Tick
		w.Advance(now)
		for i := range ts {
			w.StartAt(&ts[i], now+int64(i)<<(i%50), &c)
		}
		w.Next()
		for i := range ts {
			if i%2 == 0 {
				w.Stop(&ts[i])
			}
		}
		now += 1000 * Tick
		w.Advance(now)
	}
	use() // makes the slots
	if n := testing.AllocsPerRun(100, use); n != 0 {
		t.Errorf("%v allocations a run", n)
	}
	if c.n == 0 {
		t.Error("nothing fired")
	}
}
