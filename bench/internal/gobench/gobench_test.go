package gobench

import (
	"slices"
	"strings"
	"testing"
)

const output = `goos: linux
pkg: rondo.dev/rondo/bench/micro
BenchmarkSpawnJoin_goroutine   	  389014	       307.5 ns/op	      16 B/op	       1 allocs/op
BenchmarkSpawnJoin_goroutine   	  389014	       310 ns/op	      16 B/op	       1 allocs/op
BenchmarkYield_Gosched-8       	 1000000	       124.0 ns/op
BenchmarkSpawnJoin_rondo       	 9389014	        55.25 ns/op	       0 B/op	       0 allocs/op
BenchmarkAlone
--- BENCH: BenchmarkAlone
PASS
ok  	rondo.dev/rondo/bench/micro	0.741s
`

func TestParse(t *testing.T) {
	got, err := Parse(strings.NewReader(output))
	if err != nil {
		t.Fatal(err)
	}
	want := []Benchmark{
		{"SpawnJoin", "goroutine", map[string][]float64{"ns/op": {307.5, 310}, "B/op": {16, 16}, "allocs/op": {1, 1}}},
		{"SpawnJoin", "rondo", map[string][]float64{"ns/op": {55.25}, "B/op": {0}, "allocs/op": {0}}},
		{"Yield", "Gosched", map[string][]float64{"ns/op": {124}}},
	}
	if len(got) != len(want) {
		t.Fatalf("%d benchmarks, want %d", len(got), len(want))
	}
	for i, w := range want {
		g := got[i]
		if g.Topic != w.Topic || g.Who != w.Who || len(g.Samples) != len(w.Samples) {
			t.Errorf("benchmark %d is %+v, want %+v", i, *g, w)
		}
		for unit, samples := range w.Samples {
			if !slices.Equal(g.Samples[unit], samples) {
				t.Errorf("%s_%s: %v %s, want %v", w.Topic, w.Who, g.Samples[unit], unit, samples)
			}
		}
	}
}

func TestParseRefusesWhatIsNoNumber(t *testing.T) {
	if _, err := Parse(strings.NewReader("BenchmarkX 100 many ns/op\n")); err == nil {
		t.Error("no error")
	}
}
