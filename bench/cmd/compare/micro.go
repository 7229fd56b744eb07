package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"rondo.dev/rondo/bench/internal/contest"
	"rondo.dev/rondo/bench/internal/gobench"
	"rondo.dev/rondo/bench/internal/proc"
	"rondo.dev/rondo/bench/internal/stat"
)

// microArgs are the arguments of the micro-benchmarks' test program.
func microArgs() []string {
	return []string{"-test.run=^$", "-test.bench=.", "-test.benchmem", "-test.cpu=1", "-test.benchtime=100ms", "-test.count=5"}
}

// runMicro builds the micro-benchmarks and runs them on one processor.
func runMicro(ctx context.Context, place *contest.Workplace) ([]*gobench.Benchmark, error) {
	fmt.Fprintln(os.Stderr, "micro-benchmarks")
	program := filepath.Join(place.Bin, "micro.test")
	if _, err := proc.Output(ctx, place.Module, "go", "test", "-c", "-o", program, "./micro"); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, microArgs()...)
	cmd.Dir = filepath.Join(place.Module, "micro")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := proc.StartOn(cmd, place.CPUs[0])
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, proc.LastLine(out.String()))
	}
	return gobench.Parse(&out)
}

// microSection is what the report says of them.
func microSection(all []*gobench.Benchmark, err error) string {
	var w strings.Builder
	fmt.Fprint(&w, "\n## Single steps\n\n")
	if err != nil {
		fmt.Fprintf(&w, "The micro-benchmarks failed: %v\n", err)
		return w.String()
	}
	fmt.Fprintf(&w, "On one processor; `go test -bench . ./micro` with `%s`.\n\n", strings.Join(microArgs(), " "))
	t := contest.NewTable("what", "who", "ns", "B", "allocations")
	for _, b := range all {
		t.Row(b.Topic, b.Who,
			contest.Spread("%.1f", stat.Summarize(b.Samples["ns/op"])),
			fmt.Sprint(stat.Summarize(b.Samples["B/op"]).Median),
			fmt.Sprint(stat.Summarize(b.Samples["allocs/op"]).Median),
		)
	}
	t.Write(&w)
	return w.String()
}
