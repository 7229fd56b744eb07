package main

import (
	"fmt"
	"slices"
	"strings"

	"rondo.dev/rondo/bench/internal/stat"
)

// A soak is what one load of one example on one driver has shown.
type soak struct {
	example, driver string
	conns           int
	requests        uint64
	failures        string
	looks           []glance // while it was loaded
	rest            glance   // when the load was gone
	ending          string
	skipped         string // why there was none
}

func (s soak) failed() bool { return s.failures != "" || s.ending != "clean" }

func (s soak) threads() int {
	most := 0
	for _, g := range s.looks {
		most = max(most, g.Threads)
	}
	return most
}

// third summarizes resident memory, in MiB, over one third of the load.
func (s soak) third(n int) stat.Summary {
	var rss []float64
	for _, g := range s.looks[n*len(s.looks)/3 : (n+1)*len(s.looks)/3] {
		rss = append(rss, float64(g.RSS)/(1<<20))
	}
	return stat.Summarize(rss)
}

func (s soak) String() string {
	if s.skipped != "" {
		return fmt.Sprintf("%s on %s: skipped, %s", s.example, s.driver, s.skipped)
	}
	return fmt.Sprintf("%s on %s: %d requests, failures %q, %d threads, %.0f, %.0f, %.0f MiB, end %s",
		s.example, s.driver, s.requests, s.failures, s.threads(), s.third(0).Median, s.third(1).Median, s.third(2).Median, s.ending)
}

func report(o options, soaks []soak) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# The examples under load for %v\n\nMade by `go run ./cmd/soak`; servers with %d loops, GOMAXPROCS of the machine. ", o.duration, o.loops)
	b.WriteString("Resident memory is the median, in brackets the least and the most, of each third of the load, ")
	b.WriteString("so the three columns are one when it is flat; \"at rest\" is 2 s after the load has gone.\n\n")
	b.WriteString("| example | driver | connections | requests | failures | most threads | MiB, first third | second | last | at rest | descriptors, most | at rest | SIGINT |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, s := range soaks {
		if s.skipped != "" {
			fmt.Fprintf(&b, "| %s | %s | skipped: %s |\n", s.example, s.driver, s.skipped)
			continue
		}
		most := slices.MaxFunc(s.looks, func(x, y glance) int { return x.descriptors - y.descriptors })
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %s | %d | %s | %s | %s | %.1f | %d | %d | %s |\n",
			s.example, s.driver, s.conns, s.requests, orNone(s.failures), s.threads(),
			mib(s.third(0)), mib(s.third(1)), mib(s.third(2)), float64(s.rest.RSS)/(1<<20), most.descriptors, s.rest.descriptors, s.ending)
	}
	return b.String()
}

func mib(s stat.Summary) string { return fmt.Sprintf("%.1f [%.1f..%.1f]", s.Median, s.Min, s.Max) }

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
