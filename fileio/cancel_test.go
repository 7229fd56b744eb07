package fileio_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/fileio"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/timer"
)

// TestCancelledBefore: a cancelled task starts nothing, but closes.
func TestCancelledBefore(t *testing.T) {
	onEach(t, func(e *env) {
		f := e.create("f", "content")
		c := e.cancelled()
		b := make([]byte, 7)
		for name, op := range map[string]func() error{
			"ReadAt":   func() error { _, err := f.ReadAt(b, 0).Await(c.task); return err },
			"WriteAt":  func() error { _, err := f.WriteAt(b, 0).Await(c.task); return err },
			"Read":     func() error { _, err := f.Read(b).Await(c.task); return err },
			"Write":    func() error { _, err := f.Write(b).Await(c.task); return err },
			"SeekTo":   func() error { _, err := f.SeekTo(1, 0).Await(c.task); return err },
			"Truncate": func() error { return f.Truncate(0).Await(c.task) },
			"Stat":     func() error { _, err := f.Stat().Await(c.task); return err },
			"Open":     func() error { return openError(c.task, e.path("f"), 0) },
			"Mkdir":    func() error { return fileio.Mkdir(c.task, e.path("d"), 0o755) },
			"MkdirAll": func() error { return fileio.MkdirAll(c.task, e.path("d"), 0o755) },
			"Remove":   func() error { return fileio.Remove(c.task, e.path("f")) },
			"Copy":     func() error { _, err := fileio.Copy(c.task, e.path("f"), e.path("g")); return err },
			"ReadFile": func() error { _, err := fileio.ReadFile(c.task, e.path("f")); return err },
			"Atomic":   func() error { return fileio.WriteFileAtomic(c.task, e.path("f"), nil, 0o600) },
			"Lock":     func() error { return f.Lock(c.task, fileio.Exclusive) },
		} {
			if err := op(); err != errTest {
				e.Errorf("%s: %v", name, err)
			}
		}
		e.check(f.Close().Await(c.task))
		e.has("f", "content")
		list, err := fileio.ReadDir(e.task, e.dir)
		e.check(err)
		e.equal(len(list), 1)
	})
}

// slow lets every operation that hook does not judge take a while, so that a cancel
// finds it in flight.
func slow(o driver.CancelOutcome, hook func(*driver.Op) (driver.Verdict, bool)) driver.MemoryOptions {
	return driver.MemoryOptions{Hook: func(op *driver.Op) driver.Verdict {
		if hook != nil {
			if v, ok := hook(op); ok {
				return v
			}
		}
		return driver.Verdict{Before: 5 * time.Millisecond, After: 5 * time.Millisecond, Cancel: o}
	}}
}

var outcomes = map[string]driver.CancelOutcome{"at once": driver.CancelAtOnce, "late": driver.CancelLate,
	"result at once": driver.ResultAtOnce, "result late": driver.ResultLate}

