package future_test

import (
	"go/build"
	"slices"
	"testing"
)

// TestImports holds the package to what package async needs, and a little of std:
// it has to run wherever that does.
func TestImports(t *testing.T) {
	p, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range p.Imports {
		if !slices.Contains([]string{"context", "errors", "io", "sync/atomic", "time", "rondo.dev/rondo/async", "rondo.dev/rondo/internal/repeat"}, path) {
			t.Errorf("future imports %s", path)
		}
	}
}
