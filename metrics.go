package rondo

import (
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// Metrics is what a runtime did and is doing.
type Metrics struct {
	Loops           []LoopMetrics
	BlockingRunning int // calls of Blocking that run
	BlockingQueued  int // calls of Blocking that wait for their turn
}

// LoopMetrics is what one loop did and is doing. Times are by the driver's clock,
// which the one in memory has of its own.
type LoopMetrics struct {
	Driver         string // name of the driver: "io_uring", "epoll", "memory"
	async.Stats           // tasks, polls, wakes
	Operations     driver.Stats
	Busy           time.Duration // time spent running tasks and completions
	Idle           time.Duration // time spent waiting for something to happen
	CoroutinesIdle int           // coroutines that wait for a task
	CoroutinesLent int           // coroutines that tasks run on, most of them suspended
}

// Metrics returns the runtime's metrics. Each loop's are as of the last time that
// it had nothing to do, or at most 64 turns old. Any goroutine may call it. What the
// single tasks are is told by Dump.
func (rt *Runtime) Metrics() Metrics {
	m := Metrics{Loops: make([]LoopMetrics, len(rt.loops))}
	for i, l := range rt.loops {
		l.mu.Lock()
		m.Loops[i] = l.seen
		l.mu.Unlock()
	}
	m.BlockingRunning, m.BlockingQueued = rt.blocking.counts()
	return m
}

// publish makes the loop's counters visible.
func (l *Loop) publish() {
	m := LoopMetrics{
		Driver:         l.drv.Name(),
		Stats:          l.exec.Stats(),
		Operations:     l.drv.Stats(),
		Busy:           l.busy,
		Idle:           l.rest,
		CoroutinesIdle: l.pool.Idle(),
		CoroutinesLent: l.pool.Lent(),
	}
	l.mu.Lock()
	l.seen = m
	l.mu.Unlock()
	l.placed.Store(m.Tasks)
}
