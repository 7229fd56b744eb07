package green_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/netio"
)

// A world is a driver that a test runs on.
type world struct {
	name   string
	kernel bool
	opts   func(made func(*driver.Memory)) []rondo.Option
	memory *driver.Memory // of the last runtime
	fds    int
	gs     int
}

func worlds() []*world {
	inMemory := func(name string, o driver.MemoryOptions) *world {
		return &world{name: name, opts: func(made func(*driver.Memory)) []rondo.Option {
			return []rondo.Option{rondo.OpenDriver(func() (driver.Driver, error) {
				m := driver.NewMemory(o)
				made(m)
				return m, nil
			})}
		}}
	}
	ws := []*world{
		inMemory("memory", driver.MemoryOptions{}),
		inMemory("memory,late", driver.MemoryOptions{Faults: driver.Faults{Late: 1}}),
		inMemory("memory,short", driver.MemoryOptions{Faults: driver.Faults{Short: 0.5}}),
	}
	for _, name := range []string{"io_uring", "epoll"} {
		if d, err := driver.Open(name, driver.Options{}); err == nil {
			d.Close()
			ws = append(ws, &world{name: name, kernel: true, opts: func(func(*driver.Memory)) []rondo.Option {
				return []rondo.Option{rondo.Driver(name)}
			}})
		}
	}
	return ws
}

func eachDriver(t *testing.T, f func(t *testing.T, w *world)) {
	for _, w := range worlds() {
		t.Run(w.name, func(t *testing.T) { f(t, w) })
	}
}

// onEach runs the body of a main task in every world.
func onEach(t *testing.T, f func(e *env)) {
	eachDriver(t, func(t *testing.T, w *world) { w.run(t, f) })
}

// onKernel does so on the drivers of the system.
func onKernel(t *testing.T, f func(e *env)) {
	eachDriver(t, func(t *testing.T, w *world) {
		if w.kernel {
			w.run(t, f)
		}
	})
}

func (w *world) run(t *testing.T, f func(e *env)) {
	t.Helper()
	rt := w.runtime(t)
	err := rt.Run(context.Background(), func(task *async.Task) error {
		f(&env{t, w, task})
		return nil
	})
	if errors.Is(err, async.ErrGoexit) {
		t.FailNow()
	}
	if err != nil {
		t.Error(err)
	}
	w.shutdown(t, rt)
}

// runtime starts a runtime of one loop, which shutdown ends.
func (w *world) runtime(t *testing.T) *rondo.Runtime {
	t.Helper()
	w.gs, w.fds, w.memory = runtime.NumGoroutine(), openFDs(), nil
	opts := append(w.opts(func(m *driver.Memory) { w.memory = m }), rondo.Loops(1), rondo.Watchdog(0))
	rt, err := rondo.New(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return rt
}

// shutdown ends a runtime, and fails the test if descriptors, lent buffers or
// goroutines are left of it.
func (w *world) shutdown(t *testing.T, rt *rondo.Runtime) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := rt.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if m := w.memory; m != nil && (m.Stats().Lent != 0 || m.OpenFDs() != 0) {
		t.Errorf("%d lent buffers and %d descriptors are left", m.Stats().Lent, m.OpenFDs())
	}
	eventually(t, "descriptors are left open", func() bool { return openFDs() <= w.fds })
	eventually(t, "goroutines are left", func() bool { return runtime.NumGoroutine() <= w.gs })
}

// eventually waits for what happens behind the test's back. The limit is for
// failures only.
func eventually(t *testing.T, complaint string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Error(complaint)
			return
		}
	}
}

func openFDs() int {
	// A pipe first, so that what the runtime keeps for such things is there.
	if r, w, err := os.Pipe(); err == nil {
		r.Close()
		w.Close()
	}
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}

// An env is a task of a test.
type env struct {
	*testing.T
	*world
	task *async.Task
}

func (e *env) with(task *async.Task) *env { return &env{e.T, e.world, task} }

// spawn runs f as a child, and returns when that was suspended for the first time.
func (e *env) spawn(f func(e *env)) *async.Child {
	c := e.task.Go(func(task *async.Task) error {
		f(e.with(task))
		return nil
	})
	for range 5 {
		e.check(async.Yield(e.task))
	}
	return c
}

// elsewhere runs f on a plain goroutine, while the task is suspended.
func (e *env) elsewhere(f func() error) {
	e.Helper()
	_, err := rondo.Blocking(e.task, func() (struct{}, error) { return struct{}{}, f() })
	e.check(err)
}

func (e *env) check(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

func (e *env) is(err, want error) {
	e.Helper()
	if !errors.Is(err, want) {
		e.Fatalf("got error %v, want %v", err, want)
	}
}

func (e *env) equal(got, want any) {
	e.Helper()
	if got != want {
		e.Fatalf("got %v, want %v", got, want)
	}
}

func (e *env) listen() *netio.Listener {
	e.Helper()
	ln, err := netio.Listen(e.task, "tcp", "127.0.0.1:0")
	e.check(err)
	return ln
}

// pair returns the two ends of a connection.
func (e *env) pair() (client, server *netio.Conn) {
	e.Helper()
	ln := e.listen()
	client, err := netio.Dial(e.task, "tcp", ln.Addr().String())
	e.check(err)
	server, err = ln.Accept().Await(e.task)
	e.check(err)
	e.check(ln.Close().Await(e.task))
	return client, server
}
