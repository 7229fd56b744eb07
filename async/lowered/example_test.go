package lowered_test

import (
	"fmt"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/lowered"
	"rondo.dev/rondo/asynctest"
)

// countdown counts, letting others have their turns.
func countdown(t *async.Task, name string, n int) error {
	if lowered.Asked(t) {
		lowered.Answer(t, &countdownFrame{name: name, n: n})
		return nil
	}
	for ; n > 0; n-- {
		fmt.Println(name, n)
		if err := async.Yield(t); err != nil {
			return err
		}
	}
	return nil
}

// countdownFrame is countdown after lowering.
type countdownFrame struct {
	name string
	n    int
	err  error
}

func (f *countdownFrame) Step(t *async.Task) (done bool) {
	if f.err = t.Cause(); f.err != nil || f.n == 0 {
		return true
	}
	fmt.Println(f.name, f.n)
	f.n--
	t.Waker().WakeLocal()
	return false
}

func (f *countdownFrame) Result() error { return f.err }

// example is what examples have in place of a test.
type example struct{ testing.TB }

func (example) Helper()        {}
func (example) Cleanup(func()) {}

// A function runs in either way, and so do its siblings.
func Example() {
	var t testing.TB = example{} // in a test, the test's
	e := asynctest.New(t)
	asynctest.Go(e, func(t *async.Task) (int, error) {
		t.Go(func(t *async.Task) error { return countdown(t, "coroutine", 2) })

		task := new(lowered.TaskOf[countdownFrame, *countdownFrame])
		task.Frame = countdownFrame{name: "lowered", n: 2}
		task.Start(t)
		return 0, nil
	})
	e.RunUntilIdle()
	// Output:
	// coroutine 2
	// lowered 2
	// coroutine 1
	// lowered 1
}
