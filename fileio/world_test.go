package fileio_test

import (
	"bytes"
	"errors"
	"os"
	"path"
	"runtime"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/fileio"
	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/internal/testdrivers"
	"rondo.dev/rondo/timer"
)

// A world is what a test runs in: a driver, and for the one in memory what goes
// wrong there.
type world struct {
	name   string
	opts   []rondo.Option
	memory *driver.MemoryOptions // or nil
}

func (w *world) kernel() bool { return w.memory == nil }

// worlds returns all that there are on this platform.
func worlds() []*world {
	ws := []*world{
		{name: "memory", memory: &driver.MemoryOptions{}},
		{name: "memory,short", memory: &driver.MemoryOptions{Faults: driver.Faults{Short: 0.7}}},
		{name: "memory,slow", memory: &driver.MemoryOptions{Faults: driver.Faults{Delay: 0.8, Reorder: 0.5}}},
		{name: "memory,late", memory: &driver.MemoryOptions{Faults: driver.Faults{Delay: 0.5, Late: 1}}},
		{name: "memory,win", memory: &driver.MemoryOptions{Faults: driver.Faults{Delay: 0.5, Win: 1}}},
		{name: "memory,late,win", memory: &driver.MemoryOptions{Faults: driver.Faults{Delay: 0.5, Short: 0.3, Late: 0.5, Win: 0.5}}},
	}
	for _, name := range testdrivers.Here() {
		ws = append(ws, &world{name: name, opts: []rondo.Option{rondo.Driver(name)}})
	}
	return ws
}

// onEach runs the body of a main task in every world.
func onEach(t *testing.T, f func(e *env)) {
	for _, w := range worlds() {
		t.Run(w.name, func(t *testing.T) { w.run(t, f) })
	}
}

// onKernel does so on the drivers of the system.
func onKernel(t *testing.T, f func(e *env)) {
	for _, w := range worlds() {
		if w.kernel() {
			t.Run(w.name, func(t *testing.T) { w.run(t, f) })
		}
	}
}

// onMemory runs the body of a main task on one machine in memory.
func onMemory(t *testing.T, o driver.MemoryOptions, f func(e *env)) {
	t.Helper()
	(&world{name: "memory", memory: &o}).run(t, f)
}

// An env is a task of a test. Its methods fail the test when something goes wrong
// that the test does not ask about.
type env struct {
	*testing.T
	*world
	task *async.Task
	dir  string // an empty directory
}

// run runs f as the main task of a runtime of its own, and fails the test if
// descriptors or goroutines are left of it.
func (w *world) run(t *testing.T, f func(e *env)) {
	t.Helper()
	goroutines := runtime.NumGoroutine()
	dir := "/dir"
	opts := append([]rondo.Option{rondo.Watchdog(0), rondo.Loops(1)}, w.opts...)
	var memory *driver.Memory
	if w.memory != nil {
		opts = append(opts, rondo.OpenDriver(func() (driver.Driver, error) {
			memory = driver.NewMemory(*w.memory)
			return memory, memory.MkdirAll(dir)
		}))
	} else {
		dir = t.TempDir()
	}
	fds := leak.OpenFDs()
	err := rondo.Run(func(task *async.Task) error {
		f(&env{t, w, task, dir})
		return nil
	}, opts...)
	if err != nil {
		t.Error(err)
	}
	if memory != nil {
		if n := memory.OpenFDs(); n != 0 {
			t.Errorf("%d descriptors were left open", n)
		}
	}
	leak.Eventually(t, "descriptors are left open", func() bool { return leak.OpenFDs() <= fds })
	leak.Eventually(t, "goroutines are left", func() bool { return runtime.NumGoroutine() <= goroutines })
}

// with returns e for another task.
func (e *env) with(task *async.Task) *env { return &env{e.T, e.world, task, e.dir} }

// spawn runs f as a child, and returns when that has been suspended, or has
// ended, for the first time.
func (e *env) spawn(f func(e *env)) *async.Child {
	c := e.task.Go(func(task *async.Task) error {
		f(e.with(task))
		return nil
	})
	for range 5 {
		e.check(async.Yield(e.task.WithoutCancel()))
	}
	return c
}

// parallel runs f in n tasks at once, and waits for them.
func (e *env) parallel(n int, f func(e *env, i int)) {
	e.Helper()
	children := make([]*async.Child, n)
	for i := range children {
		children[i] = e.task.Go(func(task *async.Task) error {
			f(e.with(task), i)
			return nil
		})
	}
	for _, c := range children {
		e.check(c.Await(e.task))
	}
}

// cancelled returns e under a scope that was cancelled.
func (e *env) cancelled() *env {
	task, cancel := e.task.WithCancel()
	cancel(errTest)
	return e.with(task)
}

var errTest = errors.New("cancelled by the test")

func (e *env) check(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

// is fails the test unless err is the error wanted.
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

// path is a path in the test's directory.
func (e *env) path(name string) string { return path.Join(e.dir, name) }

func (e *env) open(name string, flag int) *fileio.File {
	e.Helper()
	f, err := fileio.OpenFile(e.task, e.path(name), flag, 0o644)
	e.check(err)
	return f
}

// create makes a file with a content, and opens it.
func (e *env) create(name, content string) *fileio.File {
	e.Helper()
	f := e.open(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	e.writeAt(f, []byte(content), 0)
	return f
}

// put makes a file with a content.
func (e *env) put(name, content string) {
	e.Helper()
	e.check(fileio.WriteFile(e.task, e.path(name), []byte(content), 0o644))
}

func (e *env) writeAt(f *fileio.File, b []byte, off int64) {
	e.Helper()
	n, err := f.WriteAt(b, off).Await(e.task)
	e.check(err)
	e.equal(n, len(b))
}

func (e *env) close(fs ...*fileio.File) {
	e.Helper()
	for _, f := range fs {
		e.check(f.Close().Await(e.task))
	}
}

// has fails the test unless the file has that content.
func (e *env) has(name, want string) {
	e.Helper()
	b, err := fileio.ReadFile(e.task, e.path(name))
	e.check(err)
	if string(b) != want {
		e.Fatalf("%s has %q, want %q", name, clip(b), clip([]byte(want)))
	}
}

func clip(b []byte) []byte { return b[:min(len(b), 100)] }

// settle lets happen what can happen by itself.
func (e *env) settle() { e.check(timer.Sleep(2 * time.Millisecond).Await(e.task.WithoutCancel())) }

// pattern returns n bytes in which no part looks like another near it.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8*31 ^ i>>16*17)
	}
	return b
}

// same fails the test unless b is what pattern has from an offset on.
func (e *env) same(b []byte, at int) {
	e.Helper()
	if !bytes.Equal(b, pattern(at + len(b))[at:]) {
		e.Fatalf("%d bytes at %d are not those that were written there", len(b), at)
	}
}
