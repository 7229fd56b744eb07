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
	"rondo.dev/rondo/internal/lowertest/overlay"
)

// TestStories: a program tells the same story blocking on goroutines, on coroutines and
// lowered, whether its awaits suspend or not.
func TestStories(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds programs")
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
	if n := strings.Count(said, "/stories/"); n < 50 || strings.Count(said, ": lowered: rondo.dev/rondo/internal/lowertest/stories") < n/2 {
		t.Errorf("less than half of %d functions were lowered:\n%s", n, said)
	}
	run("go", "build", "-tags=blocking", "-overlay="+blocking(t, dir, files), "-o", filepath.Join(dir, "blocking"), "./stories")
	for _, suspend := range []string{"-suspend=true", "-suspend=false"} {
		want := run(plain, suspend)
		compare(t, "on goroutines, "+suspend, want, run(filepath.Join(dir, "blocking"), suspend))
		compare(t, "lowered, "+suspend, want, run(low, suspend))
	}
}

// TestNames: a program whose names are those that generated code would have, or that it
// can't spell, says the same lowered.
func TestNames(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds programs")
	}
	if runtime.GOOS != "linux" {
		t.Skip("loops run on Linux so far")
	}
	dir := t.TempDir()
	t.Setenv("RONDOCACHE", filepath.Join(dir, "cache"))
	const program = "./testdata/names"
	want, err := exec.Command("go", "run", program).CombinedOutput()
	if err != nil {
		t.Fatalf("go run: %v\n%s", err, want)
	}
	low := filepath.Join(dir, "lowered")
	var report strings.Builder
	if code := tool.Main([]string{"build", "-v", "-o", low, program}, &report, &report); code != 0 {
		t.Fatalf("rondo build: %d\n%s", code, &report)
	}
	if n := strings.Count(report.String(), ": lowered: rondo.dev/rondo/internal/lowertest/testdata/names."); n < 6 {
		t.Errorf("%d functions were lowered:\n%s", n, &report)
	}
	got, err := exec.Command(low).CombinedOutput()
	if err != nil || string(got) != string(want) {
		t.Errorf("got %v\n%s\nand not\n%s", err, got, want)
	}
}

// blocking returns the overlay in which the stories block.
func blocking(t *testing.T, dir string, stories []string) string {
	t.Helper()
	files := map[string][]byte{}
	for _, name := range stories {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		name, err = filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = overlay.Blocking(text)
	}
	name, err := overlay.Write(dir, "blocking", files)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// compare compares what was told on coroutines with what was told in another way.
func compare(t *testing.T, way, want, got string) {
	t.Helper()
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		if i >= len(w) || i >= len(g) || w[i] != g[i] {
			t.Errorf("%s: line %d differs:\n%s\nand not:\n%s", way, i+1, strings.Join(g[max(0, i-5):min(len(g), i+2)], "\n"), strings.Join(w[max(0, i-5):min(len(w), i+2)], "\n"))
			break
		}
	}
	if len(w) < 600 {
		t.Errorf("%d lines are not much of a story", len(w))
	}
}
