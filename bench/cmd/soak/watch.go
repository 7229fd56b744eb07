package main

import (
	"fmt"
	"os"
	"time"

	"rondo.dev/rondo/bench/internal/proc"
)

// A glance is what a server holds at one moment.
type glance struct {
	proc.Status
	descriptors int
}

func look(pid int) (glance, error) {
	status, err := proc.ReadStatus(pid)
	if err != nil {
		return glance{}, err
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return glance{status, len(open)}, err
}

// A watcher looks at a process from time to time.
type watcher struct {
	quit chan struct{}
	seen chan []glance
}

func watch(pid int, every time.Duration) *watcher {
	w := &watcher{quit: make(chan struct{}), seen: make(chan []glance, 1)}
	go func() {
		var seen []glance
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-w.quit:
				w.seen <- seen
				return
			case <-tick.C:
				if g, err := look(pid); err == nil {
					seen = append(seen, g)
				}
			}
		}
	}()
	return w
}

func (w *watcher) stop() []glance {
	close(w.quit)
	return <-w.seen
}
