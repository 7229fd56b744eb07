package async_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
)

func fails(err error) func(*async.Task) error {
	return func(*async.Task) error { return err }
}

func panics(v any) func(*async.Task) error {
	return func(*async.Task) error { panic(v) }
}

// failing returns n children that have failed.
func failing(t *async.Task, n int) []*async.Child {
	children := make([]*async.Child, n)
	for i := range children {
		children[i] = t.Go(fails(errBoom))
	}
	for range 3 {
		async.Yield(t)
	}
	return children
}

// waits waits until it is cancelled.
func waits(t *async.Task) error {
	_, err := async.Await(t, &gate{})
	return err
}

// until waits for a gate.
func until(g *gate) func(*async.Task) error {
	return func(t *async.Task) error {
		_, err := async.Await(t, g)
		return err
	}
}

func isPanic(v any) func(error) bool {
	return func(err error) bool {
		var p *async.PanicError
		return errors.As(err, &p) && p.Value == v && strings.Contains(string(p.Stack), "_test.go")
	}
}

func is(want error) func(error) bool { return func(err error) bool { return err == want } }

// runTask runs f as a task of e until nothing moves, and fails the test unless it ends
// without an error.
func runTask(t *testing.T, e *asynctest.Executor, f func(*async.Task) error) {
	t.Helper()
	r := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, f(t) })
	e.RunUntilIdle()
	for range 60 {
		e.Advance(time.Minute)
	}
	if !r.Done || r.Err != nil {
		t.Errorf("done %v: %v", r.Done, r.Err)
	}
}