// TestCancelInFlight: what has happened is delivered, what has not is the cause.
func TestCancelInFlight(t *testing.T) {
	for name, outcome := range outcomes {
		happens := outcome == driver.ResultAtOnce || outcome == driver.ResultLate
		t.Run(name, func(t *testing.T) {
			onMemory(t, slow(outcome, nil), func(e *env) {
				for name, op := range map[string]func(t *async.Task, f *fileio.File) (int, error){
					"ReadAt":  func(t *async.Task, f *fileio.File) (int, error) { return f.ReadAt(make([]byte, 4), 0).Await(t) },
					"WriteAt": func(t *async.Task, f *fileio.File) (int, error) { return f.WriteAt([]byte("cont"), 0).Await(t) },
					"Read":    func(t *async.Task, f *fileio.File) (int, error) { return f.Read(make([]byte, 4)).Await(t) },
					"Write":   func(t *async.Task, f *fileio.File) (int, error) { return f.Write([]byte("cont")).Await(t) },
					"Sync":    func(t *async.Task, f *fileio.File) (int, error) { return 4, f.Sync().Await(t) },
					"Chmod":   func(t *async.Task, f *fileio.File) (int, error) { return 4, f.Chmod(0o600).Await(t) },
					"Stat": func(t *async.Task, f *fileio.File) (int, error) {
						i, err := f.Stat().Await(t)
						if err != nil {
							return 0, err
						}
						return int(i.Size()), nil
					},
					"Open": func(t *async.Task, f *fileio.File) (int, error) {
						g, err := fileio.Open(t, f.Name())
						if err != nil {
							return 0, err
						}
						return 4, g.Close().Await(t)
					},
				} {
					f := e.create("f", "cont")
					var n int
					var err error
					c := e.spawn(func(e *env) { n, err = op(e.task, f) })
					c.Stop(errTest)
					e.check(c.Await(e.task))
					switch {
					case happens && (err != nil || n != 4):
						e.Errorf("%s happened, and returned %d, %v", name, n, err)
					case outcome == driver.CancelLate && err == nil && n == 4:
						// It happened until then.
					case !happens && err != errTest:
						e.Errorf("%s did not happen, and returned %d, %v", name, n, err)
					}
					happened := err == nil
					pos, err := f.SeekTo(0, io.SeekCurrent).Await(e.task)
					e.check(err)
					if want := int64(4); (name == "Read" || name == "Write") && happened != (pos == want) {
						e.Errorf("%s left the position at %d", name, pos)
					}
					e.close(f)
				}
			})
		})
	}
}

// TestCancelPartly: a transfer that was cancelled between two parts says how much was
// moved, and does not go on: neither if the part in flight is cancelled, nor if it
// happens.
func TestCancelPartly(t *testing.T) {
	for outcome, want := range map[driver.CancelOutcome]int{driver.CancelAtOnce: 30, driver.ResultAtOnce: 40} {
		parts := 0
		o := driver.MemoryOptions{Hook: func(op *driver.Op) driver.Verdict {
			switch op.Kind() {
			case driver.OpReadAt, driver.OpWriteAt, driver.OpReadvAt, driver.OpWritevAt:
				parts++
				return driver.Verdict{Limit: 10, Before: 10 * time.Millisecond, Cancel: outcome}
			}
			return driver.Verdict{}
		}}
		onMemory(t, o, func(e *env) {
			f := e.create("f", string(pattern(100)))
			b := make([]byte, 100)
			for name, op := range map[string]async.Op[int]{
				"ReadAt":   f.ReadAt(b, 0),
				"ReadvAt":  f.ReadvAt(0, b[:33], b[33:]),
				"WriteAt":  f.WriteAt(pattern(100), 0),
				"Write":    f.Write(pattern(100)),
				"WritevAt": f.WritevAt(0, pattern(100)[:33], pattern(100)[33:]),
			} {
				parts = 0
				task, stop := e.task.WithTimeout(35 * time.Millisecond)
				n, err := op.Await(task)
				stop()
				if n != want || !errors.Is(err, os.ErrDeadlineExceeded) || parts != 4 {
					e.Errorf("outcome %v, %s: %d, %v after %d parts", outcome, name, n, err, parts)
				}
			}
			e.close(f)
		})
	}
}

// TestCancelQueued: who waits for its turn is gone at once, and the one that has the
// turn keeps it.
func TestCancelQueued(t *testing.T) {
	onMemory(t, slow(driver.CancelLate, nil), func(e *env) {
		f := e.create("f", "one two")
		b := make([]byte, 4)
		first := e.spawn(func(e *env) {
			n, err := f.Read(b).Await(e.task)
			e.check(err)
			e.equal(n, 4)
		})
		second := e.spawn(func(e *env) {
			_, err := f.Read(make([]byte, 4)).Await(e.task)
			e.equal(err, errTest)
		})
		third := e.spawn(func(e *env) { e.equal(e.rest(f), "two") })
		second.Stop(errTest)
		e.check(second.Await(e.task))
		e.check(first.Await(e.task))
		e.check(third.Await(e.task))
		e.equal(string(b), "one ")
		e.close(f)
	})
}

