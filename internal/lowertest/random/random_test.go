package random

import (
	"flag"
	"fmt"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	_ "rondo.dev/rondo" // what the programs run on: the result is not to be cached without
)

var (
	programs = flag.Int("programs", 100, "how many programs are compared")
	seed     = flag.Uint64("seed", 1, "of the first one")
	limit    = flag.Duration("for", 0, "begin no more programs after that time")
	ways     = flag.String("ways", strings.Join(Ways, ","), "in which the programs are told")
	batch    = flag.Int("batch", 400, "how many are built at once")
)

// TestPrograms: random programs tell the same in each way.
func TestPrograms(t *testing.T) {
	comparer := comparer(t)
	comparer.Ways = strings.Split(*ways, ",")
	// There is memory for less collecting, here and in the compiler.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	t.Setenv("GOGC", "400")
	began := time.Now()
	done := 0
	for done < *programs && (*limit == 0 || time.Since(began) < *limit) {
		n := min(*programs-done, *batch)
		var drawn [][]uint16
		for i := range n {
			c := Draw(*seed + uint64(done+i))
			Program(c, "p")
			drawn = append(drawn, c.Made())
		}
		diffs, err := comparer.Compare(drawn)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d programs in %v, %d differ", done+n, time.Since(began).Round(time.Second), len(diffs))
		for i, d := range diffs {
			t.Logf("seed %d: %s", *seed+uint64(done+number(d.Name)), d.What)
			if i > 0 || strings.HasPrefix(d.What, "coroutine: ") {
				t.Errorf("%s\n%s\nnot shrunk", d.What, Source(d.Made, d.Name))
				continue
			}
			small, err := comparer.Shrink(d)
			if err != nil {
				t.Error(err)
			}
			t.Errorf("%s\n%s\nmade: %v", small.What, Source(small.Made, "p"), small.Made)
		}
		if done += n; len(diffs) > 0 {
			break
		}
	}
}

// number returns which program of its batch a name is that of.
func number(name string) (n int) {
	fmt.Sscanf(name, "p%d", &n)
	return n
}
