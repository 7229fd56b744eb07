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
	"os/signal"
	"syscall"
	"time"

	"rondo.dev/rondo/bench/internal/contest"
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
	flag.DurationVar(&o.settle, "settle", 1500*time.Millisecond, "how long a server is to rest before its memory is read")
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

func run(ctx context.Context, o options) error {
	plan := contest.Plan{Foreign: o.foreign}
	var err error
	if plan.Cells, err = contest.PickCells(cells(o), o.cells); err != nil {
		return err
	}
	if plan.Servers, err = contest.PickServers(roster.Servers(), o.servers); err != nil {
		return err
	}
	place, err := contest.Open(ctx, o.bin)
	if err != nil {
		return err
	}
	return errors.Join(compare(ctx, o, plan, place), place.Close())
}

func compare(ctx context.Context, o options, plan contest.Plan, place *contest.Workplace) error {
	r, err := place.Run(ctx, plan)
	if err != nil {
		return err
	}
	var sections []string
	if o.micro && ctx.Err() == nil {
		sections = append(sections, microSection(runMicro(ctx, place)))
	}
	// An interrupted run is worth writing down, if it says so.
	return os.WriteFile(o.out, []byte(r.Markdown(o.heading(), sections...)), 0o644)
}

func (o options) heading() contest.Heading {
	return contest.Heading{
		Title:   "Results",
		Command: "compare",
		Facts: []string{fmt.Sprintf("%d rounds of %v after %v of warm-up; idle connections in %d rounds, read once the server has rested for %v",
			o.rounds, o.duration, o.warmup, o.idleRounds, o.settle)},
		Repeat:    o.command(),
		Baselines: []string{"cepoll", "tokio", "net"},
	}
}

// command is the command line that gives such results again.
func (o options) command() string {
	line := fmt.Sprintf("go run ./cmd/compare -rounds %d -duration %v -warmup %v -idle %d -idle-rounds %d -settle %v -foreign %v",
		o.rounds, o.duration, o.warmup, o.idle, o.idleRounds, o.settle, o.foreign)
	if o.servers != "" {
		line += " -servers " + o.servers
	}
	if o.cells != "" {
		line += " -cells " + o.cells
	}
	if !o.micro {
		line += " -micro=false"
	}
	return line
}