// TestStructure is a table of what becomes of a task and its children.
func TestStructure(t *testing.T) {
	other := errors.New("other")
	for _, c := range []struct {
		name string
		f    func(*async.Task) error
		want func(error) bool
	}{
		{"child's value", func(t *async.Task) error {
			v, err := async.Spawn(t, func(*async.Task) (int, error) { return 7, nil }).Await(t)
			if v != 7 {
				panic(v)
			}
			return err
		}, is(nil)},
		{"awaiting again returns the same", func(t *async.Task) error {
			j := async.Spawn(t, func(*async.Task) (int, error) { return 7, errBoom })
			for range 3 {
				if v, err := j.Await(t); v != 7 || err != errBoom {
					return fmt.Errorf("%d, %v", v, err)
				}
			}
			return nil
		}, is(nil)},

		// Errors of children.
		{"unawaited error", func(t *async.Task) error {
			t.Go(fails(errBoom))
			return nil
		}, is(errBoom)},
		{"unawaited error, the parent has long returned", func(t *async.Task) error {
			t.Go(func(t *async.Task) error { async.Yield(t); async.Yield(t); return errBoom })
			return nil
		}, is(errBoom)},
		{"unawaited error of a grandchild", func(t *async.Task) error {
			t.Go(func(t *async.Task) error { t.Go(fails(errBoom)); return nil })
			return nil
		}, is(errBoom)},
		{"awaited error is not repeated", func(t *async.Task) error {
			if err := t.Go(fails(errBoom)).Await(t); err != errBoom {
				return errors.New("not awaited")
			}
			return nil
		}, is(nil)},
		{"error awaited long after", func(t *async.Task) error {
			c := t.Go(fails(errBoom))
			for range 5 {
				async.Yield(t)
			}
			c.Await(t)
			return nil
		}, is(nil)},
		{"own error goes first", func(t *async.Task) error {
			t.Go(fails(other))
			return errBoom
		}, is(errBoom)},
		{"errors are joined", func(t *async.Task) error {
			t.Go(fails(other))
			t.Go(fails(errBoom))
			return nil
		}, func(err error) bool { return errors.Is(err, errBoom) && errors.Is(err, other) }},
		{"many errors are bounded", func(t *async.Task) error {
			for range 1000 {
				t.Go(fails(errBoom))
			}
			return nil
		}, func(err error) bool {
			return strings.Count(err.Error(), "boom") == 8 && strings.Contains(err.Error(), "more children failed")
		}},
		{"an error that was not kept is known of", func(t *async.Task) error {
			children := failing(t, 9)
			for _, c := range children[:8] {
				c.Await(t)
			}
			return nil
		}, func(err error) bool { return err != nil && strings.Contains(err.Error(), "more children failed") }},
		{"errors that were not kept are awaited", func(t *async.Task) error {
			for _, c := range failing(t, 100) {
				c.Await(t)
				c.Await(t)
			}
			return nil
		}, is(nil)},
		{"errors that were awaited leave room", func(t *async.Task) error {
			for range 100 {
				t.Go(fails(other)).Await(t)
			}
			t.Go(fails(errBoom))
			return nil
		}, is(errBoom)},

		// Errors of children that were cancelled.
		{"child repeats why the parent was cancelled", func(t *async.Task) error {
			t.Go(waits)
			async.Yield(t)
			t.Core().CancelLocal(errBoom)
			return nil
		}, is(nil)},
		{"child repeats why it was stopped", func(t *async.Task) error {
			t.Go(waits).Stop(errBoom)
			return nil
		}, is(nil)},
		{"child repeats why its scope was cancelled", func(t *async.Task) error {
			v, cancel := t.WithCancel()
			v.Go(waits)
			cancel(nil)
			return nil
		}, is(nil)},
		{"child fails otherwise when it is stopped", func(t *async.Task) error {
			t.Go(func(t *async.Task) error { waits(t); return errBoom }).Stop(nil)
			return nil
		}, is(errBoom)},
		{"child repeats the time limit that cancelled the parent", func(t *async.Task) error {
			t.Go(waits)
			async.Yield(t)
			t.Core().CancelLocal(os.ErrDeadlineExceeded)
			return nil
		}, is(nil)},
		{"child's time limit is news", func(t *async.Task) error {
			v, _ := t.WithTimeout(time.Second)
			v.Go(waits)
			return nil
		}, is(os.ErrDeadlineExceeded)},

		// Panics.
		{"own panic", panics(errBoom), isPanic(errBoom)},
		{"own panic cancels the children", func(t *async.Task) error {
			t.Go(func(t *async.Task) error {
				if err := waits(t); !isPanic("oh")(err) {
					return errBoom
				}
				return nil
			})
			async.Yield(t)
			panic("oh")
		}, isPanic("oh")},
		{"own goexit cancels the children", func(t *async.Task) error {
			t.Go(waits)
			runtime.Goexit()
			return nil
		}, is(async.ErrGoexit)},
		{"child's panic cancels the parent", func(t *async.Task) error {
			t.Go(panics("oh"))
			return waits(t)
		}, isPanic("oh")},
		{"child's panic is not hidden by the parent's error", func(t *async.Task) error {
			t.Go(panics("oh"))
			waits(t)
			return errBoom
		}, isPanic("oh")},
		{"child's panic goes before its siblings' errors", func(t *async.Task) error {
			for range 20 {
				t.Go(fails(errBoom))
			}
			t.Go(panics("oh"))
			return nil
		}, isPanic("oh")},
		{"child's panic cancels its siblings", func(t *async.Task) error {
			t.Go(waits)
			t.Go(panics("oh"))
			t.Go(waits)
			return nil
		}, isPanic("oh")},
		{"grandchild's panic comes all the way", func(t *async.Task) error {
			t.Go(waits)
			t.Go(func(t *async.Task) error {
				t.Go(waits)
				t.Go(panics("oh"))
				return waits(t)
			})
			return waits(t)
		}, isPanic("oh")},
		{"awaited panic is an error", func(t *async.Task) error {
			if err := t.Go(panics("oh")).Await(t); !isPanic("oh")(err) {
				return errBoom
			}
			return async.Yield(t) // not cancelled
		}, is(nil)},
		{"panic in a child that another task awaits", func(t *async.Task) error {
			c := t.Go(func(t *async.Task) error { async.Yield(t); panic("oh") })
			t.Go(func(t *async.Task) error { c.Await(t); return nil })
			async.Yield(t)
			async.Yield(t)
			async.Yield(t)
			return async.Yield(t)
		}, is(nil)},
		{"panic in a child that was lost in a select", func(t *async.Task) error {
			c := t.Go(func(t *async.Task) error { async.Yield(t); async.Yield(t); panic("oh") })
			if err := lose(t, c); err != nil {
				return err
			}
			return waits(t)
		}, isPanic("oh")},
		{"child's goexit", func(t *async.Task) error {
			t.Go(func(*async.Task) error { runtime.Goexit(); return nil })
			return waits(t)
		}, is(async.ErrGoexit)},
		{"a panic carried across tasks keeps its first stack", func(t *async.Task) error {
			err := t.Go(panics("oh")).Await(t)
			panic(err)
		}, func(err error) bool {
			var p *async.PanicError
			return errors.As(err, &p) && p.Value == "oh" && strings.Contains(string(p.Stack), "panics")
		}},

		// Cancellation.
		{"a child runs although it was cancelled before its first turn", func(t *async.Task) error {
			ran := false
			c := t.Go(func(t *async.Task) error { ran = true; return waits(t) })
			c.Core().CancelLocal(errBoom)
			if err := c.Await(t); err != errBoom || !ran {
				return errors.New("it did not run")
			}
			return nil
		}, is(nil)},
		{"a child spawned by a cancelled task runs, cancelled", func(t *async.Task) error {
			t.Core().CancelLocal(errBoom)
			ran := false
			c := t.Go(func(t *async.Task) error { ran = t.Cause() == errBoom; return nil })
			if err := c.Await(t.WithoutCancel()); err != nil || !ran {
				return errors.New("it did not run")
			}
			return nil
		}, is(nil)},
		{"an awaiting parent's cancellation is its child's, whose end is waited for", func(t *async.Task) error {
			var seen error
			c := t.Go(func(t *async.Task) error {
				seen = waits(t)
				async.Yield(t.WithoutCancel())
				return errors.New("late")
			})
			async.Yield(t)
			core := t.Core()
			t.Go(func(*async.Task) error { core.CancelLocal(errBoom); return nil })
			err := c.Await(t)
			if seen != errBoom || err.Error() != "late" {
				return fmt.Errorf("child saw %v, await returned %v", seen, err)
			}
			return nil
		}, is(nil)},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			r := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, c.f(t) })
			e.Advance(time.Minute)
			if !r.Done || !c.want(r.Err) {
				t.Fatalf("done %v, error %v", r.Done, r.Err)
			}
			if n := e.Executor().Stats().Tasks; n != 0 {
				t.Errorf("%d tasks are left", n)
			}
		})
	}
}

