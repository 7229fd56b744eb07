package driver

import (
	"encoding/binary"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

func openWakeup(t *testing.T) *wakeup {
	t.Helper()
	w := &wakeup{}
	if err := w.open(); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestWakeupStates goes through what one goroutine can see.
func TestWakeupStates(t *testing.T) {
	w := openWakeup(t)
	if w.take() {
		t.Error("woken from the start")
	}
	w.wake()
	w.wake()
	if !w.take() || w.take() {
		t.Error("two wakes of a busy owner are not one")
	}
	w.wake()
	if w.park() {
		t.Error("parked with a wake pending")
	}
	if w.take() {
		t.Error("park has not consumed the wake that it reported")
	}
	if !w.park() || w.unpark() {
		t.Error("an end of the sleep without a wake is taken for one")
	}
	if w.owed != 0 {
		t.Errorf("%d writes, and nobody was parked", w.owed)
	}
	if !w.park() {
		t.Fatal("can't park")
	}
	w.wake()
	w.wake()
	if !w.unpark() || w.take() || w.owed != 1 {
		t.Errorf("two wakes of a parked owner: %d writes", w.owed)
	}
	if err := w.close(); err != nil || w.read != 1 {
		t.Errorf("close: %v, with %d writes of %d", err, w.read, w.owed)
	}
	w.wake() // to nobody
	if w.take() {
		t.Error("a wake after close")
	}
}

// TestWakeupSlowWaker closes while a waker has not yet written what it owes: the
// descriptor must stay until it has.
func TestWakeupSlowWaker(t *testing.T) {
	for range 100 {
		w := openWakeup(t)
		if !w.park() || !w.state.CompareAndSwap(wakeParked, wakeWoken) || !w.unpark() {
			t.Fatal("not woken")
		}
		var written atomic.Bool
		go func() {
			for range 10 {
				runtime.Gosched()
			}
			written.Store(true)
			w.write()
		}()
		if err := w.close(); err != nil {
			t.Fatal(err)
		}
		if !written.Load() {
			t.Fatal("closed before the write")
		}
	}
}

// TestWakeupRaces has an owner look for work, park and in the end close, and
// others who publish work and wake it.
func TestWakeupRaces(t *testing.T) {
	const wakers, each = 4, 300
	for range 10 {
		w := openWakeup(t)
		var work atomic.Int64
		var all sync.WaitGroup
		for range wakers {
			all.Go(func() {
				for i := range each {
					work.Add(1)
					w.wake()
					if i%7 == 0 {
						runtime.Gosched()
					}
				}
				for range 50 { // also while and after it is closed
					w.wake()
				}
			})
		}
		seen := w.read
		for work.Load() < wakers*each {
			if w.take() || !w.park() {
				continue
			}
			// As edge-triggered: until the counter is beyond what was seen.
			var count [8]byte
			for seen == w.read {
				if n, err := unix.Read(w.fd, count[:]); n == 8 && err == nil {
					w.read += binary.NativeEndian.Uint64(count[:])
				}
			}
			seen = w.read
			w.unpark()
		}
		if err := w.close(); err != nil {
			t.Fatal(err)
		}
		all.Wait()
		if w.read != w.owed {
			t.Errorf("%d writes, %d owed", w.read, w.owed)
		}
	}
}
