package main

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"rondo.dev/rondo/bench/internal/gobench"
	"rondo.dev/rondo/bench/internal/stat"
)

// report is a table with a row for each benchmark, those of one topic together.
func report(all []*gobench.Benchmark, missing string) string {
	var w strings.Builder
	fmt.Fprintf(&w, "# Futures, streams, channels and locks\n\n")
	fmt.Fprintf(&w, "%s, %s, %d processors. Medians, with the least and the most.\n", time.Now().UTC().Format(time.DateOnly), runtime.Version(), runtime.NumCPU())
	fmt.Fprintf(&w, "`Across...` and `...TwoLoops` on two processors, all else on one.\n")
	if missing != "" {
		fmt.Fprintf(&w, "\n%s.\n", missing)
	}
	fmt.Fprintf(&w, "\n| | | ns | | allocations |\n|---|---|--:|---|--:|\n")
	topic := ""
	for _, b := range all {
		name := b.Topic
		if name == topic {
			name = ""
		} else {
			topic = name
		}
		ns, allocations := stat.Summarize(b.Samples["ns/op"]), stat.Summarize(b.Samples["allocs/op"])
		fmt.Fprintf(&w, "| %s | %s | %s | %s-%s | %.0f |\n", name, b.Who,
			figure(ns.Median), figure(ns.Min), figure(ns.Max), allocations.Median)
	}
	return w.String()
}

// figure writes what is worth writing of a number.
func figure(f float64) string {
	if f < 10 {
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.0f", f)
}
