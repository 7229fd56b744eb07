// Package scratch lends buffers of a loop to those who read and write on it: they are
// used while something is under way, and idle connections have none.
package scratch

import (
	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
)

// The sizes of the buffers that are kept. A Small one is for what is looked at, a
// Large one for what is only passed on, where each is a system call. Buffers of
// other sizes are made, and left to the collector.
const (
	Small = 4 << 10
	Large = 32 << 10
)

// A few of each are kept; after a burst the rest goes to the collector.
const (
	maxSmall = 64
	maxLarge = 4
)

// shelf is a loop's free buffers.
type shelf struct{ small, large [][]byte }

type shelfKey struct{}

// shelfOf returns the shelf of t's loop, nil if t is not on one.
func shelfOf(t *async.Task) *shelf {
	l, ok := rondo.LoopFor(t)
	if !ok {
		return nil
	}
	return l.Local(shelfKey{}, func() any { return new(shelf) }).(*shelf)
}

// free returns the list for a size, and how long it may be.
func (s *shelf) free(size int) (list *[][]byte, limit int) {
	switch {
	case s == nil:
	case size == Small:
		return &s.small, maxSmall
	case size == Large:
		return &s.large, maxLarge
	}
	return nil, 0
}

// Borrow returns a buffer with size bytes of anything.
func Borrow(t *async.Task, size int) []byte {
	list, _ := shelfOf(t).free(size)
	if list == nil || len(*list) == 0 {
		return make([]byte, size)
	}
	n := len(*list) - 1
	b := (*list)[n]
	(*list)[n] = nil
	*list = (*list)[:n]
	return b
}

// Return gives back what Borrow has lent, with its length of then. The caller has no
// use for it any more.
func Return(t *async.Task, b []byte) {
	if list, limit := shelfOf(t).free(len(b)); list != nil && len(*list) < limit {
		*list = append(*list, b)
	}
}
