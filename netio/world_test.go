package netio_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/internal/testdrivers"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/timer"
)

// A world is what a test runs in: a driver, and for the one in memory what it does
// to those who cancel.
type world struct {
	name   string
	opts   []rondo.Option
	memory *driver.MemoryOptions // or nil
	made   func(*driver.Memory)  // is told of it
	drv    driver.Options        // of a kernel driver
	loops  int                   // of a kernel driver
}

func (w *world) kernel() bool { return w.memory == nil }

// worlds returns all that there are on this platform.
func worlds() []*world {
	ws := []*world{
		{name: "memory", memory: &driver.MemoryOptions{}},
		{name: "memory,late", memory: &driver.MemoryOptions{Faults: driver.Faults{Late: 1}}},
		{name: "memory,win", memory: &driver.MemoryOptions{Faults: driver.Faults{Win: 1}}},
		{name: "memory,late,win", memory: &driver.MemoryOptions{Faults: driver.Faults{Late: 1, Win: 1}}},
	}
	for _, name := range testdrivers.Here() {
		ws = append(ws, &world{name: name, opts: []rondo.Option{rondo.Driver(name)}, loops: 1})
		if name == "io_uring" {
			ws = append(ws, &world{name: name + ",locked", opts: []rondo.Option{rondo.Driver(name), rondo.LockedLoops()}, loops: 1})
		}
	}
	return ws
}

// eachDriver runs a test in every world.
func eachDriver(t *testing.T, f func(t *testing.T, w *world)) {
	for _, w := range worlds() {
		t.Run(w.name, func(t *testing.T) { f(t, w) })
	}
}

// eachKernel runs a test on the drivers of the system.
func eachKernel(t *testing.T, f func(t *testing.T, w *world)) {
	eachDriver(t, func(t *testing.T, w *world) {
		if w.kernel() {
			f(t, w)
		}
	})
}

// onEach runs the body of a main task in every world.
func onEach(t *testing.T, f func(e *env)) {
	eachDriver(t, func(t *testing.T, w *world) { w.run(t, f) })
}

// onKernel does so on the drivers of the system.
func onKernel(t *testing.T, f func(e *env)) {
	eachKernel(t, func(t *testing.T, w *world) { w.run(t, f) })
}

// An env is a task of a test. Its methods fail the test when something goes wrong
// that the test does not ask about.
type env struct {
	*testing.T
	*world
	task *async.Task
}

// run runs f as the main task of a runtime of its own, and fails the test if
// descriptors, lent buffers or goroutines are left of it.
func (w *world) run(t *testing.T, f func(e *env)) {
	t.Helper()
	w.runThen(t, f, func() {})
}

// runThen is run, with something to do when the runtime has ended.
func (w *world) runThen(t *testing.T, f func(e *env), then func()) {
	t.Helper()
	goroutines := runtime.NumGoroutine()
	fds := leak.OpenFDs()
	var memory *driver.Memory
	opts := append([]rondo.Option{rondo.Watchdog(0)}, w.opts...)
	if w.memory != nil {
		opts = append(opts, rondo.Loops(1), rondo.OpenDriver(func() (driver.Driver, error) {
			memory = driver.NewMemory(*w.memory)
			if w.made != nil {
				w.made(memory)
			}
			return memory, nil
		}))
	} else {
		opts = append(opts, rondo.Loops(w.loops), rondo.DriverOptions(w.drv))
	}
	err := rondo.Run(func(task *async.Task) error {
		f(&env{t, w, task})
		return nil
	}, opts...)
	if err != nil {
		t.Error(err)
	}
	then()
	if memory != nil {
		if n := memory.Stats().Lent; n != 0 {
			t.Errorf("%d lent buffers were not released", n)
		}
		if n := memory.OpenFDs(); n != 0 {
			t.Errorf("%d descriptors were left open", n)
		}
	}
	leak.Eventually(t, "descriptors are left open", func() bool { return leak.OpenFDs() <= fds })
	leak.Eventually(t, "goroutines are left", func() bool { return runtime.NumGoroutine() <= goroutines })
}

// with returns e for another task.
func (e *env) with(task *async.Task) *env { return &env{e.T, e.world, task} }

// spawn runs f as a child, and returns when that has been suspended, or has
// ended, for the first time.
func (e *env) spawn(f func(e *env)) *async.Child {
	c := e.task.Go(func(task *async.Task) error {
		f(e.with(task))
		return nil
	})
	e.yield()
	return c
}

// yield lets the other tasks run until they wait.
func (e *env) yield() {
	for range 5 {
		e.check(async.Yield(e.task.WithoutCancel()))
	}
}

// settle lets happen what can happen by itself, in several steps: a sleep that is over
// late ends before the loop looks at the driver.
func (e *env) settle() {
	for range 4 {
		e.check(timer.Sleep(time.Millisecond).Await(e.task.WithoutCancel()))
	}
}

// until lets things happen until a condition holds.
func (e *env) until(holds func() bool) {
	for !holds() {
		e.settle()
	}
}

