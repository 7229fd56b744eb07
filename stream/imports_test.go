package stream_test

import (
	"go/build"
	"slices"
	"testing"
)

// TestImports holds the package to what packages async, future and timer need, and a
// little of std: it has to run wherever they do.
func TestImports(t *testing.T) {
	p, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range p.Imports {
		if !slices.Contains([]string{"context", "errors", "io", "iter", "os", "time",
			"rondo.dev/rondo/async", "rondo.dev/rondo/future", "rondo.dev/rondo/timer", "rondo.dev/rondo/internal/repeat"}, path) {
			t.Errorf("stream imports %s", path)
		}
	}
}
