package faults

import (
	"flag"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/internal/testcert"
)

var (
	seedFlag    = flag.Uint64("faults.seed", 0, "seed of the load and of the machine in memory; 0 chooses one")
	virtualFlag = flag.Duration("faults.virtual", time.Hour, "virtual time that the load lasts in memory; a tenth with -short")
	realFlag    = flag.Duration("faults.real", 2*time.Second, "real time that the load lasts on each driver of the kernel; a tenth with -short")
)

// TestHour is the load in memory, with every fault that the machine has.
func TestHour(t *testing.T) {
	var memory *driver.Memory
	r := newRun(t, *virtualFlag)
	r.pause = 2 * time.Second
	r.elapsed = func() time.Duration { return memory.Now() }
	r.injected = syscall.EIO
	r.start(rondo.Loops(1), rondo.OpenDriver(func() (driver.Driver, error) {
		memory = driver.NewMemory(driver.MemoryOptions{Seed: r.seed, Buffers: 16, Faults: driver.Faults{
			Short: .1, Error: .01, Errors: []error{r.injected},
			Delay: .3, MaxDelay: 20 * time.Millisecond, Reorder: .5, Spurious: .1, Late: .5, Win: .5,
		}})
		return memory, nil
	}))
	if n := memory.OpenFDs(); n != 0 {
		t.Errorf("%d descriptors were left open", n)
	}
	if n := memory.Stats().Lent; n != 0 {
		t.Errorf("%d lent buffers were not released", n)
	}
	t.Logf("%v of virtual time, %d sessions", memory.Now().Round(time.Second), r.sessions.Load())
}

// TestKernel is the load on the drivers of the system.
func TestKernel(t *testing.T) {
	for _, name := range []string{"io_uring", "epoll"} {
		d, err := driver.Open(name, driver.Options{})
		if err != nil {
			continue
		}
		d.Close()
		t.Run(name, func(t *testing.T) {
			r := newRun(t, *realFlag)
			r.pause = 100 * time.Microsecond
			r.elapsed = func() time.Duration { return time.Since(r.began) }
			r.start(rondo.Loops(2), rondo.Driver(name), rondo.DriverOptions(driver.Options{Buffers: 16}))
			t.Logf("%d sessions", r.sessions.Load())
		})
	}
}

// A run is one load on one driver.
type run struct {
	*testing.T
	seed     uint64
	began    time.Time
	lasts    time.Duration
	elapsed  func() time.Duration // on the driver's clock
	pause    time.Duration        // the most that a worker waits between two operations
	injected error                // what the driver makes operations fail with, or nil
	dir      string
	certs    *testcert.Authority

	workers  atomic.Uint64
	sessions atomic.Int64
	fates    [3]atomic.Int64 // how often each was met
}

func newRun(t *testing.T, lasts time.Duration) *run {
	r := &run{T: t, seed: *seedFlag, began: time.Now(), lasts: lasts, dir: "/"}
	if r.seed == 0 {
		r.seed = rand.Uint64()
	}
	if testing.Short() {
		r.lasts /= 10
	}
	t.Logf("go test ./internal/faults -run '%s' -faults.seed=%d", t.Name(), r.seed)
	var err error
	if r.certs, err = testcert.New(); err != nil {
		t.Fatal(err)
	}
	return r
}

// start runs the load, and fails the test if anything is left of it.
func (r *run) start(opts ...rondo.Option) {
	goroutines, fds := runtime.NumGoroutine(), leak.OpenFDs()
	if r.injected == nil {
		r.dir = r.TempDir() + "/"
	}
	err := rondo.Run(func(t *async.Task) error {
		g := async.NewGroup(t, 0)
		for _, session := range sessions {
			for range sessionWorkers {
				g.Go(func(t *async.Task) error {
					w := r.worker(t)
					for r.elapsed() < r.lasts && !r.Failed() {
						session(w)
						r.sessions.Add(1)
						w.wait(10 * r.pause)
					}
					return nil
				})
			}
		}
		return g.Wait(t)
	}, append(opts, rondo.Watchdog(0))...)
	if err != nil {
		r.Error(err)
	}
	for f := range r.fates {
		if n := r.fates[f].Load(); n < 10 {
			r.Errorf("only %d operations met fate %d: the test tests nothing", n, f)
		}
	}
	leak.Eventually(r.T, "descriptors are left open", func() bool { return leak.OpenFDs() <= fds })
	leak.Eventually(r.T, "goroutines are left", func() bool { return runtime.NumGoroutine() <= goroutines })
}
