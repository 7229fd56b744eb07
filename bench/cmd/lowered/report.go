package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"rondo.dev/rondo/bench/internal/gobench"
	"rondo.dev/rondo/bench/internal/stat"
)

// report writes the table: a row for each topic and unit, a column for each way.
func report(all []*gobench.Benchmark, missing string, o options) string {
	var s strings.Builder
	fmt.Fprintf(&s, "# Async functions, lowered\n\n%s, %s, %d processors. Medians of %d, with the least and the most; in brackets allocations.\n",
		time.Now().Format(time.DateOnly), runtime.Version(), runtime.NumCPU(), o.rounds)
	fmt.Fprintf(&s, "`Resume...` and `SpawnJoin` on one processor. `Sleepers...` is for 1,000,000 tasks, `EchoBytes` for %d idle connections,\n", o.conns)
	s.WriteString("of resident memory since the first collection. `GC` is how long one collection takes, `GCCPU` what it takes of both processors.\n\n")
	ways := []string{"lowered", "coroutine", "goroutine", "tokio"}
	fmt.Fprintf(&s, "| | | %s |\n|---|---|%s\n", strings.Join(ways, " | "), strings.Repeat("--:|", len(ways)))
	var rows []string
	cells := map[string]string{}
	for _, b := range all {
		for _, unit := range []string{"ns/op", "B", "ms"} {
			samples := b.Samples[unit]
			if len(samples) == 0 {
				continue
			}
			row := fmt.Sprintf("| %s | %s |", b.Topic, strings.TrimSuffix(unit, "/op"))
			if !slices.Contains(rows, row) {
				rows = append(rows, row)
			}
			x := stat.Summarize(samples)
			cell := fmt.Sprintf("%.0f [%.0f..%.0f]", x.Median, x.Min, x.Max)
			if a := b.Samples["allocs/op"]; unit == "ns/op" && len(a) > 0 {
				cell += fmt.Sprintf(" (%.0f)", stat.Summarize(a).Median)
			}
			cells[row+b.Who] = cell
		}
	}
	for _, row := range rows {
		s.WriteString(row)
		for _, w := range ways {
			fmt.Fprintf(&s, " %s |", cells[row+w])
		}
		s.WriteString("\n")
	}
	if missing != "" {
		fmt.Fprintf(&s, "\n%s\n", missing)
	}
	return s.String()
}
