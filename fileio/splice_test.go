package fileio_test

import (
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/fileio"
	"rondo.dev/rondo/netio"
)

var (
	_ netio.SpliceReader = (*fileio.File)(nil)
	_ netio.Unreader     = (*fileio.File)(nil)
)

type writeEnd interface {
	netio.Writer
	Close() async.Act
}

type readEnd interface {
	netio.Reader
	Close() async.Act
}

// sinks are what a copy writes to, with the end that is read.
var sinks = []struct {
	name string
	open func(t *async.Task) (writeEnd, readEnd, error)
}{
	{"connection", func(t *async.Task) (writeEnd, readEnd, error) { return netio.Pair(t) }},
	{"pipe", func(t *async.Task) (writeEnd, readEnd, error) {
		r, w, err := netio.NewPipe(t)
		return w, r, err
	}},
}

// receives reads to the end, and fails the test unless that is what lies between two
// offsets of the pattern.
func (e *env) receives(r netio.Reader, from, to int) {
	e.Helper()
	b := make([]byte, 10_000)
	for {
		n, err := r.Read(b).Await(e.task)
		if err == io.EOF {
			e.equal(from, to)
			return
		}
		e.check(err)
		e.same(b[:n], from)
		from += n
	}
}

// A file is the source of a copy that is cancelled again and again, and everything
// comes once and in order.
func TestCopyToNet(t *testing.T) {
	const size, skipped = 500_000, 1234
	for _, s := range sinks {
		t.Run(s.name, func(t *testing.T) {
			onEach(t, func(e *env) {
				f := e.open("source", os.O_RDWR|os.O_CREATE)
				e.writeAt(f, pattern(size), 0)
				_, err := f.SeekTo(skipped, io.SeekStart).Await(e.task)
				e.check(err)
				w, r, err := s.open(e.task)
				e.check(err)
				reader := e.spawn(func(e *env) { e.receives(r, skipped, size) })
				rng := rand.New(rand.NewPCG(1, 2))
				total, cuts := int64(skipped), 0
				for limit := time.Microsecond; ; limit = min(2*limit, 10*time.Millisecond) {
					scope, stop := e.task.WithTimeout(time.Duration(rng.Int64N(int64(limit))))
					n, err := netio.Copy(scope, w, f)
					stop()
					total += n
					pos, posErr := f.SeekTo(0, io.SeekCurrent).Await(e.task)
					e.check(posErr)
					e.equal(pos, total)
					if err == nil {
						break
					}
					e.is(err, os.ErrDeadlineExceeded)
					cuts++
				}
				if takesTime := e.kernel() || e.memory.Faults.Delay > 0; cuts == 0 && takesTime {
					e.Error("nothing was cancelled")
				}
				e.equal(total, int64(size))
				e.check(w.Close().Await(e.task))
				e.check(reader.Await(e.task))
				e.check(r.Close().Await(e.task))
				e.close(f)
			})
		})
	}
}

// The kernel moves the bytes of a regular file; those of others are read.
func TestCopySplices(t *testing.T) {
	for _, c := range []struct {
		flag    int
		splices bool
	}{{os.O_RDWR, true}, {os.O_RDWR | fileio.O_DIRECT, false}} {
		splices := 0
		onMemory(t, driver.MemoryOptions{Hook: func(op *driver.Op) driver.Verdict {
			if op.Kind() == driver.OpSplice {
				splices++
			}
			return driver.Verdict{}
		}}, func(e *env) {
			f := e.open("source", c.flag|os.O_CREATE)
			b := fileio.Aligned(8192)
			copy(b, pattern(len(b)))
			e.writeAt(f, b, 0)
			w, r, err := sinks[0].open(e.task)
			e.check(err)
			reader := e.spawn(func(e *env) { e.receives(r, 0, len(b)) })
			n, err := netio.Copy(e.task, w, f)
			e.check(err)
			e.equal(n, int64(len(b)))
			e.check(w.Close().Await(e.task))
			e.check(reader.Await(e.task))
			e.check(r.Close().Await(e.task))
			e.close(f)
		})
		if splices > 0 != c.splices {
			t.Errorf("%d splices", splices)
		}
	}
}

// What was put back is read first, and then what follows.
func TestUnread(t *testing.T) {
	onEach(t, func(e *env) {
		f := e.create("file", "one two three")
		b := make([]byte, 8)
		n, err := netio.ReadFull(e.task, f, b)
		e.check(err)
		n, err = f.Unread(b[4:n]).Await(e.task)
		e.check(err)
		e.equal(n, 4)
		e.equal(e.rest(f), "two three")
		e.close(f)
		_, err = f.Unread(b[:1]).Await(e.task)
		e.is(err, os.ErrClosed)
	})
}
