package hist

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// The buckets must tile the range: each begins where the one before it ends.
func TestBucketsTile(t *testing.T) {
	for i := range index(limit) {
		if got := index(upper(i)); got != i {
			t.Fatalf("index(upper(%d)) = %d", i, got)
		}
		if got := index(upper(i) + 1); got != i+1 {
			t.Fatalf("index(upper(%d)+1) = %d, want %d", i, got, i+1)
		}
	}
	if last := index(limit); last >= buckets {
		t.Fatalf("index(limit) = %d, but there are %d buckets", last, buckets)
	}
}

func TestQuantile(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	values := make([]time.Duration, 10_000)
	var h, even, odd Histogram
	for i := range values {
		// Spread over all powers of two, small ones included.
		values[i] = time.Duration(rng.Uint64() >> (24 + rng.IntN(40)))
		h.Add(values[i])
		if i%2 == 0 {
			even.Add(values[i])
		} else {
			odd.Add(values[i])
		}
	}
	even.Merge(&odd)
	slices.Sort(values)
	for _, q := range []float64{0, 0.001, 0.5, 0.9, 0.99, 0.999, 1} {
		want := values[max(int(q*float64(len(values)))-1, 0)]
		got := h.Quantile(q)
		if got < want || float64(got) > float64(want)*1.016 {
			t.Errorf("Quantile(%v) = %d, want %d up to 1.6 %% more", q, got, want)
		}
		if merged := even.Quantile(q); merged != got {
			t.Errorf("merged Quantile(%v) = %d, want %d", q, merged, got)
		}
	}
	if h.Max() != values[len(values)-1] {
		t.Errorf("Max = %d, want %d", h.Max(), values[len(values)-1])
	}
	if even.Count() != uint64(len(values)) || even != h {
		t.Error("merging two halves differs from counting the whole")
	}
}

func TestExtremes(t *testing.T) {
	var h Histogram
	if h.Quantile(0.5) != 0 || h.Max() != 0 {
		t.Errorf("empty: median %d, max %d", h.Quantile(0.5), h.Max())
	}
	h.Add(-1)
	h.Add(1 << 62)
	if got := h.Quantile(0.5); got != 0 {
		t.Errorf("a negative duration counts as %d", got)
	}
	if got := h.Quantile(1); got != limit {
		t.Errorf("an endless duration counts as %d, want %d", got, limit)
	}
}
