// Command combinators measures futures, streams, channels and locks: rondo beside
// goroutines, channels and package sync, and beside futures-rs and tokio where cargo
// and Debian's librust-futures-dev and librust-tokio-dev are. Rondo's tasks run on
// coroutines and, in the rows of "lowered", as state machines, as those in Rust do.
//
//	go run ./cmd/combinators
//
// in the directory of module bench takes about three minutes and writes
// RESULTS-combinators.md. What is between two loops runs on two processors, all else
// on one.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"rondo.dev/rondo/bench/internal/gobench"
	"rondo.dev/rondo/bench/internal/proc"
)

// one and two are the topics of one processor, and of two.
const (
	one = "^Benchmark(Nested|UnorderedSet|Stream|Thousand|Sixteen|Merged|Race|Join|Select|Oneshot|SendRecv|Pipe|PingPong|Lock|Contended|Semaphore|Broadcast)"
	two = "^Benchmark(Across|PingPong_.*TwoLoops)"
	// What is the same where tasks are lowered: the rivals, and polls without a task's code.
	same = "_(channel|buffered|sync|goroutines)|Nested|UnorderedSet|StreamPoll|Merged"
)

type options struct {
	rounds    int
	benchtime time.Duration
	out       string
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "`number` of repetitions")
	flag.DurationVar(&o.benchtime, "benchtime", 100*time.Millisecond, "`time` of one; those in Rust take 100 ms")
	flag.StringVar(&o.out, "out", "RESULTS-combinators.md", "`file` to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "combinators:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "rondo-combinators-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	programs, missing, err := build(ctx, dir, o)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for range o.rounds { // interleaved: a slow minute is everybody's
		for _, p := range programs {
			fmt.Fprintln(os.Stderr, strings.Join(p, " "))
			printed, err := proc.Output(ctx, ".", p...)
			if err != nil {
				return err
			}
			if p[0] == lowered(dir) {
				printed = strings.ReplaceAll(printed, "_rondo", "_lowered")
			}
			out.WriteString(printed)
		}
	}
	all, err := gobench.Parse(&out)
	if err != nil {
		return err
	}
	return os.WriteFile(o.out, []byte(report(all, missing)), 0o644)
}

// lowered is the program of rondo's benchmarks whose tasks are state machines.
func lowered(dir string) string { return filepath.Join(dir, "lowered.test") }

// build returns the commands of one round, and the reason why some are missing.
func build(ctx context.Context, dir string, o options) (programs [][]string, missing string, err error) {
	micro, tool := filepath.Join(dir, "micro.test"), filepath.Join(dir, "rondo")
	for _, command := range [][]string{
		{"go", "test", "-c", "-o", micro, "./micro"},
		{"go", "build", "-o", tool, "rondo.dev/rondo/cmd/rondo"},
		{tool, "test", "-c", "-o", lowered(dir), "./micro"},
	} {
		if _, err := proc.Output(ctx, ".", command...); err != nil {
			return nil, "", err
		}
	}
	bench := func(micro, topics string, cpus int, more ...string) []string {
		return append([]string{micro, "-test.run=^$", "-test.bench=" + topics, "-test.benchmem",
			fmt.Sprintf("-test.cpu=%d", cpus), "-test.benchtime=" + o.benchtime.String()}, more...)
	}
	programs = append(programs,
		bench(micro, one, 1, "-test.skip=TwoLoops"),
		bench(lowered(dir), one, 1, "-test.skip=TwoLoops|"+same))
	if runtime.NumCPU() > 1 {
		programs = append(programs,
			bench(micro, two, 2),
			bench(lowered(dir), two, 2, "-test.skip="+same))
	}
	rust := filepath.Join(dir, "rust")
	if err := os.CopyFS(rust, os.DirFS("micro/rust")); err != nil { // cargo writes beside the source
		return nil, "", err
	}
	if _, err := proc.Output(ctx, rust, "cargo", "build", "--release", "--offline", "--quiet"); err != nil {
		return programs, "futures-rs and tokio are missing: " + err.Error(), nil
	}
	micro = filepath.Join(rust, "target/release/micro")
	programs = append(programs, []string{micro, "one"})
	if runtime.NumCPU() > 1 {
		programs = append(programs, []string{micro, "two"})
	}
	return programs, "", nil
}
