// Package worlds runs tests on every driver that there is, and looks for what they
// leave behind.
package worlds

import (
	"runtime"
	"testing"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/internal/testdrivers"
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
	for _, name := range testdrivers.Here() {
		ws = append(ws, World{name, true, []rondo.Option{rondo.Driver(name), rondo.Loops(2)}})
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
	goroutines, fds := runtime.NumGoroutine(), leak.OpenFDs()
	err := rondo.Run(func(task *async.Task) error {
		f(task)
		return nil
	}, append([]rondo.Option{rondo.Watchdog(0)}, w.Opts...)...)
	if err != nil {
		t.Error(err)
	}
	leak.Eventually(t, "descriptors are left open", func() bool { return leak.OpenFDs() <= fds })
	leak.Eventually(t, "goroutines are left", func() bool { return runtime.NumGoroutine() <= goroutines })
}
