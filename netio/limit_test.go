package netio_test

import (
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/timer"
)

// A server that has no descriptors left says so, and serves again when there are
// some.
func TestServeWithoutDescriptors(t *testing.T) {
	var memory *driver.Memory
	w := &world{name: "memory", memory: &driver.MemoryOptions{}, made: func(m *driver.Memory) { memory = m }}
	w.run(t, func(e *env) {
		var log strings.Builder
		ln, cancel, server := e.serve(echo, netio.ServeLogger(slog.New(slog.NewTextHandler(&log, nil))))
		served := e.dial(ln)
		e.write(served, "a")
		e.equal(e.read(served, 1), "a")

		memory.SetMaxFDs(memory.OpenFDs() + 2) // for two clients
		first, second := e.dial(ln), e.dial(ln)
		e.write(first, "b")
		e.write(second, "c")
		e.check(timer.Sleep(time.Second).Await(e.task))
		_, err := netio.DialAddrPort(e.task, ln.AddrPort())
		e.is(err, syscall.EMFILE)
		e.write(served, "d")
		e.equal(e.read(served, 1), "d")
		if !strings.Contains(log.String(), "accepting failed") {
			e.Errorf("logged %q", log.String())
		}
		memory.SetMaxFDs(0)
		e.equal(e.read(first, 1), "b")
		e.equal(e.read(second, 1), "c")
		e.close(served, first, second)
		cancel(errTest)
		e.is(server.Await(e.task), errTest)
	})
}

// The error of an Accept is for one Accept; the listener goes on.
func TestAcceptWithoutDescriptors(t *testing.T) {
	var memory *driver.Memory
	w := &world{name: "memory", memory: &driver.MemoryOptions{}, made: func(m *driver.Memory) { memory = m }}
	w.run(t, func(e *env) {
		ln := e.listen()
		client := e.dial(ln)
		memory.SetMaxFDs(-1)
		for range 2 {
			_, err := ln.Accept().Await(e.task)
			e.is(err, syscall.EMFILE)
		}
		// As the loser of a Select too.
		op := ln.Accept()
		_, err := op.Poll(e.task)
		e.is(err, syscall.EMFILE)
		var waiting []*async.Child
		memory.SetMaxFDs(0)
		c := e.accept(ln)
		for range 2 {
			waiting = append(waiting, e.spawn(func(e *env) {
				_, err := ln.Accept().Await(e.task)
				e.is(err, syscall.EMFILE)
			}))
		}
		memory.SetMaxFDs(memory.OpenFDs() + 1)
		other := e.dial(ln)
		for _, w := range waiting {
			e.check(w.Await(e.task))
		}
		memory.SetMaxFDs(0)
		e.close(c, e.accept(ln), client, other, ln)
	})
}
