package random

import (
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestReplay: the same choices make the same program, and fewer choices make one, too.
func TestReplay(t *testing.T) {
	for seed := range uint64(200) {
		c := Draw(seed)
		want := Program(c, "p")
		if got := Program(Replay(c.Made()), "p"); got != want {
			t.Fatalf("seed %d: got\n%s\nwant\n%s", seed, got, want)
		}
		if got := Program(Replay(c.Made()[:len(c.Made())/2]), "p"); got == "" {
			t.Fatalf("seed %d: half of the choices make no program", seed)
		}
	}
}

// TestShrink: what is left of a program is about what matters.
func TestShrink(t *testing.T) {
	matters := func(made []uint16) bool { return strings.Contains(Program(Replay(made), "p"), "goto ") }
	found := 0
	for seed := range uint64(100) {
		c := Draw(seed)
		if Program(c, "p"); !matters(c.Made()) {
			continue
		}
		found++
		small := c.Made()
		shrink(small, func(batch [][]uint16) ([]uint16, error) {
			i := slices.IndexFunc(batch, func(x []uint16) bool { return matters(x) && size(x) < size(small) })
			if i < 0 {
				return nil, nil
			}
			small = batch[i]
			return small, nil
		})
		if n := strings.Count(Source(small, "p"), "\n"); n > 40 {
			t.Errorf("seed %d: %d lines are left:\n%s", seed, n, Source(small, "p"))
		}
	}
	if found < 10 {
		t.Errorf("%d programs are not enough", found)
	}
}

// TestDifferencesAreSeen: where a way tells something else, or does not build, the
// programs that show it are named.
func TestDifferencesAreSeen(t *testing.T) {
	comparer := comparer(t)
	comparer.spoil = func(way, text string) string {
		if way == "lowered" {
			text = strings.Replace(text, `said("f", n)`, `said("f", n+1)`, 1)
		}
		return strings.Replace(text, "func p3(", "func p3() (", 1)
	}
	var batch [][]uint16
	for seed := range uint64(20) {
		c := Draw(seed)
		Program(c, "p")
		batch = append(batch, c.Made())
	}
	diffs, err := comparer.Compare(batch)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, d := range diffs {
		switch {
		case strings.HasPrefix(d.What, "coroutine: it does not build"):
			if d.Name != "p3" {
				t.Errorf("%s builds, but: %s", d.Name, d.What)
			}
		case strings.Contains(d.What, "lowered, suspended in every 0:\n") && strings.Contains(d.What, "\nf "):
			told++
		default:
			t.Errorf("%s differs unexpectedly: %s", d.Name, d.What)
		}
	}
	if len(diffs) != told+1 || told < 5 {
		t.Errorf("of %d differences %d are what they should be", len(diffs), told)
	}
}

// comparer skips the test where programs are not to be built, or don't run.
func comparer(t *testing.T) *Comparer {
	if testing.Short() {
		t.Skip("it builds programs")
	}
	if runtime.GOOS != "linux" {
		t.Skip("loops run on Linux so far")
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	c := &Comparer{Dir: t.TempDir(), Root: root}
	t.Setenv("RONDOCACHE", filepath.Join(c.Dir, "cache"))
	t.Chdir(root)
	return c
}
