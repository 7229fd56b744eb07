package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/bench/internal/hist"
	"rondo.dev/rondo/fileio"
	"rondo.dev/rondo/timer"
)

// A reader process prints "begin" when its sample begins, "end READS" when it ends,
// and "latency P50 P99 P999" in nanoseconds; it then waits for the end of its input,
// so that its CPU time can be read.

const block = 4096

// phase is what a reader's work counts for.
type phase = int32

const (
	warming phase = iota
	sampling
	over
)

// read is a reader process.
func read(o options) error {
	switch o.reader {
	case "os":
		return readOS(o)
	case "io_uring", "epoll":
		return readRondo(o)
	}
	return fmt.Errorf("no reader %q", o.reader)
}

// A worker is one of those that read; it keeps its own counts.
type worker struct {
	rand   *rand.Rand
	buf    []byte
	last   time.Time
	blocks int64
	times  hist.Histogram
}

func newWorkers(o options) []worker {
	ws := make([]worker, o.depth)
	for i := range ws {
		ws[i] = worker{rand: rand.New(rand.NewPCG(uint64(i), uint64(os.Getpid()))), buf: fileio.Aligned(block), blocks: o.size / block}
	}
	return ws
}

// next returns the offset of the next read.
func (w *worker) next() int64 { return w.rand.Int64N(w.blocks) * block }

// done counts a read. It looks at the clock once, for its end and the next one's
// begin.
func (w *worker) done(p phase) {
	now := time.Now()
	if p == sampling {
		w.times.Add(now.Sub(w.last))
	}
	w.last = now
}

// report prints what the workers have counted, and waits to be let go.
func report(ws []worker) {
	var all hist.Histogram
	for i := range ws {
		all.Merge(&ws[i].times)
	}
	fmt.Println("end", all.Count())
	fmt.Println("latency", int64(all.Quantile(0.5)), int64(all.Quantile(0.99)), int64(all.Quantile(0.999)))
	os.Stdin.Read(make([]byte, 1))
}

func readOS(o options) error {
	flag := os.O_RDONLY
	if o.direct {
		flag |= syscall.O_DIRECT
	}
	f, err := os.OpenFile(o.file, flag, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	var now atomic.Int32
	var group sync.WaitGroup
	ws := newWorkers(o)
	for i := range ws {
		group.Go(func() {
			w := &ws[i]
			w.last = time.Now()
			for p := warming; p != over; p = now.Load() {
				if _, err := f.ReadAt(w.buf, w.next()); err != nil {
					panic(err)
				}
				w.done(p)
			}
		})
	}
	time.Sleep(o.warmup)
	fmt.Println("begin")
	now.Store(sampling)
	time.Sleep(o.duration)
	now.Store(over)
	report(ws) // while the last reads end: the sample is over
	group.Wait()
	return nil
}

// readRondo reads on one loop.
func readRondo(o options) error {
	return rondo.Run(func(t *async.Task) error {
		flag := os.O_RDONLY
		if o.direct {
			flag |= fileio.O_DIRECT
		}
		f, err := fileio.OpenFile(t, o.file, flag, 0)
		if err != nil {
			return err
		}
		now := warming // tasks of one loop need no lock
		ws := newWorkers(o)
		for i := range ws {
			t.Go(func(t *async.Task) error {
				w := &ws[i]
				w.last = time.Now()
				for now != over {
					if _, err := f.ReadAt(w.buf, w.next()).Await(t); err != nil {
						return err
					}
					w.done(now)
				}
				return nil
			})
		}
		if err := timer.Sleep(o.warmup).Await(t); err != nil {
			return err
		}
		fmt.Println("begin")
		now = sampling
		if err := timer.Sleep(o.duration).Await(t); err != nil {
			return err
		}
		now = over
		report(ws)
		return nil
	}, rondo.Loops(1), rondo.Driver(o.reader), rondo.Watchdog(0))
}
