// Package hist is a histogram of durations with a bounded relative error, in
// the manner of HdrHistogram: buckets of equal width within a power of two.
package hist

import (
	"math"
	"math/bits"
	"time"
)

const (
	subBits = 6            // 64 buckets a power of two: 1.6 % of error at most
	sub     = 1 << subBits // buckets a power of two
	limit   = 1<<40 - 1    // 18 minutes, in nanoseconds; more is counted as that
	buckets = 35 * sub     // as many as index(limit) needs
)

// A Histogram counts durations. The zero value is empty and ready; it is not
// for concurrent use: each loop has its own, and they are merged at the end.
type Histogram struct {
	counts [buckets]uint64
	n      uint64
	max    time.Duration
}

// index returns v's bucket. Below 2*sub a bucket holds a single value; above,
// a value loses its lowest bits, so that sub..2*sub-1 remain.
func index(v uint64) int {
	shift := max(bits.Len64(v)-1-subBits, 0)
	return shift<<subBits + int(v>>shift)
}

// upper returns the greatest value of bucket i, the inverse of index.
func upper(i int) uint64 {
	shift := max(i>>subBits-1, 0)
	return uint64(i-shift<<subBits+1)<<shift - 1
}

// Add counts one duration; a negative one counts as zero.
func (h *Histogram) Add(d time.Duration) {
	d = min(max(d, 0), limit)
	h.counts[index(uint64(d))]++
	h.n++
	h.max = max(h.max, d)
}

// Merge adds all that o has counted.
func (h *Histogram) Merge(o *Histogram) {
	for i, c := range o.counts {
		h.counts[i] += c
	}
	h.n += o.n
	h.max = max(h.max, o.max)
}

// Count returns how many durations were added.
func (h *Histogram) Count() uint64 { return h.n }

// Max returns the greatest duration, exactly.
func (h *Histogram) Max() time.Duration { return h.max }

// Quantile returns a duration that a share q of all durations does not exceed;
// it is at most 1.6 % too great, never too small, and 0 if there are none.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := max(uint64(math.Ceil(q*float64(h.n))), 1)
	var seen uint64
	for i, c := range h.counts {
		if seen += c; seen >= rank {
			return min(time.Duration(upper(i)), h.max)
		}
	}
	return h.max
}
