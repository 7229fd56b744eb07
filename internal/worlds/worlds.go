// Package worlds runs tests on every driver that there is, and looks for what they
// leave behind.
package worlds

import (
	"os"
	"runtime"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// A World is a driver to run a test on.
type World struct {
	Name   string
	Kernel bool // its descriptors are those of the system
	Opts   []rondo.Option
}

// All returns the worlds of this platform: the machine in memory, whose clock
// jumps, and the drivers of the kernel.
func All() []World {
	ws := []World{{Name: "memory", Opts: []rondo.Option{
		rondo.Loops(1),
		rondo.OpenDriver(func() (driver.Driver, error) { return driver.NewMemory(driver.MemoryOptions{}), nil }),
	}}}
	for _, name := range []string{"io_uring", "epoll"} {
		if d, err := driver.Open(name, driver.Options{}); err == nil {
			d.Close()
			ws = append(ws, World{name, true, []rondo.Option{rondo.Driver(name), rondo.Loops(2)}})
		}
	}
	return ws
}

// Each runs a test in every world.
func Each(t *testing.T, f func(t *testing.T, w World)) {
	t.Helper()
	for _, w := range All() {
		t.Run(w.Name, func(t *testing.T) { f(t, w) })
	}
}

// EachKernel runs a test on the drivers of the kernel, or skips it if there are
// none.
func EachKernel(t *testing.T, f func(t *testing.T, w World)) {
	t.Helper()
	ran := false
	Each(t, func(t *testing.T, w World) {
		if !w.Kernel {
			t.Skip("the descriptors of the machine in memory mean nothing to the system")
		}
		ran = true
		f(t, w)
	})
	if !ran {
		t.Skip("there is no driver for this system")
	}
}

// Run runs f as the main task of a runtime, and fails the test if that fails, or if
// descriptors or goroutines are left of it.
func (w World) Run(t *testing.T, f func(task *async.Task)) {
	t.Helper()
	goroutines, fds := runtime.NumGoroutine(), OpenFDs()
	err := rondo.Run(func(task *async.Task) error {
		f(task)
		return nil
	}, append([]rondo.Option{rondo.Watchdog(0)}, w.Opts...)...)
	if err != nil {
		t.Error(err)
	}
	Eventually(t, "descriptors are left open", func() bool { return OpenFDs() <= fds })
	Eventually(t, "goroutines are left", func() bool { return runtime.NumGoroutine() <= goroutines })
}

// Eventually waits for what happens behind the test's back. The limit is for
// failures only.
func Eventually(t *testing.T, complaint string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Error(complaint)
			return
		}
	}
}

// OpenFDs counts the descriptors of the process, where the system tells.
func OpenFDs() int {
	// A pipe first, so that what the Go runtime keeps for such things is there.
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
