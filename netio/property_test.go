package netio_test

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/timer"
)

var (
	seedFlag = flag.Uint64("netio.seed", 0, "seed of the property test; 0 chooses one")
	sizeFlag = flag.Int("netio.mb", 100, "megabytes that the property test moves through each driver; a twentieth with -short")
)

// TestNothingIsLost moves bytes over connections, in both directions at once, with
// operations that are cancelled, time out, and lose, all at random; and connections
// through a listener in the same way. Every byte arrives once and in its order,
// and every connection is accepted once.
func TestNothingIsLost(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	size := *sizeFlag << 20
	if testing.Short() {
		size /= 20
	}
	for _, w := range chaosWorlds(seed) {
		t.Run(w.name, func(t *testing.T) {
			t.Logf("go test -run '%s' ./netio -netio.seed=%d", t.Name(), seed)
			w.run(t, func(e *env) { moveAll(e, seed, size) })
		})
	}
}

// chaosWorlds are those in which things go wrong at random.
func chaosWorlds(seed uint64) []*world {
	faults := func(f driver.Faults) *driver.MemoryOptions {
		return &driver.MemoryOptions{Seed: seed, Buffers: 16, Faults: f}
	}
	ws := []*world{
		{name: "memory", memory: faults(driver.Faults{Late: .5, Win: .5})},
		{name: "memory,faults", memory: faults(driver.Faults{Short: .1, Delay: .3, MaxDelay: 50 * time.Microsecond,
			Reorder: .5, Spurious: .1, Late: .5, Win: .5})},
	}
	for _, w := range worlds() {
		if w.kernel() {
			w.drv = driver.Options{Buffers: 16}
			w.loops = 2
			ws = append(ws, w)
		}
	}
	return ws
}

// moveAll moves size bytes in all, over a few connections.
func moveAll(e *env, seed uint64, size int) {
	const conns = 4
	each := size / conns / 2
	ln := e.listen()
	loops := rondo.LoopOf(e.task).Runtime().Loops()
	var tasks []*async.Child
	var all []closer
	var fates [3]atomic.Int64
	// start runs f with chance of its own, on one of the loops.
	start := func(loop int, f func(x *chaos)) {
		seed++
		rng := rand.New(rand.NewPCG(seed, 1))
		tasks = append(tasks, e.there(loops[loop%len(loops)], func(e *env) { f(&chaos{e, rng, &fates}) }))
	}
	for i := range conns {
		a := e.dial(ln)
		b := e.accept(ln)
		all = append(all, a, b)
		for end, c := range []*netio.Conn{a, b} {
			// Reader and writer of one end are on one loop or on two, the
			// connection's own or the other.
			start(i, func(x *chaos) { x.write(c, each); x.closeWrite(c) })
			start(i+i/2+end, func(x *chaos) { x.read(c, each) })
		}
	}
	ids := map[uint64]bool{}
	const dials = 300
	dialled := 0
	start(0, func(x *chaos) { x.accept(ln, ids, &dialled, dials) })
	start(0, func(x *chaos) { x.dial(ln, ids, &dialled, dials) })
	for _, c := range tasks {
		e.check(c.Await(e.task))
	}
	for f := range fates {
		if n := fates[f].Load(); n < 10 {
			e.Errorf("only %d operations met fate %d: the test tests nothing", n, f)
		}
	}
	if len(ids) != 0 {
		e.Errorf("%d connections were not accepted", len(ids))
	}
	e.close(append(all, ln)...)
}

// chaos is a task that treats its operations badly.
type chaos struct {
	*env
	rng   *rand.Rand
	fates *[3]atomic.Int64 // how often each was met
}

func (x *chaos) moment() time.Duration {
	return time.Duration(x.rng.IntN(1<<x.rng.IntN(18))) * time.Nanosecond
}

// fate is what becomes of an operation.
type fate int

const (
	done fate = iota // it has its result
	cut              // and an error, as it was cancelled or timed out
	lost             // it has none, and can be awaited again
)

// disturb runs op to its end, or nearly.
//
//lint:ignore ST1008 the fate is of what comes before it
func disturb[T any](x *chaos, op *async.Op[T]) (v T, err error, f fate) {
	defer func() { x.fates[f].Add(1) }()
	w := &watched[T]{op: op}
	switch x.rng.IntN(7) {
	case 0: // a time limit
		v, err = async.Await(x.task, timer.Timeout(x.moment(), w))
	case 1: // a scope that is cancelled, at once or later
		task, stop := x.task.WithTimeout(x.moment())
		v, err = async.Await(task, w)
		stop()
	case 2: // a race that it is ahead in
		r, e := async.Await(x.task, future.Select(w, after(x.moment())))
		if r.Won == 1 {
			return v, nil, lost
		}
		v, err = r.A, e
	case 3: // a race that it is behind in
		r, e := async.Await(x.task, future.Select(after(x.moment()), w))
		if r.Won == 0 {
			return v, nil, lost
		}
		v, err = r.B, e
	case 4: // a race that is over at once
		r, e := async.Await(x.task, future.Select(&ready{}, w))
		if r.Won == 0 {
			return v, nil, lost
		}
		v, err = r.B, e
	case 5: // a race whose task is cancelled
		task, stop := x.task.WithTimeout(x.moment())
		r, e := async.Await(task, future.Select(w, after(x.moment())))
		stop()
		if r.Won == 1 {
			return v, nil, lost
		}
		v, err = r.A, e
	default: // by value
		v, err = op.Await(x.task)
		w.begun = true
	}
	switch {
	case !errors.Is(err, os.ErrDeadlineExceeded):
		return v, err, done
	case w.begun:
		return v, nil, cut
	}
	return v, nil, lost
}

