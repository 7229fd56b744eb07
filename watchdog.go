package rondo

import (
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rondo.dev/rondo/async"
)

// watchdog finds tasks that hold their loop. It samples: a goroutine looks a few
// times per limit whether each loop that is not parked has turned since the last
// look. If one has not, the task that runs there is timed until it comes back,
// which costs tasks nothing while all is well. A task that does not come back is
// reported with the stack of its goroutine.
//
// When all loops are parked it sleeps: an idle program uses no processor time. The
// first loop that goes on rouses it. None is missed: the watchdog says that it is
// asleep before it looks once more, and a loop goes on before it looks at that.
type watchdog struct {
	rt     *Runtime
	limit  time.Duration
	quit   chan struct{}
	asleep atomic.Bool
	roused chan struct{}
	once   sync.Once
	began  time.Time // what times are counted from: the wall clock may be set
	seen   []sighting
}

// sighting is the last look at a loop.
type sighting struct {
	turn     uint64
	reported bool
}

func newWatchdog(rt *Runtime) *watchdog {
	return &watchdog{rt: rt, limit: rt.opts.hold, quit: make(chan struct{}), roused: make(chan struct{}, 1), began: time.Now(), seen: make([]sighting, len(rt.loops))}
}

func (w *watchdog) start() {
	if w.limit > 0 {
		go w.run()
	}
}

func (w *watchdog) stop() { w.once.Do(func() { close(w.quit) }) }

func (w *watchdog) run() {
	every := max(w.limit/4, time.Millisecond)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-w.quit:
			return
		case now := <-tick.C:
			for i, l := range w.rt.loops {
				w.look(l, &w.seen[i], now)
			}
			if w.nothingToWatch() {
				tick.Stop()
				w.sleep()
				tick.Reset(every)
			}
		}
	}
}

// nothingToWatch reports whether all loops are parked.
func (w *watchdog) nothingToWatch() bool {
	for _, l := range w.rt.loops {
		if !l.parked.Load() {
			return false
		}
	}
	return true
}

func (w *watchdog) sleep() {
	w.asleep.Store(true)
	if w.nothingToWatch() {
		select {
		case <-w.quit:
		case <-w.roused:
		}
	}
	w.asleep.Store(false)
}

// rouse is called by a loop that goes on after it was parked.
func (w *watchdog) rouse() {
	if w.asleep.Load() && w.asleep.CompareAndSwap(true, false) {
		select {
		case w.roused <- struct{}{}:
		default: // it was roused already, and has not looked yet
		}
	}
}

func (w *watchdog) look(l *Loop, s *sighting, now time.Time) {
	if turn := l.turns.Load(); turn != s.turn || l.parked.Load() {
		// Whatever was timed here has come back, or there was nothing to time: a
		// loop that has just been woken looks as if it were held.
		*s = sighting{turn: turn}
		l.watched.Store(0)
		return
	}
	// A long turn need not be one task's doing: the task that runs now is timed
	// from here until it comes back.
	since := l.watched.Load()
	if since == 0 {
		l.watched.Store(int64(now.Sub(w.began)))
		l.exec.Watch()
		return
	}
	held := now.Sub(w.began) - time.Duration(since)
	if held >= 10*w.limit && !s.reported {
		s.reported = true
		w.rt.opts.logger.Warn("rondo: a task holds its loop and does not come back; long computations and blocking calls belong into rondo.Blocking",
			"loop", l.index, "held", held.Round(time.Millisecond), "stack", loopStacks())
	}
}

// released is called by a loop when the task that was timed has come back.
func (w *watchdog) released(l *Loop, i async.TaskInfo) {
	since := l.watched.Swap(0)
	held := time.Since(w.began) - time.Duration(since)
	if since == 0 || held < w.limit {
		return
	}
	w.rt.opts.logger.Warn("rondo: a task held its loop; long computations and blocking calls belong into rondo.Blocking",
		"task", i.String(), "loop", l.index, "held", held.Round(time.Millisecond))
}

// loopStacks returns the stacks of the goroutines that run tasks at this moment.
func loopStacks() string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var b strings.Builder
	for g := range strings.SplitSeq(string(buf), "\n\n") {
		head, _, _ := strings.Cut(g, "\n")
		if strings.Contains(head, "[coroutine") || strings.Contains(g, "loopStacks") {
			continue // suspended, or the watchdog
		}
		if strings.Contains(g, "async.(*Coroutine).call") || strings.Contains(g, "async.(*Executor).step") {
			b.WriteString(g + "\n\n")
		}
	}
	return b.String()
}
