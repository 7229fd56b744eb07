// Command lowered measures what the compiler makes of async functions: program
// lowered, built by the go command and built by rondo, beside goroutines, and beside
// tokio where cargo and Debian's librust-tokio-dev are.
//
//	go run ./cmd/lowered
//
// in the directory of module bench takes about five minutes and writes
// RESULTS-lowered.md.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"rondo.dev/rondo/bench/internal/gobench"
	"rondo.dev/rondo/bench/internal/proc"
)

type options struct {
	rounds int
	conns  int
	out    string
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "`number` of repetitions")
	flag.IntVar(&o.conns, "conns", 8000, "`number` of idle connections")
	flag.StringVar(&o.out, "out", "RESULTS-lowered.md", "`file` to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "lowered:", err)
		os.Exit(1)
	}
}

// topics are what is measured, in the order of the table.
var topics = []string{"Resume", "ResumeAmong10000", "ResumeDepth16", "SpawnJoin", "Sleepers"}

func run(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "rondo-lowered-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ways, missing, err := build(ctx, dir)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for range o.rounds { // interleaved: a slow minute is everybody's
		for _, topic := range topics {
			for _, w := range ways {
				if w.suffix == "Goroutine" && topic == "ResumeDepth16" {
					continue // depth is nothing to a stack
				}
				fmt.Fprintln(os.Stderr, topic, w.name)
				cmd := w.command(ctx, topic)
				if topic != "Sleepers" {
					cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
				}
				text, err := cmd.Output()
				if err != nil {
					return fmt.Errorf("%s %s: %w", topic, w.name, err)
				}
				out.Write(text)
			}
		}
		for _, w := range ways {
			if w.rust {
				continue
			}
			fmt.Fprintln(os.Stderr, "Echo", w.name)
			per, err := idle(ctx, w, o.conns)
			if err != nil {
				return fmt.Errorf("echo %s: %w", w.name, err)
			}
			fmt.Fprintf(&out, "BenchmarkEchoBytes_%s\t%d\t%.0f B\n", w.name, o.conns, per)
		}
	}
	all, err := gobench.Parse(&out)
	if err != nil {
		return err
	}
	return os.WriteFile(o.out, []byte(report(all, missing, o)), 0o644)
}

// A way is one in which the program can be executed.
type way struct {
	name   string
	path   string
	suffix string // of its benchmarks
	rust   bool
}

func (w way) command(ctx context.Context, topic string) *exec.Cmd {
	if w.rust {
		return exec.CommandContext(ctx, w.path, topic)
	}
	return exec.CommandContext(ctx, w.path, "-way", w.name, topic+w.suffix)
}

// build builds the program in each way, and returns the reason why one is missing.
func build(ctx context.Context, dir string) (ways []way, missing string, err error) {
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, args := range [][]string{
		{"go", "build", "-o", in("rondo"), "rondo.dev/rondo/cmd/rondo"},
		{"go", "build", "-o", in("coroutine"), "./lowered"},
		{in("rondo"), "build", "-o", in("lowered"), "./lowered"},
	} {
		if _, err := proc.Output(ctx, ".", args...); err != nil {
			return nil, "", err
		}
	}
	ways = []way{
		{name: "lowered", path: in("lowered")},
		{name: "coroutine", path: in("coroutine")},
		{name: "goroutine", path: in("coroutine"), suffix: "Goroutine"},
	}
	if err := os.CopyFS(in("rust"), os.DirFS("lowered/rust")); err != nil { // cargo writes beside the source
		return nil, "", err
	}
	if _, err := proc.Output(ctx, in("rust"), "cargo", "build", "--release", "--offline", "--quiet"); err != nil {
		return ways, "tokio is missing: " + err.Error(), nil
	}
	return append(ways, way{name: "tokio", path: in("rust/target/release/lowered"), rust: true}), "", nil
}
