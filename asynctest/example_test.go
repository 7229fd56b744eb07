package asynctest_test

import (
	"fmt"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
)

// example is what examples have in place of a test.
type example struct{ testing.TB }

func (example) Helper()        {}
func (example) Cleanup(func()) {}

// An hour passes at once.
func Example() {
	var t testing.TB = example{} // in a test, the test's
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (string, error) {
		return "late", async.Sleep(time.Hour).Await(t)
	})
	e.RunUntilIdle()
	fmt.Println(r.Done)
	e.Advance(2 * time.Hour)
	fmt.Println(r.Done, r.Value, r.Err)
	// Output:
	// false
	// true late <nil>
}

// A flag is a future that is set by hand.
type flag struct {
	set   bool
	waker *async.Waker
}

func (f *flag) Poll(t *async.Task) (bool, error) {
	f.waker = t.Waker()
	if !f.set {
		return false, async.Pending
	}
	return true, nil
}

// A future under test is polled by hand.
func ExamplePoller() {
	var t testing.TB = example{} // in a test, the test's
	var f flag
	p := asynctest.NewPoller(asynctest.New(t), &f)

	_, _, ready := p.Poll()
	fmt.Println("ready:", ready, "woken:", p.Woken())
	f.set = true
	f.waker.Wake()
	fmt.Println("woken:", p.Woken())
	v, err, ready := p.Poll()
	fmt.Println("ready:", ready, v, err)
	// Output:
	// ready: false woken: false
	// woken: true
	// ready: true true <nil>
}

func ExampleCancelEverywhere() {
	test := func(t *testing.T) {
		asynctest.CancelEverywhere(t, func(t *testing.T, e *asynctest.Executor) (func(*async.Task) error, func(error)) {
			open := 0
			f := func(t *async.Task) error {
				open++
				defer func() { open-- }()
				return async.Sleep(time.Second).Await(t)
			}
			check := func(err error) {
				if open != 0 {
					t.Errorf("it was left open, and returned %v", err)
				}
			}
			return f, check
		})
	}
	_ = test // as TestXxx
}
