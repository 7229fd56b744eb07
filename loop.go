package rondo

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/internal/coro"
	"rondo.dev/rondo/internal/wheel"
)

// A Loop is one event loop: a goroutine with a driver, an executor and a pool of
// coroutines that nobody else touches. Tasks of one loop never run at the same
// time, so what only they use needs no lock.
//
// Packages that bring operations (netio and the like) use its methods; programs
// seldom do.
type Loop struct {
	rt     *Runtime
	index  int
	exec   async.Executor
	pool   coro.Pool
	drv    driver.Driver
	clock  func() time.Duration
	trim   wheel.Timer // runs while the pool may be too large
	placed atomic.Int64
	locals sync.Map // see Local

	// The watchdog's view: turns grows while the loop turns.
	turns   atomic.Uint64
	parked  atomic.Bool
	watched atomic.Int64 // since when the running task is timed, in ns since watchdog.began; 0: it is not

	// The owner's.
	courtesy courtesy
	handed   bool          // see GiveWay
	active   time.Duration // when a task last ran

	stop  bool     // the owner's: leave the loop
	left  []string // tasks that had not ended then
	ended chan struct{}
	heirs sync.Mutex // what the owner alone touches is theirs when it has ended

	busy time.Duration // the owner's sums; published in seen
	rest time.Duration
	mu   sync.Mutex // guards seen, which others read
	seen LoopMetrics
}

const (
	// pollsPerTurn bounds how many tasks run before the driver is looked at.
	// With the driver's own bound on events a turn it is the fairness guarantee:
	// if tasks are bounded in number and time, so is the delay from a wake to
	// its run. Posts and timers need no bound: they only make tasks ready.
	pollsPerTurn = 256

	// pollsPerHandover bounds how many tasks run before what they have handed to
	// goroutines gets its turn, while it is in the cache.
	pollsPerHandover = 32

	// publishEvery is how many turns a busy loop's metrics may be old.
	publishEvery = 64

	// closingTurns is how many turns a loop takes to get rid of tasks that never
	// stop waking themselves, when it has been told to end.
	closingTurns = 64

	// trimEvery is how often a pool of coroutines is looked at.
	trimEvery = time.Second
)

// LoopOf returns the loop that t runs on. It panics if t runs on another kind of
// executor, such as a plain goroutine in Wait.
func LoopOf(t *async.Task) *Loop {
	if l, ok := LoopFor(t); ok {
		return l
	}
	panic("rondo: this needs a task of an event loop: start it with rondo.Run")
}

// LoopFor is LoopOf for those who have another way.
func LoopFor(t *async.Task) (*Loop, bool) {
	h, ok := t.Executor().Host().(*host)
	return (*Loop)(h), ok
}

// Runtime returns the runtime that the loop belongs to.
func (l *Loop) Runtime() *Runtime { return l.rt }

// Index returns the loop's place among the loops of its runtime.
func (l *Loop) Index() int { return l.index }

// Executor returns the loop's executor.
func (l *Loop) Executor() *async.Executor { return &l.exec }

// Driver returns the loop's driver, for tasks and callbacks of this loop.
func (l *Loop) Driver() driver.Driver { return l.drv }

// Post makes f run on the loop, soon. Any goroutine may call it. It reports false
// if the loop has ended, and f will not run.
func (l *Loop) Post(f func()) bool { return l.exec.Post(f) }

// GiveWay has the loop let goroutines run before it looks at its driver again: a task
// says so that has handed work to one which is likely to be back at once. What comes of
// that work, such as an answer to be sent, then goes to the driver with the rest of the
// turn. It is for tasks of this loop.
func (l *Loop) GiveWay() { l.handed = true }

// Local returns what packages keep for this loop under key, made by make on first
// use. Any goroutine may call it; make may be called in vain.
func (l *Loop) Local(key any, make func() any) any {
	if v, ok := l.locals.Load(key); ok {
		return v
	}
	v, _ := l.locals.LoadOrStore(key, make())
	return v
}

// host is what the executor sees of its loop.
type host Loop

func (h *host) Coroutine() *async.Coroutine { return h.pool.Get() }

func (h *host) Recycle(co *async.Coroutine) {
	h.pool.Put(co)
	if !h.trim.Active() {
		h.exec.StartTimer(&h.trim, trimEvery, (*trimmer)(h))
	}
}

func (h *host) Interrupt() { h.drv.Wake() }

// Inherit makes it an async.Heir.
func (h *host) Inherit(f func()) {
	<-h.ended
	h.heirs.Lock()
	defer h.heirs.Unlock()
	f()
}

// Held is told of a task that held the loop for too long.
func (h *host) Held(i async.TaskInfo) { h.rt.watchdog.released((*Loop)(h), i) }

// trimmer shrinks the pool of coroutines until there is nothing to shrink.
type trimmer Loop

func (l *trimmer) Fire() {
	before := l.pool.Idle()
	l.pool.Trim()
	if l.pool.Idle() < before || l.pool.Lent() > 0 {
		l.exec.StartTimer(&l.trim, trimEvery, l)
	}
}

