package netio_test

import (
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// mustNotHold runs f, and fails the test if that holds the loop: release, which has to
// be something that ends it, is called then.
func (e *env) mustNotHold(release func(), f func()) {
	e.Helper()
	var held atomic.Bool
	limit := time.AfterFunc(10*time.Second, func() { held.Store(true); release() })
	f()
	limit.Stop()
	if held.Load() {
		e.Error("the loop was held")
	}
}

// copying runs f beside a copy, which is cancelled then.
func (e *env) copying(dst netio.Writer, src netio.Reader, f func()) {
	scope, cancel := e.task.WithCancel()
	copier := scope.Go(func(t *async.Task) error {
		_, err := netio.SpliceCopy(t, dst, src, -1)
		return err
	})
	f()
	cancel(errTest)
	e.is(copier.Await(e.task), errTest)
}

// A socket in blocking mode, as a process inherits it, takes nothing more.
func TestCopyToBlockingSocket(t *testing.T) {
	onKernel(t, func(e *env) {
		p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		e.check(err)
		full := func() bool {
			ready := []unix.PollFd{{Fd: int32(p[0]), Events: unix.POLLOUT}}
			_, err := unix.Poll(ready, 0)
			e.check(err)
			return ready[0].Revents != unix.POLLOUT // or released
		}
		file := os.NewFile(uintptr(p[0]), "socket")
		kept, err := unix.Dup(p[0])
		e.check(err)
		out, err := netio.PipeWriterFrom(e.task, file)
		e.check(err)
		p[0] = kept
		a, b := e.pair()
		feeder := e.spawn(func(e *env) { a.Write(pattern(0, e.tooMuch())).Await(e.task) })
		e.mustNotHold(func() { unix.Shutdown(p[1], unix.SHUT_RDWR) }, func() {
			e.copying(out, b, func() {
				e.until(full)
				e.settle()
			})
		})
		e.close(a, b, out)
		feeder.Await(e.task)
		unix.Close(p[0])
		unix.Close(p[1])
	})
}

// From a connection in blocking mode, as inetd(8) gives one, comes nothing more.
func TestCopyFromBlockingSocket(t *testing.T) {
	for _, taken := range []string{"pipe", "connection"} {
		t.Run(taken, func(t *testing.T) {
			onKernel(t, func(e *env) {
				p, q := e.netPair()
				f, err := q.(*net.TCPConn).File()
				e.check(err)
				e.check(unix.SetNonblock(int(f.Fd()), false)) // for both
				var in interface {
					netio.Reader
					closer
				}
				if taken == "pipe" {
					in, err = netio.PipeReaderFrom(e.task, f)
				} else {
					in, err = netio.FromNetConn(e.task, q)
				}
				e.check(err)
				f.Close()
				q.Close()
				a, b := e.pair()
				_, err = p.Write(pattern(0, 100_000))
				e.check(err)
				e.mustNotHold(func() { p.Close() }, func() {
					e.copying(a, in, func() {
						e.equal(e.read(b, 100_000), string(pattern(0, 100_000)))
						e.settle()
					})
				})
				e.close(a, b, in)
				p.Close()
			})
		})
	}
}