// watched is an operation that tells whether it was begun: one that was cancelled
// before is as it was.
type watched[T any] struct {
	op    *async.Op[T]
	begun bool
}

func (w *watched[T]) Poll(t *async.Task) (T, error) {
	w.begun = true
	return w.op.Poll(t)
}

func (w *watched[T]) Cancel(t *async.Task, loser bool) bool { return w.op.Cancel(t, loser) }

// write writes the first n bytes of pattern.
func (x *chaos) write(c sink, n int) {
	for at := 0; at < n; {
		b := pattern(at, min(1+x.rng.IntN(1<<(1+x.rng.IntN(15))), n-at))
		op := c.Write(b)
		if x.rng.IntN(3) == 0 {
			k := x.rng.IntN(len(b) + 1)
			op = c.Writev(b[:k], nil, b[k:])
		}
		for {
			m, err, f := disturb(x, &op)
			x.check(err)
			if f == lost {
				continue // only the handle knows how far it came
			}
			if f == done && m != len(b) {
				x.Errorf("a write of %d bytes wrote %d without an error", len(b), m)
			}
			at += m
			break
		}
	}
}

// closeWrite ends the direction.
func (x *chaos) closeWrite(c *netio.Conn) {
	for end := c.CloseWrite().Op(); ; end = c.CloseWrite().Op() {
		_, err, f := disturb(x, &end)
		x.check(err)
		if f == done {
			return
		}
	}
}

// read reads n bytes of pattern and the end.
func (x *chaos) read(c source, n int) {
	buf := make([]byte, 1<<16)
	at := 0
	take := func(b []byte) {
		x.same(b, at)
		at += len(b)
	}
	for {
		var err error
		switch x.rng.IntN(6) {
		case 0, 1:
			op := c.Recv()
			var b []byte
			b, err, _ = disturb(x, &op)
			take(b)
		case 2:
			b := buf[:1+x.rng.IntN(1<<x.rng.IntN(10))]
			task, stop := x.task.WithTimeout(x.moment())
			var m int
			m, err = netio.ReadFull(task, c, b)
			stop()
			take(b[:m])
			if errors.Is(err, os.ErrDeadlineExceeded) {
				err = nil
			} else if err == io.ErrUnexpectedEOF {
				err = io.EOF
			}
		case 3:
			x.check(c.SetReadDeadline(time.Now().Add(x.moment())).Await(x.task))
			var m int
			m, err = c.Read(buf).Await(x.task)
			take(buf[:m])
			x.check(c.SetReadDeadline(never).Await(x.task))
			if errors.Is(err, os.ErrDeadlineExceeded) {
				err = nil
			}
		default:
			b := buf[:1+x.rng.IntN(1<<x.rng.IntN(15))]
			op := c.Read(b)
			var m int
			var f fate
			m, err, f = disturb(x, &op)
			if f == lost {
				clear(b) // it is the caller's again
			} else {
				take(b[:m])
			}
		}
		if err == io.EOF {
			break
		}
		x.check(err)
	}
	x.equal(at, n)
}

// accept accepts connections until all have been dialled, and crosses off the ids
// that they bring. One that brings none was given up by its dialler.
func (x *chaos) accept(ln *netio.Listener, ids map[uint64]bool, dialled *int, dials int) {
	for *dialled < dials || len(ids) > 0 {
		op := ln.Accept()
		task, stop := x.task.WithTimeout(time.Millisecond)
		c, err, f := disturb(&chaos{x.with(task), x.rng, x.fates}, &op)
		stop()
		x.check(err)
		if f != done {
			continue
		}
		id := make([]byte, 8)
		switch _, err := netio.ReadFull(x.task, c, id); err {
		case nil:
			id := binary.LittleEndian.Uint64(id)
			if !ids[id] {
				x.Errorf("connection %d was accepted twice", id)
			}
			delete(ids, id)
		case io.EOF:
		default:
			x.check(err)
		}
		x.close(c)
	}
}

func (x *chaos) dial(ln *netio.Listener, ids map[uint64]bool, dialled *int, dials int) {
	for ; *dialled < dials; *dialled++ {
		task, stop := x.task.WithTimeout(10 * x.moment())
		c, err := netio.DialAddrPort(task, ln.AddrPort())
		stop()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		x.check(err)
		id := uint64(*dialled + 1)
		ids[id] = true
		_, err = c.Write(binary.LittleEndian.AppendUint64(nil, id)).Await(x.task)
		x.check(err)
		x.close(c)
	}
}

// The same through Wait, with contexts that end at random.
func TestNothingIsLostByWait(t *testing.T) {
	eachKernel(t, func(t *testing.T, w *world) {
		w.loops = 2
		w.run(t, func(e *env) {
			a, b := e.pair()
			const size = 300_000
			writer := e.spawn(func(e *env) {
				for at := 0; at < size; at += 1000 {
					e.equalWrite(a, at, 1000)
				}
				e.close(a)
			})
			at := 0
			e.check(e.elsewhere(func() error {
				rng := rand.New(rand.NewPCG(1, 2))
				buf := make([]byte, 1500)
				for {
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rng.IntN(50))*time.Microsecond)
					var got []byte
					var err error
					if rng.IntN(2) == 0 {
						got, err = b.Recv().Wait(ctx)
					} else {
						var n int
						n, err = b.Read(buf).Wait(ctx)
						got = buf[:n]
					}
					cancel()
					e.same(got, at)
					at += len(got)
					switch {
					case err == io.EOF:
						return nil
					case err != nil && !errors.Is(err, context.DeadlineExceeded):
						return err
					}
				}
			}))
			e.equal(at, size)
			e.check(writer.Await(e.task))
			e.close(b)
		})
	})
}
