package netio_test

import (
	"io"
	"log/slog"
	"os"
	"syscall"
	"testing"

	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/netio"
)

// The same with the real limit of the process.
func TestServeWithoutRealDescriptors(t *testing.T) {
	onKernel(t, func(e *env) {
		ln, cancel, server := e.serve(echo, netio.ServeLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
		served := e.dial(ln)
		e.write(served, "a")
		e.equal(e.read(served, 1), "a")

		var waiting []*netio.Conn
		for range 4 {
			waiting = append(waiting, e.dial(ln))
		}
		e.settle()
		restore := e.exhaust()
		for range 5 {
			c, err := netio.DialAddrPort(e.task, ln.AddrPort())
			if err == nil {
				e.close(c)
				e.Error("there was a descriptor left")
				break
			}
			e.is(err, syscall.EMFILE)
			e.settle()
		}
		e.write(served, "b")
		e.equal(e.read(served, 1), "b")
		restore()
		for _, c := range waiting {
			e.write(c, "c")
			e.equal(e.read(c, 1), "c")
			e.close(c)
		}
		e.close(served)
		cancel(errTest)
		e.is(server.Await(e.task), errTest)
	})
}

// exhaust takes all descriptors that the process may have, with the limit lowered
// to make that quick.
func (e *env) exhaust() (restore func()) {
	e.Helper()
	var old syscall.Rlimit
	e.check(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old))
	low := old
	low.Cur = uint64(leak.OpenFDs() + 40)
	e.check(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low))
	var files []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		files = append(files, f)
	}
	done := false
	restore = func() {
		if done {
			return
		}
		done = true
		syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old)
		for _, f := range files {
			f.Close()
		}
	}
	e.Cleanup(restore)
	return restore
}
