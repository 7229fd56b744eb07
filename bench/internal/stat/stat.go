// Package stat summarizes samples of a noisy machine: medians with their
// spread, and ratios taken round by round.
package stat

import "slices"

// A Summary is what a table shows of several samples.
type Summary struct {
	Median, Min, Max float64
	N                int
}

// Summarize returns the summary of the samples; that of none is zero.
func Summarize(samples []float64) Summary {
	n := len(samples)
	if n == 0 {
		return Summary{}
	}
	s := slices.Sorted(slices.Values(samples))
	return Summary{
		Median: (s[(n-1)/2] + s[n/2]) / 2,
		Min:    s[0],
		Max:    s[n-1],
		N:      n,
	}
}

// A Series is one figure of one server by round. Rounds without a usable
// sample are absent.
type Series map[int]float64

// Summary summarizes a series over its rounds.
func (s Series) Summary() Summary {
	var samples []float64
	for _, v := range s {
		samples = append(samples, v)
	}
	return Summarize(samples)
}

// Ratio divides s by base round by round, in the rounds that have both. What
// slows the machine for a while slows both, so that the ratios spread less
// than the figures do.
func (s Series) Ratio(base Series) Series {
	ratio := Series{}
	for round, v := range s {
		if b := base[round]; b != 0 {
			ratio[round] = v / b
		}
	}
	return ratio
}