// elsewhere runs f on a plain goroutine.
func (e *env) elsewhere(f func() error) error {
	_, err := rondo.Blocking(e.task, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

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

func (e *env) listen() *netio.Listener {
	e.Helper()
	ln, err := netio.Listen(e.task, "tcp", "127.0.0.1:0")
	e.check(err)
	return ln
}

func (e *env) dial(ln *netio.Listener) *netio.Conn {
	e.Helper()
	c, err := netio.Dial(e.task, "tcp", ln.Addr().String())
	e.check(err)
	return c
}

func (e *env) accept(ln *netio.Listener) *netio.Conn {
	e.Helper()
	c, err := ln.Accept().Await(e.task)
	e.check(err)
	return c
}

// pair returns the two ends of a connection.
func (e *env) pair() (client, server *netio.Conn) {
	e.Helper()
	ln := e.listen()
	client = e.dial(ln)
	server = e.accept(ln)
	e.close(ln)
	return client, server
}

type closer interface{ Close() async.Act }

func (e *env) close(cs ...closer) {
	e.Helper()
	for _, c := range cs {
		e.check(c.Close().Await(e.task))
	}
}

// A source and a sink are what a connection and the ends of a pipe have in common.
type source interface {
	Read(b []byte) async.Op[int]
	Recv() async.Op[[]byte]
	SetReadDeadline(at time.Time) async.Act
	Close() async.Act
}

type sink interface {
	Write(b []byte) async.Op[int]
	Writev(bufs ...[]byte) async.Op[int]
	SetWriteDeadline(at time.Time) async.Act
	Close() async.Act
}

func (e *env) write(c sink, s string) {
	e.Helper()
	n, err := c.Write([]byte(s)).Await(e.task)
	e.check(err)
	e.equal(n, len(s))
}

// read reads n bytes.
func (e *env) read(c source, n int) string {
	e.Helper()
	b := make([]byte, n)
	_, err := netio.ReadFull(e.task, c, b)
	e.check(err)
	return string(b)
}

func (e *env) recv(c source) string {
	e.Helper()
	b, err := c.Recv().Await(e.task)
	e.check(err)
	return string(b)
}

// wantEOF fails the test unless the end of the stream comes next, and stays.
func (e *env) wantEOF(c source) {
	e.Helper()
	for range 2 {
		n, err := c.Read(make([]byte, 10)).Await(e.task)
		e.equal(n, 0)
		e.equal(err, io.EOF)
		b, err := c.Recv().Await(e.task)
		e.equal(len(b), 0)
		e.equal(err, io.EOF)
	}
}

// cancelled returns e under a scope that was cancelled.
func (e *env) cancelled() *env {
	task, cancel := e.task.WithCancel()
	cancel(errTest)
	return e.with(task)
}

var errTest = errors.New("cancelled by the test")

// fill writes bytes of pattern to c until that has to wait, and returns how many it
// has written. The kernel moves bytes between the two ends in its own time and may have
// room again when it has: what has to wait for certain writes tooMuch.
func (e *env) fill(c sink) (written int) {
	e.Helper()
	for written == 0 {
		task, stop := e.task.WithTimeout(10 * time.Millisecond)
		n, err := c.Write(pattern(0, e.tooMuch())).Await(task)
		stop()
		e.is(err, os.ErrDeadlineExceeded)
		written = n
	}
	return written
}

// pattern returns the n bytes from an offset of an endless stream on which no part
// looks like another near it; n is at most a period. They must not be changed.
func pattern(from, n int) []byte {
	at := from % period
	return stream()[at : at+n : at+n]
}

const period = 1 << 24

var stream = sync.OnceValue(func() []byte {
	b := make([]byte, 2*period)
	for i := range b {
		b[i] = byte(i ^ i>>8*31 ^ i>>16*17)
	}
	return b
})

// tooMuch is more bytes than a connection holds between its ends.
func (e *env) tooMuch() int {
	if e.kernel() {
		return period
	}
	return 300_000
}

// drain reads until the end of the stream, and fails the test unless that is the
// first n bytes of pattern.
func (e *env) drain(c source, n int) {
	e.Helper()
	e.drainFrom(c, 0, n)
}

// drainFrom is drain when the first bytes were read already.
func (e *env) drainFrom(c source, at, n int) {
	e.Helper()
	for {
		b, err := c.Recv().Await(e.task)
		if err == io.EOF {
			e.equal(at, n)
			return
		}
		e.check(err)
		e.same(b, at)
		at += len(b)
	}
}

// same fails the test unless b is the bytes from an offset of pattern.
func (e *env) same(b []byte, at int) {
	e.Helper()
	if !bytes.Equal(b, pattern(at, len(b))) {
		e.Fatalf("%d bytes at %d are not those that were written there, but those at %d", len(b), at, bytes.Index(stream(), b))
	}
}

func names(parts ...any) string { return strings.TrimSpace(fmt.Sprintln(parts...)) }

func asOpError(err error, op **net.OpError) bool { return errors.As(err, op) }
