package driver

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestUringLateKick plays a waker that was slow: the owner has long consumed its
// wake when the deadline moves, or the eventfd is written. A Wait must neither
// end for that, nor miss the wake that comes after.
func TestUringLateKick(t *testing.T) {
	eachMode(t, func(t *testing.T, locked bool) {
		u := testUring(t, Options{Locked: locked})
		kick := func() {
			switch p := u.parker.(type) {
			case *goroutineParker:
				if err := p.file.SetReadDeadline(time.Unix(1, 0)); err != nil {
					t.Error(err)
				}
			case *threadParker:
				p.write()
				p.owed++ // as if unpark had seen the wake
			}
		}
		for _, d := range []time.Duration{50 * time.Microsecond, 3 * time.Millisecond} {
			kick()
			start := time.Now()
			if err := u.Wait(d); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took < d {
				t.Errorf("Wait(%v) returned after %v", d, took)
			}
		}
		kick()
		var woken atomic.Bool
		go func() {
			time.Sleep(5 * time.Millisecond)
			woken.Store(true)
			u.Wake()
		}()
		if err := u.Wait(-1); err != nil {
			t.Fatal(err)
		}
		if !woken.Load() {
			t.Error("Wait without a limit returned before it was woken")
		}
	})
}

// TestUringStrayDeadline checks that a deadline which a slow waker has left
// behind is removed, rather than met again and again.
func TestUringStrayDeadline(t *testing.T) {
	u := testUring(t, Options{})
	p := u.parker.(*goroutineParker)
	a, b := pair(t)
	if err := p.file.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	var o outcomes
	var op Op
	op.Recv(b, make([]byte, 1), &o)
	u.Submit(&op)
	go func() {
		time.Sleep(5 * time.Millisecond)
		unix.Write(a, []byte("x"))
	}()
	for o.ends == 0 {
		if err := u.Wait(-1); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.read.Read(func(uintptr) bool { return true }); err != nil {
		t.Errorf("after a Wait without a limit there is still a deadline: %v", err)
	}
}

// TestUringWakeRaces hands tickets to an owner that waits for random times:
// each wake comes at some point of its going to sleep and getting up. The owner
// has to see a ticket after the Wait that its wake ended, or it never ends.
func TestUringWakeRaces(t *testing.T) {
	eachMode(t, func(t *testing.T, locked bool) {
		u := testUring(t, Options{Locked: locked})
		const wakers, each = 4, 400
		var tickets, served atomic.Int64
		var all sync.WaitGroup
		for w := range wakers {
			all.Go(func() {
				for i := range each {
					ticket := tickets.Add(1)
					u.Wake()
					for served.Load() < ticket {
						runtime.Gosched()
					}
					for range (i * (w + 1)) % 7 {
						runtime.Gosched()
					}
				}
			})
		}
		for i := 0; served.Load() < wakers*each; i++ {
			d := time.Duration(-1)
			if i%3 == 0 {
				d = time.Duration(i%50) * time.Microsecond
			}
			if err := u.Wait(d); err != nil {
				t.Fatal(err)
			}
			served.Store(tickets.Load())
		}
		all.Wait()
	})
}

// TestUringWakeAfterClose wakes a driver all through its Close.
func TestUringWakeAfterClose(t *testing.T) {
	eachMode(t, func(t *testing.T, locked bool) {
		u := testUring(t, Options{Locked: locked})
		var closed atomic.Bool
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for !closed.Load() {
					u.Wake()
				}
				u.Wake()
			})
		}
		for range 100 {
			if err := u.Wait(-1); err != nil {
				t.Fatal(err)
			}
		}
		if err := u.Close(); err != nil {
			t.Error(err)
		}
		closed.Store(true)
		all.Wait()
		if err := u.Wait(0); err != ErrClosed {
			t.Errorf("Wait after Close: %v", err)
		}
		if err := u.Close(); err != ErrClosed {
			t.Errorf("second Close: %v", err)
		}
	})
}
