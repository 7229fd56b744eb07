// Command compare measures rondo beside its peers and the limits of the machine,
// and writes what it found to RESULTS.md:
//
//	go run ./cmd/compare
//
// in the directory of module bench takes about ten minutes. README.md there says
// how it measures, and how far to trust it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"rondo.dev/rondo/bench/internal/proc"
	"rondo.dev/rondo/bench/internal/roster"
)

type options struct {
	rounds     int
	idleRounds int
	warmup     time.Duration
	duration   time.Duration
	settle     time.Duration
	idle       int
	foreign    float64
	servers    string
	cells      string
	micro      bool
	bin        string
	out        string
}

func parseOptions() options {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "`number` of rounds over all servers")
	flag.IntVar(&o.idleRounds, "idle-rounds", 2, "`number` of rounds with idle connections, whose memory varies little")
	flag.DurationVar(&o.warmup, "warmup", 250*time.Millisecond, "load before a sample starts")
	flag.DurationVar(&o.duration, "duration", 1200*time.Millisecond, "`time` of a sample")
	flag.DurationVar(&o.settle, "settle", 1500*time.Millisecond, "rest before memory is read")
	flag.IntVar(&o.idle, "idle", 8000, "`number` of idle connections")
	flag.Float64Var(&o.foreign, "foreign", 0.10, "`processors` that others may use before a sample is set aside")
	flag.StringVar(&o.servers, "servers", "", "only these, a comma-separated `list`")
	flag.StringVar(&o.cells, "cells", "", "only these, a comma-separated `list`")
	flag.BoolVar(&o.micro, "micro", true, "run the micro-benchmarks too")
	flag.StringVar(&o.bin, "bin", "", "`directory` to build in and to keep; a temporary one without")
	flag.StringVar(&o.out, "out", "RESULTS.md", "`file` to write")
	flag.Parse()
	return o
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, parseOptions()); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	dir, err := moduleDir(ctx)
	if err != nil {
		return err
	}
	r := results{options: o, machine: describeMachine(ctx, dir)}
	if r.cells, err = pick(cells(o.idle), func(c cell) string { return c.name }, o.cells); err != nil {
		return err
	}
	servers, err := pick(roster.Servers(), func(s roster.Server) string { return s.Name }, o.servers)
	if err != nil {
		return err
	}
	bin := o.bin
	if bin == "" {
		if bin, err = os.MkdirTemp("", "rondo-bench-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(bin)) }()
	}
	if bin, err = filepath.Abs(bin); err != nil {
		return err
	}
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	b := bench{load: filepath.Join(bin, "load"), opts: o}
	if b.cpus, err = proc.CPUs(); err != nil {
		return err
	}
	if err := build(ctx, dir, b.load, "./load"); err != nil {
		return err
	}
	r.contestants, r.skipped = enlist(ctx, dir, bin, servers)
	r.samples = b.rounds(ctx, r.cells, r.contestants)
	if o.micro && ctx.Err() == nil {
		r.micro, r.microErr = runMicro(ctx, dir, bin, b.cpus[0])
	}
	// An interrupted run is worth writing down, if it says so.
	r.interrupted = ctx.Err() != nil
	return os.WriteFile(o.out, []byte(r.markdown()), 0o644)
}

// moduleDir finds module bench, in or below whose directory the command runs.
func moduleDir(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}} {{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	path, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if path != "rondo.dev/rondo/bench" {
		return "", fmt.Errorf("run this in the directory of module rondo.dev/rondo/bench, not of %s", path)
	}
	return dir, nil
}

// build builds a Go program of this module.
func build(ctx context.Context, dir, program, pkg string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", program, pkg)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// A contestant is a server with its program.
type contestant struct {
	roster.Server
	program roster.Program
}

// A skip is a server that this machine cannot build, and why.
type skip struct {
	name   string
	reason error
}

// enlist builds the servers.
func enlist(ctx context.Context, dir, bin string, servers []roster.Server) (all []contestant, skipped []skip) {
	builder := roster.NewBuilder(ctx, dir, bin)
	for _, s := range servers {
		fmt.Fprintln(os.Stderr, "building", s.Name)
		program, err := builder.Build(s.Source)
		if err != nil {
			fmt.Fprintln(os.Stderr, "skipping", s.Name+":", err)
			skipped = append(skipped, skip{s.Name, err})
			continue
		}
		all = append(all, contestant{s, program})
	}
	return all, skipped
}