func TestChildrenOutliveTheirFunction(t *testing.T) {
	e := asynctest.New(t)
	var g gate
	var parent async.TaskInfo
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		t.Go(until(&g))
		return 1, nil
	})
	e.RunUntilIdle()
	if r.Done {
		t.Fatal("the task ended before its child")
	}
	e.Executor().Tasks(func(i async.TaskInfo) bool { parent = i; return false })
	if !parent.Waiting {
		t.Errorf("the parent is described as %+v", parent)
	}
	g.release()
	e.RunUntilIdle()
	if !r.Done {
		t.Fatal("the task did not end with its last child")
	}
}

func TestGroup(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(*async.Task) error
		want func(error) bool
	}{
		{"empty", func(t *async.Task) error { return async.NewGroup(t, 0).Wait(t) }, is(nil)},
		{"the first error cancels the others", func(t *async.Task) error {
			g := async.NewGroup(t, 0)
			var causes []error
			for range 3 {
				g.Go(func(t *async.Task) error { causes = append(causes, waits(t)); return errors.New("later") })
			}
			g.Go(fails(errBoom))
			err := g.Wait(t)
			if !slices.Equal(causes, []error{errBoom, errBoom, errBoom}) {
				return fmt.Errorf("cancelled with %v", causes)
			}
			return err
		}, is(errBoom)},
		{"its cancellation is its own", func(t *async.Task) error {
			g := async.NewGroup(t, 0)
			g.Go(fails(errBoom))
			g.Wait(t)
			return async.Yield(t)
		}, is(nil)},
		{"waiting again", func(t *async.Task) error {
			g := async.NewGroup(t, 0)
			g.Go(fails(errBoom))
			g.Wait(t)
			return g.Wait(t)
		}, is(errBoom)},
		{"all of them run, also those that wait for room after a failure", func(t *async.Task) error {
			g := async.NewGroup(t, 2)
			ran, most, now := 0, 0, 0
			for i := range 10 {
				g.Go(func(t *async.Task) error {
					ran++
					now++
					most = max(most, now)
					err := async.Yield(t)
					now--
					if i == 3 {
						return errBoom
					}
					return err
				})
			}
			err := g.Wait(t)
			if ran != 10 || most != 2 {
				return fmt.Errorf("%d ran, %d at once", ran, most)
			}
			return err
		}, is(errBoom)},
		{"a member's child counts as the member", func(t *async.Task) error {
			g := async.NewGroup(t, 1)
			order := ""
			g.Go(func(t *async.Task) error {
				t.Go(func(t *async.Task) error { async.Yield(t); order += "child "; return nil })
				return nil
			})
			g.Go(func(t *async.Task) error { order += "second"; return nil })
			g.Wait(t)
			if order != "child second" {
				return errors.New(order)
			}
			return nil
		}, is(nil)},
		{"nobody waits: the error is the task's", func(t *async.Task) error {
			async.NewGroup(t, 0).Go(fails(errBoom))
			return nil
		}, is(errBoom)},
		{"nobody waits, with a limit", func(t *async.Task) error {
			g := async.NewGroup(t, 1)
			for range 5 {
				g.Go(func(t *async.Task) error { return async.Yield(t) })
			}
			return nil
		}, is(nil)},
		{"a panic while somebody waits is an error", func(t *async.Task) error {
			g := async.NewGroup(t, 0)
			g.Go(panics("oh"))
			g.Go(waits)
			if err := g.Wait(t); !isPanic("oh")(err) {
				return err
			}
			return async.Yield(t)
		}, is(nil)},
		{"a panic while nobody waits cancels the task", func(t *async.Task) error {
			g := async.NewGroup(t, 0)
			g.Go(panics("oh"))
			return waits(t)
		}, isPanic("oh")},
		{"a second panic is not taken silently", func(t *async.Task) error {
			g := async.NewGroup(t, 0)
			g.Go(fails(errBoom))
			g.Go(panics("oh"))
			g.Wait(t)
			return nil
		}, isPanic("oh")},
		{"cancelled, it waits for its members", func(t *async.Task) error {
			g := async.NewGroup(t, 0)
			ended := false
			g.Go(func(t *async.Task) error {
				err := waits(t)
				async.Yield(t.WithoutCancel())
				ended = true
				return err
			})
			t.Core().CancelLocal(errBoom)
			err := g.Wait(t)
			if !ended {
				return errors.New("it did not wait")
			}
			return err
		}, is(errBoom)},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			r := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, c.f(t) })
			e.RunUntilIdle()
			if !r.Done || !c.want(r.Err) {
				t.Fatalf("done %v, error %v", r.Done, r.Err)
			}
		})
	}
}