// TestCancelResumed: a Write that has lost with a part written, and is cancelled while
// it waits for another turn, still knows of the part.
func TestCancelResumed(t *testing.T) {
	o := slow(driver.ResultAtOnce, func(op *driver.Op) (driver.Verdict, bool) {
		return driver.Verdict{Limit: 3, Before: 5 * time.Millisecond, Cancel: driver.ResultAtOnce}, op.Kind() == driver.OpWriteAt
	})
	onMemory(t, o, func(e *env) {
		f := e.create("f", "")
		w := f.Write([]byte("abcdef"))
		e.lose(&w)
		ahead := e.spawn(func(e *env) { e.equalWrite(f, []byte("XYZ")) })
		c := e.spawn(func(e *env) {
			n, err := async.Await(e.task, async.Future[int](&w))
			e.equal(n, 3)
			e.equal(err, errTest)
		})
		c.Stop(errTest)
		e.check(c.Await(e.task))
		e.check(ahead.Await(e.task))
		e.close(f)
		e.has("f", "abcXYZ")
	})
}

// TestCancelEverywhere cancels what takes many steps at every moment of it: nothing
// is left open, and nothing half done where that is promised.
func TestCancelEverywhere(t *testing.T) {
	for name, outcome := range outcomes {
		t.Run(name, func(t *testing.T) {
			for name, op := range map[string]func(e *env, t *async.Task) error{
				"atomic": func(e *env, t *async.Task) error {
					return fileio.WriteFileAtomic(t, e.path("f"), []byte("new content"), 0o644)
				},
				"read": func(e *env, t *async.Task) error {
					b, err := fileio.ReadFile(t, e.path("f"))
					if err == nil && string(b) != "old" {
						e.Errorf("read %q", b)
					}
					return err
				},
				"copy": func(e *env, t *async.Task) error {
					_, err := fileio.Copy(t, e.path("f"), e.path("copy"))
					return err
				},
				"tree": func(e *env, t *async.Task) error {
					if err := fileio.MkdirAll(t, e.path("copy/b/c"), 0o755); err != nil {
						return err
					}
					return fileio.WalkDir(t, e.dir, func(_ *async.Task, _ string, _ fileio.DirEntry, err error) error { return err })
				},
				"lock": func(e *env, t *async.Task) error {
					f, err := fileio.Open(t, e.path("f"))
					if err != nil {
						return err
					}
					defer f.Close().Await(t)
					return f.Lock(t, fileio.Exclusive)
				},
			} {
				done := false
				for at := time.Duration(0); !done && at < time.Second; at += 3300 * time.Microsecond {
					onMemory(t, slow(outcome, nil), func(e *env) {
						e.put("f", "old")
						task, stop := e.task.WithTimeout(at)
						err := op(e, task)
						done = task.Cause() == nil
						stop()
						if err != nil && (done || !errors.Is(err, os.ErrDeadlineExceeded)) {
							e.Errorf("%s, cancelled after %v: %v", name, at, err)
						}
						b, err := fileio.ReadFile(e.task, e.path("f"))
						e.check(err)
						if s := string(b); s != "old" && (name != "atomic" || s != "new content") {
							e.Errorf("%s, cancelled after %v: the file has %q", name, at, b)
						}
						list, err := fileio.ReadDir(e.task, e.dir)
						e.check(err)
						for _, d := range list {
							if d.Name() != "f" && d.Name() != "copy" {
								e.Errorf("%s, cancelled after %v: left %s", name, at, d.Name())
							}
						}
					})
				}
				if !done {
					t.Errorf("%s was never left to end", name)
				}
			}
		})
	}
}

