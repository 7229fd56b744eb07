package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"rondo.dev/rondo/bench/internal/gobench"
	"rondo.dev/rondo/bench/internal/proc"
)

// microArgs are the arguments of the micro-benchmarks' test program.
func microArgs() []string {
	return []string{"-test.run=^$", "-test.bench=.", "-test.benchmem", "-test.cpu=1", "-test.benchtime=100ms", "-test.count=5"}
}

// runMicro builds the micro-benchmarks and runs them on one processor.
func runMicro(ctx context.Context, dir, bin string, cpu int) ([]*gobench.Benchmark, error) {
	fmt.Fprintln(os.Stderr, "micro-benchmarks")
	program := filepath.Join(bin, "micro.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", program, "./micro")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, lastLine(string(out)))
	}
	cmd := exec.CommandContext(ctx, program, microArgs()...)
	cmd.Dir = filepath.Join(dir, "micro")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := proc.StartOn(cmd, cpu)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, lastLine(out.String()))
	}
	return gobench.Parse(&out)
}
