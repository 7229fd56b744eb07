package drivertest

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"rondo.dev/rondo/driver"
)

var waitTests = []test{
	{name: "Wait/never_early", run: waitNeverEarly},
	{name: "Wait/zero_returns", run: waitZero},
	{name: "Wait/returns_for_completions", run: waitCompletion},
	{name: "Wait/hands_over_in_the_call", run: waitHandsOver},
	{name: "Wait/amid_signals", run: waitSignals, needs: []Feature{Signals}},
}

// waitNeverEarly checks that time-outs are not rounded down. A single early
// return may have had a reason, such as a signal of the Go runtime; one that
// comes every time has none.
func waitNeverEarly(r *rig) {
	now := r.now()
	_, b := r.pair()
	waiting := r.submit(func(c *call) { c.Recv(b, make([]byte, 1), c) })
	for _, d := range []time.Duration{1, 999, 50 * time.Microsecond, 300 * time.Microsecond, time.Millisecond,
		1500 * time.Microsecond, 1999999, 5 * time.Millisecond, 12345678} {
		r.settle()
		const attempts = 20
		early := 0
		for range attempts {
			start := now()
			r.wait(d)
			if now()-start >= d {
				break
			}
			early++
		}
		if early == attempts {
			r.Errorf("Wait(%v) returned early %d times of %d", d, early, attempts)
		}
	}
	r.stillWaiting(waiting)
}

func waitZero(r *rig) {
	_, b := r.pair()
	waiting := r.submit(func(c *call) { c.Recv(b, make([]byte, 1), c) })
	for range 1000 {
		r.wait(0)
	}
	r.stillWaiting(waiting)
}

// waitCompletion waits without a limit for data that is on its way.
func waitCompletion(r *rig) {
	a, b := r.pair()
	for range 200 {
		c := r.submit(func(c *call) { c.Recv(b, make([]byte, 1), c) })
		r.settle()
		write := r.submit(func(c *call) { c.Send(a, []byte("x"), c) })
		for !c.ended || !write.ended {
			r.wait(-1)
		}
	}
}

// waitHandsOver submits and waits at once without a limit: the operation has to
// reach the kernel before the driver parks.
func waitHandsOver(r *rig) {
	rd, wr := r.pair()
	for range 200 {
		c := r.submit(func(c *call) { c.Send(wr, []byte("x"), c) })
		for !c.ended {
			r.wait(-1)
		}
		c = r.submit(func(c *call) { c.Recv(rd, make([]byte, 1), c) })
		for !c.ended {
			r.wait(-1)
		}
	}
}

// waitSignals moves data, waits and wakes while signals interrupt every system
// call there is.
func waitSignals(r *rig) {
	stop := sync.OnceFunc(r.suite.World.Interrupt(r.T))
	defer stop()
	streamDuplex(r)
	for range 100 {
		r.wait(100 * time.Microsecond)
	}
	acceptCancel(r)
	wakeMany(r)
}

var wakeTests = []test{
	{name: "Wake/before_wait", run: wakeBefore},
	{name: "Wake/from_many_goroutines", run: wakeMany},
	{name: "Wake/one_at_a_time", run: wakePingPong},
	{name: "Wake/is_merged", run: wakeMerged},
	{name: "Wake/from_completion", run: wakeInside},
	{name: "Wake/during_and_after_close", run: wakeClose},
	{name: "Wake/amid_operations", run: wakeAmid},
}

func wakeBefore(r *rig) {
	for range 100 {
		r.d.Wake()
		r.wait(-1)
	}
}

// wakeMany loses no wake: whatever a goroutine did before Wake, the owner sees
// it after a Wait.
func wakeMany(r *rig) {
	const goroutines, each = 8, 500
	var count atomic.Int64
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for range each {
				count.Add(1)
				r.d.Wake()
			}
		})
	}
	for count.Load() < goroutines*each {
		r.wait(-1)
	}
	all.Wait()
}

// wakePingPong lets the owner park each time before it is woken again, so that
// every single wake counts.
func wakePingPong(r *rig) {
	const rounds = 300
	var round atomic.Int64
	seen := make(chan struct{})
	var other sync.WaitGroup
	other.Go(func() {
		for i := range rounds {
			if i%3 == 0 {
				runtime.Gosched()
			}
			round.Add(1)
			r.d.Wake()
			<-seen
		}
	})
	for i := range int64(rounds) {
		for round.Load() == i {
			r.wait(-1)
		}
		seen <- struct{}{}
	}
	other.Wait()
}

// wakeMerged checks that wakes are no queue: after many of them a Wait soon
// waits again.
func wakeMerged(r *rig) {
	now := r.now()
	for range 1000 {
		r.d.Wake()
	}
	const d = time.Millisecond
	for range 100 {
		start := now()
		if r.wait(d); now()-start >= d {
			return
		}
	}
	r.Error("a thousand wakes made a hundred waits return")
}

// wakeInside wakes from completions, during a Wait or not. That may count for
// the Wait which ran the completion, and must not use up later wakes.
func wakeInside(r *rig) {
	a, b := r.pair()
	for range 100 {
		c := r.submit(func(c *call) {
			c.each = func(driver.Result) { r.d.Wake() }
			c.Recv(b, make([]byte, 1), c)
		})
		r.send(a, []byte("x"))
		r.await(c)
		r.d.Wake()
		r.wait(-1)
	}
}

// wakeClose wakes a driver that is being closed and one that is closed.
func wakeClose(r *rig) {
	var quit atomic.Bool
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for !quit.Load() {
				r.d.Wake()
			}
		})
	}
	for range 10 {
		r.wait(-1)
	}
	r.closeDriver()
	quit.Store(true)
	all.Wait()
	r.d.Wake()
}

// wakeAmid moves data while others keep waking the owner.
func wakeAmid(r *rig) {
	var quit atomic.Bool
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for !quit.Load() {
				r.d.Wake()
				runtime.Gosched()
			}
		})
	}
	defer all.Wait()
	defer quit.Store(true)
	streamDuplex(r)
}