// newLoop makes a loop without a driver; run opens it, on the loop's own thread.
func newLoop(rt *Runtime, index int) *Loop {
	l := &Loop{rt: rt, index: index, ended: make(chan struct{})}
	l.exec.Init((*host)(l))
	l.exec.SetDebug(rt.opts.debug)
	return l
}

// open opens the driver.
func (l *Loop) open() error {
	if l.rt.opts.locked {
		// For good: the driver and the coroutines are bound to the thread.
		runtime.LockOSThread()
	}
	d, err := l.rt.opts.openDriver()
	if err != nil {
		return err
	}
	l.drv = d
	if c, ok := d.(driver.Clock); ok {
		l.clock = c.Now
	} else {
		began := time.Now()
		l.clock = func() time.Duration { return time.Since(began) }
	}
	l.exec.Advance(int64(l.clock()))
	return nil
}

// start runs the loop on a goroutine of its own, and returns when its driver is
// open.
func (l *Loop) start() error {
	opened := make(chan error)
	go func() {
		err := l.open()
		opened <- err
		if err == nil {
			l.run()
		}
	}()
	return <-opened
}

// run turns the loop until it is stopped.
func (l *Loop) run() {
	finished := false
	defer func() {
		if finished {
			return
		}
		if p := recover(); p != nil {
			panic(p) // a bug of rondo's or a driver's own
		}
		// A lowered function called runtime.Goexit, which ends this goroutine;
		// its task has ended with ErrGoexit. The loop goes on with another.
		if l.rt.opts.locked {
			panic(goexitOnLockedLoop) // its thread ends with it
		}
		go l.run()
	}()
	now := l.clock()
	for !l.stop {
		now = l.turn(now)
		if l.courtesy.due(now) {
			from := l.clock() // now is from before the driver's turn, which is the loop's own
			runtime.Gosched()
			now = l.clock()
			l.courtesy.gaveWay(from, now)
		}
	}
	finished = true
	l.close()
}

const goexitOnLockedLoop = "rondo: a lowered function has called runtime.Goexit on a loop that is bound to its thread, which ends with the goroutine: do without LockedLoops, or without Goexit"

// turn is one round: timers, what came from elsewhere, tasks, then the driver,
// which waits if there is nothing to run. now is a reading of the clock, and so
// is what turn returns.
func (l *Loop) turn(now time.Duration) time.Duration {
	if l.turns.Add(1)%publishEvery == 0 {
		l.publish()
	}
	l.exec.Advance(int64(now))
	ran := l.work()
	wait := time.Duration(0)
	worked := l.clock()
	if l.exec.Ready() == 0 && !l.stop {
		// Timers that were just started count from this reading.
		l.exec.Advance(int64(worked))
		if l.exec.Ready() == 0 {
			wait = -1
			if at, ok := l.exec.NextTimer(); ok {
				wait = max(0, time.Duration(at)-worked)
			}
		}
	}
	l.busy += worked - now
	if ran {
		l.active = worked
	}
	if wait == 0 || l.courtesy.lingers(worked-l.active) {
		l.wait(0)
		return worked
	}
	l.publish()
	l.parked.Store(true)
	l.wait(wait)
	l.parked.Store(false)
	l.rt.watchdog.rouse()
	now = l.clock()
	l.rest += now - worked
	l.courtesy.parked(now)
	return now
}

// work takes in what came from elsewhere, and runs tasks, until there is nothing to
// run or the turn is over. It takes in again when the tasks have run: they wake
// each other by way of the inbox too, when what they use can't know that they are
// on one loop, and that need not wait for the driver. It reports whether a task ran.
func (l *Loop) work() (ran bool) {
	for left := pollsPerTurn; left > 0; {
		l.exec.Drain()
		n := l.exec.Run(min(left, pollsPerHandover))
		if l.handed {
			l.handed = false
			runtime.Gosched()
		} else if n == 0 {
			break
		}
		ran = ran || n > 0
		left -= n
	}
	return ran
}

func (l *Loop) wait(d time.Duration) {
	if err := l.drv.Wait(d); err != nil {
		panic(errors.Join(errors.New("rondo: the driver has failed"), err))
	}
}

// close ends the loop: nothing runs on it any more. What is still posted is run
// first, so that whoever waits for it gets an answer; a task that would go on for
// ever is not waited for, and ends as it stands.
func (l *Loop) close() {
	l.exec.Close()
	for range closingTurns {
		if l.exec.Drain() == 0 && l.exec.Ready() == 0 {
			break
		}
		l.exec.Run(pollsPerTurn)
	}
	l.exec.Abandon(async.ErrExecutorClosed)
	l.publish()
	if err := l.drv.Close(); err != nil {
		l.rt.opts.logger.Error("rondo: closing the driver", "loop", l.index, "err", err)
	}
	l.pool.Close()
	close(l.ended)
}

// load is how much a loop has to do, for placing new work: its tasks, and what
// was placed there and has not arrived.
func (l *Loop) load() int64 { return l.placed.Load() }
