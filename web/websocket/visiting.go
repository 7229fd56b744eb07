package websocket

import (
	"sync/atomic"
	"time"

	"rondo.dev/rondo/async"
)

// visiting is an executor without a loop, for connections that goroutines have: its
// owner is whoever comes with something to do, until there is nothing left. None of
// that blocks.
type visiting struct {
	exec  async.Executor
	began time.Time
	state atomic.Uint32
	timer *time.Timer // the owner's
}

const (
	away uint32 = iota
	there
	called // look again
)

func newVisiting() *visiting {
	v := &visiting{began: time.Now()}
	v.exec.Init(v)
	return v
}

// Interrupt is called by whoever has posted something. It sees to it, unless somebody is
// there.
func (v *visiting) Interrupt() {
	if v.state.Swap(called) == away {
		v.visit()
	}
}

// visit turns the executor until there is nothing to do. Each visit happens after the
// one before it, by way of state.
func (v *visiting) visit() {
	for {
		v.state.Store(there)
		v.exec.Advance(int64(time.Since(v.began)))
		for v.exec.Drain()+v.exec.Run(64) > 0 {
		}
		v.setTimer()
		if v.state.CompareAndSwap(there, away) {
			return
		}
	}
}

func (v *visiting) setTimer() {
	at, ok := v.exec.NextTimer()
	switch {
	case !ok && v.timer != nil:
		v.timer.Stop()
	case !ok:
	case v.timer == nil:
		v.timer = time.AfterFunc(v.until(at), v.Interrupt)
	default:
		v.timer.Reset(v.until(at))
	}
}

func (v *visiting) until(at int64) time.Duration {
	return max(time.Duration(at)-time.Since(v.began), 0)
}

// Nothing that runs here needs a stack of its own.

func (v *visiting) Coroutine() *async.Coroutine { return nil }
func (v *visiting) Recycle(*async.Coroutine)    {}