// TestLoser: what has lost leaves the position where it was, and can be awaited again.
func TestLoser(t *testing.T) {
	for name, outcome := range outcomes {
		t.Run(name, func(t *testing.T) {
			onMemory(t, slow(outcome, nil), func(e *env) {
				f := e.create("f", string(pattern(1000)))
				b := make([]byte, 10)
				read, readAt, seek := f.Read(b), f.ReadAt(b, 5), f.SeekTo(-500, io.SeekEnd)
				readv := f.Readv(b[:3], nil, b[3:])
				e.lose(&readv)
				e.lose(&read)
				e.lose(&readAt)
				e.lose64(&seek)
				pos, err := f.SeekTo(0, io.SeekCurrent).Await(e.task)
				e.check(err)
				e.equal(pos, int64(0))
				n, err := read.Await(e.task)
				e.check(err)
				e.same(b[:n], 0)
				n, err = readAt.Await(e.task)
				e.check(err)
				e.equal(n, 10)
				e.same(b, 5)
				e.close(f)

				w := e.create("w", "")
				write := w.Write([]byte("written"))
				e.lose(&write)
				n, err = write.Await(e.task)
				e.check(err)
				e.equal(n, 7)
				e.close(w)
				e.has("w", "written")
			})
		})
	}
}

// lose has an operation lose a Select, in flight.
func (e *env) lose(f async.Future[int]) {
	e.Helper()
	r, err := async.Await(e.task, future.Select(async.Future[struct{}](brief()), f))
	e.check(err)
	e.equal(r.Won, 0)
}

func (e *env) lose64(f async.Future[int64]) {
	e.Helper()
	r, err := async.Await(e.task, future.Select(async.Future[struct{}](brief()), f))
	e.check(err)
	e.equal(r.Won, 0)
}

func brief() *async.Act {
	a := timer.Sleep(500 * time.Microsecond)
	return &a
}

// TestCloseInFlight: closing ends what is in flight and what waits for its turn.
func TestCloseInFlight(t *testing.T) {
	onEach(t, func(e *env) {
		f := e.create("f", string(pattern(10_000)))
		const n = 30
		errs := make([]error, n)
		var cs []*async.Child
		for i := range n {
			cs = append(cs, e.task.Go(func(task *async.Task) error {
				switch i % 3 {
				case 0:
					_, errs[i] = f.Read(make([]byte, 10)).Await(task)
				case 1:
					_, errs[i] = f.WriteAt(make([]byte, 100), int64(i)).Await(task)
				default:
					errs[i] = f.Sync().Await(task)
				}
				return nil
			}))
		}
		e.check(async.Yield(e.task))
		e.close(f)
		other := e.create("other", "content")
		for _, c := range cs {
			e.check(c.Await(e.task))
		}
		for i, err := range errs {
			if err != nil && !errors.Is(err, os.ErrClosed) {
				e.Errorf("operation %d: %v", i, err)
			}
		}
		e.close(other)
		e.has("other", "content")
	})
}

// TestInjected: an error of the disk reaches who asked, wrapped, and the file goes on.
func TestInjected(t *testing.T) {
	fail := false
	hook := func(op *driver.Op) driver.Verdict {
		if fail && op.Kind() != driver.OpClose {
			return driver.Verdict{Err: syscall.EIO}
		}
		return driver.Verdict{}
	}
	onMemory(t, driver.MemoryOptions{Hook: hook}, func(e *env) {
		f := e.create("f", "content")
		fail = true
		for name, err := range map[string]error{
			"read":  second(f.ReadAt(make([]byte, 3), 0).Await(e.task)),
			"write": second(f.Write([]byte("x")).Await(e.task)),
			"sync":  f.Sync().Await(e.task),
			"mkdir": fileio.Mkdir(e.task, e.path("d"), 0o755),
			"open":  openError(e.task, e.path("f"), 0),
		} {
			var pe *fs.PathError
			if !errors.As(err, &pe) || pe.Op != name || pe.Err != syscall.EIO {
				e.Errorf("%s: %#v", name, err)
			}
		}
		e.is(fileio.WriteFileAtomic(e.task, e.path("f"), nil, 0o600), syscall.EIO)
		fail = false
		e.equal(e.rest(f), "content")
		e.close(f)
		e.has("f", "content")
	})
}

func second[T any](_ T, err error) error { return err }
