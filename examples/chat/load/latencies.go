package main

import (
	"slices"
	"time"
)

// latencies are those of deliveries, of one loop.
type latencies []time.Duration

// at returns the one below which a part of them is; they have to be sorted.
func (l latencies) at(part float64) time.Duration {
	if len(l) == 0 {
		return 0
	}
	return l[min(int(part*float64(len(l))), len(l)-1)]
}

func merge(all []latencies) latencies {
	l := slices.Concat(all...)
	slices.Sort(l)
	return l
}
