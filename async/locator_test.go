package async_test

import (
	"sync"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
)

// A locator finds the task that calls, however deep its stack is, and no task for a
// goroutine, even if that has a coroutine of another kind or runs while a task does.
func TestLocator(t *testing.T) {
	e := asynctest.New(t)
	var who async.Locator
	found := func() *async.Task { return who.Task() }
	first := asynctest.Go(e, func(task *async.Task) (struct{}, error) {
		who = task.Locator()
		for depth := range 400 {
			if got := deep(depth, found); got != task.Core().Task() {
				t.Fatalf("at depth %d: found %p, want %p", depth, got, task.Core().Task())
			}
		}
		var wg sync.WaitGroup
		for _, depth := range []int{0, 1, 10, 57, 58, 59, 60, 61, 62, 63, 64, 65, 300} {
			wg.Go(func() {
				if deep(depth, found) != nil {
					t.Errorf("at depth %d: a goroutine was taken for a task", depth)
				}
			})
		}
		wg.Wait() // while this task runs
		return struct{}{}, async.Yield(task)
	})
	second := asynctest.Go(e, func(task *async.Task) (struct{}, error) {
		if got := found(); got != task.Core().Task() {
			t.Errorf("found %p, want the other task, %p", got, task.Core().Task())
		}
		return struct{}{}, nil
	})
	e.RunUntilIdle()
	if !first.Done || !second.Done {
		t.Error("a task has not ended")
	}
	if found() != nil {
		t.Error("a goroutine was taken for a task, with none running")
	}
	other := asynctest.New(t)
	asynctest.Go(other, func(*async.Task) (struct{}, error) {
		defer func() {
			if recover() == nil {
				t.Error("a task of an executor was not told that it is not one of the idle other's")
			}
		}()
		found()
		return struct{}{}, nil
	})
	other.RunUntilIdle()
}

// A view of a task that does not run has no locator.
func TestLocatorMisuse(t *testing.T) {
	e := asynctest.New(t)
	var task *async.Task
	asynctest.Go(e, func(t *async.Task) (struct{}, error) { task = t; return struct{}{}, nil })
	e.RunUntilIdle()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	task.Locator()
}

//go:noinline
func deep(n int, f func() *async.Task) *async.Task {
	if n == 0 {
		return f()
	}
	t := deep(n-1, f)
	return t
}

func BenchmarkLocator(b *testing.B) {
	e := asynctest.New(b)
	asynctest.Go(e, func(task *async.Task) (struct{}, error) {
		who := task.Locator()
		deep(12, func() *async.Task {
			for b.Loop() {
				who.Task()
			}
			return nil
		})
		return struct{}{}, nil
	})
	e.RunUntilIdle()
}