func TestNamesAndSites(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		t.SetName("root")
		t.Go(func(t *async.Task) error {
			if t.SetName("child") != t || t.Name() != "child" {
				return errBoom
			}
			return waits(t)
		})
		async.Spawn(t, func(t *async.Task) (int, error) { return 0, waits(t) })
		group := async.NewGroup(t, 1)
		group.Go(waits)
		return 0, waits(t)
	})
	e.RunUntilIdle()
	_, _, line, _ := runtime.Caller(0)
	var got []string
	e.Executor().Tasks(func(i async.TaskInfo) bool {
		file, at, _ := strings.Cut(i.Site[strings.LastIndex(i.Site, "/")+1:], ":")
		var n int
		fmt.Sscan(at, &n)
		if file == "structure_test.go" {
			at = fmt.Sprint(n - line)
		}
		got = append(got, fmt.Sprint(i.Depth, i.Name, " ", file, " ", at))
		return true
	})
	// Depth, name and line, relative to the call of Caller above; the newest
	// child first. The root was spawned by asynctest.
	if len(got) != 4 || !strings.HasPrefix(got[0], "0root asynctest.go") {
		t.Fatalf("got %q", got)
	}
	want := []string{"1 structure_test.go -4", "1 structure_test.go -6", "1child structure_test.go -12"}
	if !slices.Equal(got[1:], want) {
		t.Errorf("got %q, want %q", got[1:], want)
	}
	r.Cancel(nil)
}

// Of those who poll a child in turn, the last is woken by its end: the task itself, or
// another waker.
func TestJoinWakesTheLast(t *testing.T) {
	for _, own := range []bool{true, false} {
		e := asynctest.New(t)
		g := &gate{}
		woken, polls := 0, 0
		waker := async.WakerFor(counts{&woken})
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			child := t.Go(func(t *async.Task) error { _, err := async.Await(t, g); return err })
			return async.Await(t, pollFunc(func(t *async.Task) (int, error) {
				polls++
				other := t.WithWaker(&waker)
				views := []*async.Task{t, &other}
				if own {
					views = []*async.Task{&other, t}
				}
				var err error
				for _, view := range views {
					_, err = child.Poll(view)
				}
				return 0, err
			}))
		})
		e.RunUntilIdle()
		g.open = true
		g.waker.WakeLocal()
		e.RunUntilIdle()
		if r.Done != own || (woken == 1) == own || polls != map[bool]int{true: 2, false: 1}[own] {
			t.Errorf("by itself %v: done %v, woken %d times, %d polls", own, r.Done, woken, polls)
		}
		r.Cancel(nil)
		e.RunUntilIdle()
	}
}

// counts is woken.
type counts struct{ n *int }

func (c counts) Wake()      { *c.n++ }
func (c counts) WakeLocal() { *c.n++ }
