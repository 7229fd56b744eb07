// Package lowertest compares async programs with themselves, lowered.
package lowertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	_ "rondo.dev/rondo" // what the stories run on: the result is not to be cached without
	"rondo.dev/rondo/internal/lower/tool"
)

// TestStories: a program tells the same story on coroutines and lowered, whether its
// awaits suspend or not.
func TestStories(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds two programs")
	}
	if runtime.GOOS != "linux" {
		t.Skip("loops run on Linux so far")
	}
	dir := t.TempDir()
	t.Setenv("RONDOCACHE", filepath.Join(dir, "cache"))
	run := func(name string, args ...string) string {
		t.Helper()
		out, err := exec.Command(name, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	plain, low := filepath.Join(dir, "plain"), filepath.Join(dir, "lowered")
	run("go", "build", "-o", plain, "./stories")
	var report strings.Builder
	if code := tool.Main([]string{"build", "-v", "-o", low, "./stories"}, &report, &report); code != 0 {
		t.Fatalf("rondo build: %d\n%s", code, &report)
	}
	said := report.String()
	files, _ := filepath.Glob("stories/*.go")
	for _, f := range files {
		os.ReadFile(f) // tells the cache that the result depends on it
	}
	if n := strings.Count(said, "/stories/"); n < 50 || strings.Count(said, ": lowered: rondo.dev/rondo/internal/lowertest/stories") < n/2 {
		t.Errorf("less than half of %d functions were lowered:\n%s", n, said)
	}
	for _, suspend := range []string{"-suspend=true", "-suspend=false"} {
		want, got := run(plain, suspend), run(low, suspend)
		w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
		for i := range max(len(w), len(g)) {
			if i >= len(w) || i >= len(g) || w[i] != g[i] {
				t.Errorf("%s: line %d differs:\n%s\nlowered:\n%s", suspend, i+1, strings.Join(w[max(0, i-5):min(len(w), i+2)], "\n"), strings.Join(g[max(0, i-5):min(len(g), i+2)], "\n"))
				break
			}
		}
		if len(w) < 200 {
			t.Errorf("%d lines are not much of a story", len(w))
		}
	}
}
