// Package wheel is the timing wheel of an event loop: a set of timers in which
// starting and stopping one costs a few nanoseconds, however many there are. It
// is a data structure and nothing else: it reads no clock, starts no goroutine
// and takes no lock.
//
// # Time
//
// A time is a number of nanoseconds on a monotonic clock that the caller reads
// and hands to Advance. It is not negative and does not go back: a reading
// before the previous one counts as the previous one.
//
// A timer never fires early: it does so only in an Advance(now) with now at or
// after its time. It may be late by one Tick, because what is looked up in the
// wheel is its time rounded up to a multiple of Tick, its expiry.
//
// # Fresh timers
//
// A loop reads its clock once a turn, and everything that happens in the turn
// sees that one reading. A timer started late in a long turn for "5 ms from now"
// would then count its 5 ms from the beginning of the turn, and fire early.
// StartAfter therefore leaves a timer fresh: it waits in a list for the next
// Advance, which comes with a reading later than the start, and counts from
// there. Most timers guard an operation that is over long before; one that is
// stopped in the turn in which it was started has never touched the wheel.
//
// A turn of a loop is thus: run what is ready, read the clock, Advance, and wait
// until Next if there is nothing to run.
//
// # The wheel
//
// A time in ticks is written in base 64. A timer is kept at the level of the
// highest digit in which its expiry differs from the current tick, in the slot
// which that digit names. As time passes and reaches a slot of a level above 0,
// the digit is no longer a difference, and the slot's timers move down to lower
// levels. So a timer moves at most once a level, and:
//
//   - all timers of a level expire before those of the levels above, and within
//     a level those of a slot before those of the slots after it: the next slot
//     is the first occupied one of the first occupied level;
//   - timers of equal expiry are in the same slot at any moment, in the order in
//     which they were placed, because moving down keeps it.
package wheel

import "math/bits"

// Tick is the resolution of a wheel in nanoseconds.
const Tick = 1 << tickBits

const (
	tickBits  = 16
	digitBits = 6
	numSlots  = 1 << digitBits
	// never is rounded up to an expiry that no clock reaches, which is the
	// largest: a single bit, at the end of as many bits as the levels have.
	never      = 1<<63 - 1
	expiryBits = 63 - tickBits + 1
	numLevels  = (expiryBits + digitBits - 1) / digitBits
)

// A Firer is told that its timer has expired. It may start and stop any timer
// of the wheel, also the one that expired, which is no longer active. It must
// not call Advance.
type Firer interface{ Fire() }

// A Timer is an entry of a wheel, owned by the caller and usually a part of what
// it belongs to. The zero value is ready to be started. An active timer must not
// be moved or copied, nor handed to another wheel.
type Timer struct {
	when       int64
	next, prev *Timer // neighbours in the ring that place says; nil when idle
	firer      Firer
	place      place
}

// A place says in which of the wheel's lists a timer is.
type place uint16

const (
	idle  place = iota
	fresh       // Wheel.fresh: started since the last Advance, relative to it
	late        // Wheel.late: started for a time that had already come
	due         // Wheel.due: about to fire in this Advance
	slot0       // slot0 + level*numSlots + digit: in that slot
)

// Active reports whether t was started and has neither fired nor been stopped.
func (t *Timer) Active() bool { return t.place != idle }

// When returns the time for which t is, or was last, started. While a timer
// started with StartAfter waits for the next Advance it is a lower bound.
func (t *Timer) When() int64 { return t.when }

// A Wheel is a set of timers. The zero value is an empty wheel at time 0. It
// belongs to one goroutine.
type Wheel struct {
	now  int64 // the last reading of the clock
	tick int64 // now in ticks, rounded down; what the levels refer to
	len  int

	fresh list
	late  list
	due   list // empty but while Advance fires, or when a Firer panicked

	occupied [numLevels]uint64           // which slots of a level hold timers
	slots    *[numLevels * numSlots]list // made when the first timer is placed
}

// Len returns the number of active timers.
func (w *Wheel) Len() int { return w.len }

// StartAfter starts t to fire d after this moment, which is some time between
// the last Advance and the next one: d counts from the reading of the next one,
// so t is never early, and later by at most the rest of the turn. With d <= 0 it
// fires in the next Advance. An active t is stopped first.
func (w *Wheel) StartAfter(t *Timer, d int64, f Firer) {
	w.claim(t, f)
	// The difference to now is what counts: the next Advance adds the time that
	// has passed until then.
	t.when = plus(w.now, max(d, 0))
	t.place = fresh
	w.fresh.push(t)
}

// StartAt starts t to fire at a time of the clock; in the next Advance if it has
// come already. The largest int64 never comes. An active t is stopped first.
func (w *Wheel) StartAt(t *Timer, when int64, f Firer) {
	w.claim(t, f)
	t.when = when
	if when <= w.now {
		t.place = late
		w.late.push(t)
		return
	}
	w.insert(t)
}

// Stop makes t inactive, and reports whether it was active. A timer that is
// stopped does not fire, even if it is due in the Advance that is under way.
func (w *Wheel) Stop(t *Timer) (was bool) {
	if t.place == idle {
		return false
	}
	w.unlink(t)
	w.release(t)
	return true
}

// claim makes t active for f, in no list yet.
func (w *Wheel) claim(t *Timer, f Firer) {
	if f == nil {
		panic("rondo/wheel: timer started without a Firer")
	}
	if t.place != idle {
		w.unlink(t)
		w.len--
	}
	t.firer = f
	w.len++
}

// release makes t inactive, which was taken from its list. An idle timer keeps
// nothing alive.
func (w *Wheel) release(t *Timer) {
	t.place = idle
	t.firer = nil
	w.len--
}

// insert puts t into its slot. Its time has not come: t.when > w.now, and so its
// expiry is after the current tick.
func (w *Wheel) insert(t *Timer) {
	if w.slots == nil {
		w.slots = new([numLevels * numSlots]list)
	}
	expiry := ticksUp(t.when)
	level := uint(bits.Len64(uint64(expiry^w.tick))-1) / digitBits
	digit := uint(expiry>>(level*digitBits)) % numSlots
	i := level*numSlots + digit
	t.place = slot0 + place(i)
	w.slots[i].push(t)
	w.occupied[level] |= 1 << digit
}

// unlink takes t out of the list that it is in.
func (w *Wheel) unlink(t *Timer) {
	switch t.place {
	case fresh:
		w.fresh.remove(t)
	case late:
		w.late.remove(t)
	case due:
		w.due.remove(t)
	default:
		i := t.place - slot0
		if w.slots[i].remove(t); w.slots[i].empty() {
			w.occupied[i/numSlots] &^= 1 << (i % numSlots)
		}
	}
}

// ticksUp returns a time that is not negative in ticks, rounded up.
func ticksUp(when int64) int64 {
	ticks := when >> tickBits
	if when%Tick != 0 {
		ticks++
	}
	return ticks
}

// plus returns t + d, or never if that is too large. Neither is negative.
func plus(t, d int64) int64 {
	if d > never-t {
		return never
	}
	return t + d
}
