package stat

import (
	"maps"
	"testing"
)

func TestSummarize(t *testing.T) {
	for _, test := range []struct {
		samples []float64
		want    Summary
	}{
		{nil, Summary{}},
		{[]float64{3}, Summary{3, 3, 3, 1}},
		{[]float64{4, 1}, Summary{2.5, 1, 4, 2}},
		{[]float64{9, 1, 5}, Summary{5, 1, 9, 3}},
		{[]float64{9, 1, 5, 7}, Summary{6, 1, 9, 4}},
	} {
		if got := Summarize(test.samples); got != test.want {
			t.Errorf("Summarize(%v) = %v, want %v", test.samples, got, test.want)
		}
	}
}

func TestSummarizeKeepsItsInput(t *testing.T) {
	samples := []float64{3, 1, 2}
	Summarize(samples)
	if samples[0] != 3 || samples[1] != 1 || samples[2] != 2 {
		t.Errorf("reordered to %v", samples)
	}
}

// A ratio is of one round's two figures, so that a machine that is half as fast
// in one round leaves it alone; rounds that lack a figure are left out.
func TestRatioIsPaired(t *testing.T) {
	a := Series{0: 10, 1: 20, 2: 7}
	base := Series{0: 20, 1: 40, 3: 1}
	got := a.Ratio(base)
	if want := (Series{0: 0.5, 1: 0.5}); !maps.Equal(got, want) {
		t.Errorf("Ratio = %v, want %v", got, want)
	}
	if s := got.Summary(); s != (Summary{0.5, 0.5, 0.5, 2}) {
		t.Errorf("Summary = %v", s)
	}
}

func TestRatioToNothing(t *testing.T) {
	if got := (Series{0: 1}).Ratio(Series{0: 0}); len(got) != 0 {
		t.Errorf("Ratio to zero = %v", got)
	}
}
