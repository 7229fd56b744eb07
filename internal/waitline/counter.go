package waitline

import (
	"math"
	"sync"
	"sync/atomic"

	"rondo.dev/rondo/async"
)

// A Counter is Units with a mutex of their own, for objects that are nothing else.
// As long as nobody waits the count is in one word, and whoever takes or gives back
// changes that by one atomic operation. For all else the units are opened, which
// locks the mutex and takes the count out of the word; they are shut with the count
// in the word again, unless somebody waits or they are closed. So who finds a count
// in the word overtakes nobody.
//
// The word counts what is taken of a whole that the object knows, so that the zero
// value has all of it.
type Counter struct {
	taken atomic.Int64 // or opened
	mu    sync.Mutex
	units Units // guarded by mu; in force while taken is opened
}

// opened is in the word while the count is not.
const opened = math.MinInt64

// Take takes n at once, if they are there and nobody waits.
func (c *Counter) Take(n, whole int64) bool {
	for {
		taken := c.taken.Load()
		switch {
		case taken == opened:
			u := c.Open(whole)
			defer c.Shut(whole)
			return u.Take(n)
		case whole-taken < n:
			return false
		case c.taken.CompareAndSwap(taken, taken+n):
			return true
		}
	}
}

// Give gives n back if nobody waits and the number that is taken is in bounds, and
// reports whether it did. If not, the caller opens the units to see why.
func (c *Counter) Give(n, least, most int64) bool {
	for {
		taken := c.taken.Load()
		if taken == opened || taken < least || taken > most {
			return false
		}
		if c.taken.CompareAndSwap(taken, taken-n) {
			return true
		}
	}
}

// Free returns how much nobody has.
func (c *Counter) Free(whole int64) int64 {
	if taken := c.taken.Load(); taken != opened {
		return whole - taken
	}
	u := c.Open(whole)
	defer c.Shut(whole)
	return u.Free()
}

// Open locks the units, for the caller to use until Shut.
func (c *Counter) Open(whole int64) *Units {
	c.mu.Lock()
	if taken := c.taken.Swap(opened); taken != opened {
		c.units.free = whole - taken
	}
	return &c.units
}

// Shut ends an Open.
func (c *Counter) Shut(whole int64) {
	if !c.units.Waiting() && !c.units.closed {
		c.taken.Store(whole - c.units.free)
	}
	c.mu.Unlock()
}

// StartQuick is that of the units.
func (c *Counter) StartQuick(t *async.Task, n, whole int64) (ticket uint32) {
	over := false
	u := c.Open(whole)
	defer func() {
		c.Shut(whole)
		if over {
			t.Waker().WakeLocal()
		}
	}()
	ticket, over = u.startQuick(t, n)
	return ticket
}

// Closed reports whether the units were closed.
func (c *Counter) Closed(whole int64) bool {
	if c.taken.Load() != opened {
		return false
	}
	u := c.Open(whole)
	defer c.Shut(whole)
	return u.Closed()
}

// WakeMany is that of Woken, for those who waited for the units.
func (c *Counter) WakeMany(k *Woken) { k.WakeMany(nil, &c.mu, &c.units.line) }
