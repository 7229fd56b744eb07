package rondo

import (
	"context"
	"log/slog"
	"os"
	"runtime"
	"time"

	"rondo.dev/rondo/driver"
)

// An Option shapes a runtime.
type Option func(*options)

type options struct {
	loops    int
	locked   bool
	debug    bool
	driver   string
	open     func() (driver.Driver, error)
	drv      driver.Options
	logger   *slog.Logger
	ctx      context.Context
	grace    time.Duration
	hold     time.Duration
	blocking int
	onError  func(name string, err error)
}

func makeOptions(opts []Option) options {
	o := options{
		loops:    runtime.GOMAXPROCS(0),
		driver:   os.Getenv("RONDO_DRIVER"),
		logger:   slog.Default(),
		ctx:      context.Background(),
		grace:    10 * time.Second,
		hold:     100 * time.Millisecond,
		blocking: 512,
	}
	for _, f := range opts {
		f(&o)
	}
	if o.driver == "" {
		o.driver = "auto"
	}
	return o
}

func (o *options) openDriver() (driver.Driver, error) {
	if o.open != nil {
		return o.open()
	}
	d := o.drv
	d.Locked = o.locked
	return driver.Open(o.driver, d)
}

// Loops sets the number of event loops; the default is runtime.GOMAXPROCS(0).
func Loops(n int) Option {
	return func(o *options) {
		if n > 0 {
			o.loops = n
		}
	}
}

// Driver chooses the driver by name: "auto", the default, is io_uring where the
// kernel allows it, else epoll. An empty name leaves it to the environment
// variable RONDO_DRIVER.
func Driver(name string) Option {
	return func(o *options) {
		if name != "" {
			o.driver = name
		}
	}
}

// DriverOptions shapes the drivers: buffers, queue lengths, the pool for files,
// whether io_uring interrupts. Locked is LockedLoops' to set.
func DriverOptions(d driver.Options) Option { return func(o *options) { o.drv = d } }

// OpenDriver makes the runtime use drivers of the caller's. open is called once a
// loop, on the goroutine that will own the driver.
func OpenDriver(open func() (driver.Driver, error)) Option {
	return func(o *options) { o.open = open }
}

// LockedLoops binds each loop to an operating system thread for life, which lets
// io_uring do without some locking. In exchange every wake by a goroutine, and
// every channel operation in a task, costs tens of microseconds instead of one
// or two: for programs whose loops keep to themselves. runtime.Goexit in a lowered
// function ends the thread, and so the process; on a coroutine it is harmless.
func LockedLoops() Option { return func(o *options) { o.locked = true } }

// Debug looks for misuse that costs something to find, or that is legal in rare
// programs: a task that locks a lock.Mutex which it holds panics, instead of
// waiting for itself. Package asynctest always looks.
func Debug() Option { return func(o *options) { o.debug = true } }

// Logger sets where the runtime reports what nobody else is told: tasks that hold
// their loop, errors of detached tasks. The default is slog.Default().
func Logger(l *slog.Logger) Option { return func(o *options) { o.logger = l } }

// Context sets a context for the main task: its values are the tasks' values, and
// when it ends, the main task is cancelled with its cause.
func Context(ctx context.Context) Option { return func(o *options) { o.ctx = ctx } }

// Grace sets how long a shutdown waits for cancelled tasks to end; the default is
// 10 seconds.
func Grace(d time.Duration) Option { return func(o *options) { o.grace = d } }

// Watchdog sets for how long a task may hold its loop before the runtime logs it,
// with where it was spawned; the default is 100 ms, and 0 turns it off.
func Watchdog(d time.Duration) Option { return func(o *options) { o.hold = d } }

// BlockingLimit bounds how many calls of Blocking run at once; the default is
// 512. More wait for their turn.
func BlockingLimit(n int) Option {
	return func(o *options) {
		if n > 0 {
			o.blocking = n
		}
	}
}

// OnError is called with the error or panic that a detached task ended with, on that
// task's loop. It must not block; if it panics, that is logged. The default logs the
// error.
func OnError(f func(name string, err error)) Option { return func(o *options) { o.onError = f } }
