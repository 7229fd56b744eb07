package signals

import (
	"os"
	"os/signal"
	"sync"

	"rondo.dev/rondo/async"
)

// watch calls f on t's executor for signals that arrive, until stop is called or t
// has ended: not already when t is cancelled, because its clean-up may want to
// know. A call of f may be under way when stop returns.
func watch(t *async.Task, sigs []os.Signal, f func(os.Signal)) (stop func()) {
	// The goroutine below takes signals out at once. The room is for a burst of
	// one signal before it runs, which must not push another one out.
	ch := make(chan os.Signal, 128)
	quit := make(chan struct{})
	exec, ended := t.Executor(), t.WithoutCancel().Done()
	signal.Notify(ch, sigs...)
	stop = sync.OnceFunc(func() {
		signal.Stop(ch)
		close(quit)
	})
	go func() {
		defer stop()
		for {
			select {
			case s := <-ch:
				if !exec.Post(func() { f(s) }) {
					return
				}
			case <-ended:
				return
			case <-quit:
				return
			}
		}
	}()
	return stop
}
