// Package testworld runs tests of connections over every driver that there is, and
// looks for what they leave behind.
package testworld

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/internal/testdrivers"
	"rondo.dev/rondo/netio"
)

// A World is a driver that a test runs on.
type World struct {
	name   string
	Kernel bool // a driver of the system
	opts   func(made func(*driver.Memory)) []rondo.Option
	memory *driver.Memory // of the last runtime
	fds    int
	gs     int
}

func worlds() []*World {
	inMemory := func(name string, o driver.MemoryOptions) *World {
		return &World{name: name, opts: func(made func(*driver.Memory)) []rondo.Option {
			return []rondo.Option{rondo.OpenDriver(func() (driver.Driver, error) {
				m := driver.NewMemory(o)
				made(m)
				return m, nil
			})}
		}}
	}
	ws := []*World{
		inMemory("memory", driver.MemoryOptions{}),
		inMemory("memory,late", driver.MemoryOptions{Faults: driver.Faults{Late: 1}}),
		inMemory("memory,short", driver.MemoryOptions{Faults: driver.Faults{Short: 0.5}}),
	}
	for _, name := range testdrivers.Here() {
		ws = append(ws, &World{name: name, Kernel: true, opts: func(func(*driver.Memory)) []rondo.Option {
			return []rondo.Option{rondo.Driver(name)}
		}})
	}
	return ws
}

// Each runs a test in every world.
func Each(t *testing.T, f func(t *testing.T, w *World)) {
	for _, w := range worlds() {
		t.Run(w.name, func(t *testing.T) { f(t, w) })
	}
}

// OnEach runs the body of a main task in every world.
func OnEach(t *testing.T, f func(e *Env)) {
	Each(t, func(t *testing.T, w *World) { w.Run(t, f) })
}

// OnKernel does so on the drivers of the system.
func OnKernel(t *testing.T, f func(e *Env)) {
	for _, w := range worlds() {
		if w.Kernel {
			t.Run(w.name, func(t *testing.T) { w.Run(t, f) })
		}
	}
}

// Run runs f as the main task of a runtime of its own.
func (w *World) Run(t *testing.T, f func(e *Env)) {
	t.Helper()
	rt := w.Runtime(t)
	err := rt.Run(context.Background(), func(task *async.Task) error {
		f(&Env{t, w, task})
		return nil
	})
	if errors.Is(err, async.ErrGoexit) {
		t.FailNow()
	}
	if err != nil {
		t.Error(err)
	}
	w.Shutdown(t, rt)
}

// Runtime starts a runtime of one loop, which Shutdown ends.
func (w *World) Runtime(t *testing.T) *rondo.Runtime {
	t.Helper()
	w.gs, w.fds, w.memory = runtime.NumGoroutine(), leak.OpenFDs(), nil
	opts := append(w.opts(func(m *driver.Memory) { w.memory = m }), rondo.Loops(1), rondo.Watchdog(0))
	rt, err := rondo.New(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return rt
}

// Shutdown ends a runtime, and fails the test if descriptors, lent buffers or
// goroutines are left of it.
func (w *World) Shutdown(t *testing.T, rt *rondo.Runtime) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := rt.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if m := w.memory; m != nil && (m.Stats().Lent != 0 || m.OpenFDs() != 0) {
		t.Errorf("%d lent buffers and %d descriptors are left", m.Stats().Lent, m.OpenFDs())
	}
	leak.Eventually(t, "descriptors are left open", func() bool { return leak.OpenFDs() <= w.fds })
	leak.Eventually(t, "goroutines are left", func() bool { return runtime.NumGoroutine() <= w.gs })
}

// An Env is a task of a test. Its methods fail the test when something goes wrong.
type Env struct {
	*testing.T
	*World
	Task *async.Task
}

// With returns e for another task.
func (e *Env) With(task *async.Task) *Env { return &Env{e.T, e.World, task} }

// Spawn runs f as a child, and returns when that was suspended for the first time.
func (e *Env) Spawn(f func(e *Env)) *async.Child {
	c := e.Task.Go(func(task *async.Task) error {
		f(e.With(task))
		return nil
	})
	for range 5 {
		e.Check(async.Yield(e.Task))
	}
	return c
}

// Elsewhere runs f on a plain goroutine, while the task is suspended.
func (e *Env) Elsewhere(f func() error) {
	e.Helper()
	_, err := rondo.Blocking(e.Task, func() (struct{}, error) { return struct{}{}, f() })
	e.Check(err)
}

// Check fails the test unless err is nil.
func (e *Env) Check(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

// Is fails the test unless err is the error wanted.
func (e *Env) Is(err, want error) {
	e.Helper()
	if !errors.Is(err, want) {
		e.Fatalf("got error %v, want %v", err, want)
	}
}

// Equal fails the test unless the two are.
func (e *Env) Equal(got, want any) {
	e.Helper()
	if got != want {
		e.Fatalf("got %v, want %v", got, want)
	}
}

// Listen listens on a port of its own.
func (e *Env) Listen() *netio.Listener {
	e.Helper()
	ln, err := netio.Listen(e.Task, "tcp", "127.0.0.1:0")
	e.Check(err)
	return ln
}

// Pair returns the two ends of a connection.
func (e *Env) Pair() (client, server *netio.Conn) {
	e.Helper()
	ln := e.Listen()
	client, err := netio.Dial(e.Task, "tcp", ln.Addr().String())
	e.Check(err)
	server, err = ln.Accept().Await(e.Task)
	e.Check(err)
	e.Check(ln.Close().Await(e.Task))
	return client, server
}
