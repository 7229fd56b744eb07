package driver

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// wakeup lets any goroutine end the sleep of one, its owner. A wake costs one
// atomic load if another one is pending already, a compare-and-swap more if the
// owner is busy, and only if the owner is parked the write to an eventfd.
//
// The owner's side is
//
//	woken := w.take()
//	look at what others publish
//	if !woken && w.park() {
//		sleep until fd is readable, or something else happens
//		woken = w.unpark()
//	}
//
// No wake is lost. All transitions are atomic operations on state, so they have
// one order, in which a wake comes before or after the owner's park:
//   - before: state is woken, and park refuses;
//   - after, and before unpark: the waker that takes state from parked to woken
//     writes to fd; nobody else does, so the sleep ends and the write is single;
//   - after unpark: it is pending for the next take or park.
//
// Whatever a waker published before wake, the owner sees when it looks after the
// take, park or unpark that reported it: those leave woken, and the waker found
// or made it woken before that.
//
// No write goes astray. A waker that has taken state from parked to woken owes a
// write, and may be slow to do it: the owner can have been awakened by something
// else, and close the descriptor, whose number may then be somebody else's. The
// owner therefore counts what is owed (unpark knows: parked became woken exactly
// if a write is owed), and close waits until fd's counter, which starts at 0 and
// is not reset, has as many. After that state is closed, and nobody writes.
//
// A write that comes late may end a later sleep without reason: the owner finds
// out from unpark, and sleeps again.
type wakeup struct {
	// fd is an eventfd, for the owner to watch edge-triggered: each write is an
	// edge, so that it need not be read. It blocks, which only close makes use of.
	fd    int
	state atomic.Uint32

	owed uint64 // writes that were or will be done; the owner's
	read uint64 // writes seen by reading fd; the owner's
}

// The states of a wakeup.
const (
	wakeRunning uint32 = iota // the owner is not asleep, and nobody has woken it
	wakeParked                // the owner is about to sleep, asleep, or not back yet
	wakeWoken                 // a wake is pending
	wakeClosed                // for good
)

func (w *wakeup) open() (err error) {
	w.fd, err = unix.Eventfd(0, unix.EFD_CLOEXEC)
	return err
}

// wake makes the owner's sleep end, or else its next take, park or unpark report
// true. Any goroutine calls it at any time.
func (w *wakeup) wake() {
	for {
		state := w.state.Load()
		if state == wakeWoken || state == wakeClosed {
			return
		}
		if w.state.CompareAndSwap(state, wakeWoken) {
			if state == wakeParked {
				w.write()
			}
			return
		}
	}
}

// write adds one to the eventfd. It cannot block or fail before 2^64 wakes.
func (w *wakeup) write() {
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, _ = rawWrite(int32(w.fd), unsafe.Pointer(&one), uint32(len(one)))
}

// take reports whether a wake is pending, and consumes it.
func (w *wakeup) take() bool {
	if w.state.Load() != wakeWoken {
		return false
	}
	w.state.Store(wakeRunning) // from woken, which only the owner leaves
	return true
}

// park announces that the owner is going to sleep. If it returns false it must
// not: a wake was pending, and is consumed.
func (w *wakeup) park() bool {
	if w.state.CompareAndSwap(wakeRunning, wakeParked) {
		return true
	}
	w.state.Store(wakeRunning) // from woken, which only the owner leaves
	return false
}

// unpark follows each park that returned true, after the sleep. It reports
// whether there was a wake, and consumes it.
func (w *wakeup) unpark() (woken bool) {
	if w.state.Swap(wakeRunning) != wakeWoken {
		return false
	}
	w.owed++
	return true
}

// close frees the eventfd once all the writes that are owed have arrived. The
// owner calls it, not parked.
func (w *wakeup) close() error {
	w.state.Store(wakeClosed)
	for w.read < w.owed {
		var count [8]byte
		n, err := unix.Read(w.fd, count[:])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n != len(count) {
			break
		}
		w.read += binary.NativeEndian.Uint64(count[:])
	}
	return unix.Close(w.fd)
}
