package rondo_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
)

// dump returns what Dump writes, without what depends on the machine.
func dump(t *testing.T, rt *rondo.Runtime, ctx context.Context) string {
	t.Helper()
	var b strings.Builder
	if err := rt.Dump(ctx, &b); err != nil {
		t.Fatal(err)
	}
	s := regexp.MustCompile(`\S+/(\w+\.go):\d+`).ReplaceAllString(b.String(), "$1")
	return regexp.MustCompile(`\((memory|epoll|io_uring)\)`).ReplaceAllString(s, "(driver)")
}

// Dump shows the tasks of every loop as a tree, and what became of them.
func TestDump(t *testing.T) {
	eachDriver(t, func(t *testing.T, opts ...rondo.Option) {
		rt, err := rondo.New(append(opts, rondo.Loops(2))...)
		if err != nil {
			t.Fatal(err)
		}
		first, second := rt.Loops()[0], rt.Loops()[1]
		ready, begun := make(chan bool), make(chan bool, 3)
		wait := func(t *async.Task) error {
			begun <- true
			_, err := async.Await(t.WithoutCancel(), never{})
			return err
		}
		rt.Detach("parent", func(t *async.Task) error {
			if l := rondo.LoopOf(t); l != first {
				return errors.New("the first task is not on the first loop")
			}
			t.Go(func(t *async.Task) error { return wait(t.SetName("stopped")) }).Stop(errBoom)
			t.Go(func(t *async.Task) error {
				rondo.SpreadTo(t, second, wait)
				rondo.SpreadTo(t, first, wait)
				close(ready)
				return nil
			})
			return stubborn(t)
		})
		<-ready
		for range 3 {
			<-begun
		}
		const site = " (spawned at dump_test.go)"
		want := "loop 0 (driver): 5 tasks\n" +
			"\tparent" + site + "\n" +
			"\t\ttask" + site + ", waiting for its children\n" +
			"\t\t\ttask" + site + "\n" +
			"\t\t\ttask" + site + "\n" +
			"\t\tstopped" + site + ", cancelled: boom\n" +
			"loop 1 (driver): 1 tasks\n" +
			"\ttask" + site + "\n"
		if got := dump(t, rt, context.Background()); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		within(t, "Shutdown", func() { rt.Shutdown(soon(t, 5*time.Millisecond)) })
		if got, want := dump(t, rt, context.Background()), "loop 0 (driver) has ended\nloop 1 (driver) has ended\n"; got != want {
			t.Errorf("at the end got\n%s\nwant\n%s", got, want)
		}
	})
}

// A loop that is held does not hold Dump.
func TestDumpOfAHeldLoop(t *testing.T) {
	eachDriver(t, func(t *testing.T, opts ...rondo.Option) {
		rt, err := rondo.New(append(opts, rondo.Loops(1), rondo.Watchdog(0))...)
		if err != nil {
			t.Fatal(err)
		}
		held, release := make(chan bool), make(chan bool)
		rt.Detach("hog", func(t *async.Task) error {
			close(held)
			<-release
			return nil
		})
		<-held
		within(t, "Dump", func() {
			if got, want := dump(t, rt, soon(t, time.Millisecond)), "loop 0 (driver) does not answer: a task holds it\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
		close(release)
		if err := rt.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
