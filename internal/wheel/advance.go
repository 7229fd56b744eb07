package wheel

import "math/bits"

// Advance tells the wheel what time it is, and fires the timers whose expiry has
// come, in this order: those started for a time that had already come, then
// the others by expiry, then those started with StartAfter and no delay; equal
// ones in the order of their start. It returns how many it fired.
//
// What the Firers start waits for the next Advance, even if it is due at once,
// so Advance ends. If a Firer panics, the timers that it kept from firing are
// still active, and fire first in the next Advance.
func (w *Wheel) Advance(now int64) (fired int) {
	now = min(max(now, w.now), never-1)
	passed := now - w.now
	w.now = now

	// All that fires is gathered before the first call out, so a Firer never
	// sees a wheel in motion.
	w.expire(&w.late)
	w.turn(now >> tickBits)
	w.settle(passed)

	for t := w.due.pop(); t != nil; t = w.due.pop() {
		f := t.firer
		w.release(t)
		fired++
		f.Fire()
	}
	return fired
}

// Next returns the time until which there is no need to call Advance, or false
// if no timer is going to expire. It is never after the earliest expiry: the
// expiry itself if that is in the lowest level, less than 64 ticks away, and
// otherwise the moment at which a slot has to move down. To wait for a timer
// takes at most one Advance a level.
//
// While there are timers that count from the next Advance or fire in it, Next
// returns the time of the last one: call Advance with a newly read clock before
// asking how long to wait.
func (w *Wheel) Next() (at int64, ok bool) {
	if !w.fresh.empty() || !w.late.empty() || !w.due.empty() {
		return w.now, true
	}
	if level, digit := w.first(); level < numLevels {
		start := w.start(level, digit)
		return start << tickBits, start <= never>>tickBits
	}
	return 0, false
}

// turn moves the current tick to a later one, and makes due what expires up to
// it.
func (w *Wheel) turn(tick int64) {
	for {
		level, digit := w.first()
		if level == numLevels {
			break
		}
		start := w.start(level, digit)
		if start > tick {
			break
		}
		w.tick = start
		w.occupied[level] &^= 1 << digit
		slot := &w.slots[level*numSlots+digit]
		if level == 0 {
			w.expire(slot)
		} else {
			w.descend(slot)
		}
	}
	// No slot starts between the previous value and this one, so no timer's
	// highest differing digit has changed.
	w.tick = tick
}

// descend distributes a slot that the current tick has reached over the levels
// below it.
func (w *Wheel) descend(slot *list) {
	all := slot.take()
	for t := all.pop(); t != nil; t = all.pop() {
		if ticksUp(t.when) == w.tick {
			w.makeDue(t)
		} else {
			w.insert(t)
		}
	}
}

// settle gives the fresh timers their times: what they lacked is the time that
// passed since the Advance before them.
func (w *Wheel) settle(passed int64) {
	for t := w.fresh.pop(); t != nil; t = w.fresh.pop() {
		t.when = plus(t.when, passed)
		if t.when <= w.now {
			w.makeDue(t)
		} else {
			w.insert(t)
		}
	}
}

// expire makes all timers of a list due.
func (w *Wheel) expire(l *list) {
	for t := l.pop(); t != nil; t = l.pop() {
		w.makeDue(t)
	}
}

func (w *Wheel) makeDue(t *Timer) {
	t.place = due
	w.due.push(t)
}

// first returns the occupied slot that time reaches next, or numLevels.
func (w *Wheel) first() (level, digit uint) {
	for level := range uint(numLevels) {
		if slots := w.occupied[level]; slots != 0 {
			return level, uint(bits.TrailingZeros64(slots))
		}
	}
	return numLevels, 0
}

// start returns the first tick of an occupied slot: the current tick with the
// slot's digit in place of its own and of all below it. Every occupied digit is
// greater than the current one, so that is later than the current tick.
func (w *Wheel) start(level, digit uint) int64 {
	shift := level * digitBits
	above := w.tick >> (shift + digitBits) << (shift + digitBits)
	return above | int64(digit)<<shift
}
