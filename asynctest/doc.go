// Package asynctest tests async code by turning its executor by hand: nothing
// happens behind the test's back, and the clock moves only when told to.
//
// An [Executor] runs tasks step by step:
//
//	e := asynctest.New(t)
//	r := asynctest.Go(e, func(t *async.Task) (int, error) { ... })
//	e.RunUntilIdle()      // until every task waits for something
//	e.Advance(time.Hour)  // timers fire, at once
//	if !r.Done { ... }
//
// A [Poller] polls one future, and knows whether it was woken: for those who
// write futures. [CancelEverywhere] runs a function as often as it has places to
// be cancelled at, and cancels it at each.
//
// Tasks that are left when the test ends fail it.
package asynctest
