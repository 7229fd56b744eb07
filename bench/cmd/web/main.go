// Command web measures rondo's HTTP server beside others, and writes what it found to
// RESULTS-web.md:
//
//	go run ./cmd/web
//
// in the directory of module bench takes about ten minutes, and
//
//	go run ./cmd/web -quick
//
// less than one once the programs are built: it only sees to it that all that is built
// in Go answers rightly, prints the same tables, and fails if anything does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"rondo.dev/rondo/bench/internal/contest"
	"rondo.dev/rondo/bench/internal/roster"
)

type options struct {
	rounds     int
	tailRounds int
	idleRounds int
	warmup     time.Duration
	duration   time.Duration
	settle     time.Duration
	many       int
	idle       int
	idleTLS    int
	foreign    float64
	servers    string
	cells      string
	bin        string
	out        string
	quick      bool
}

func parseOptions() options {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "`number` of rounds over all servers")
	flag.IntVar(&o.tailRounds, "tail-rounds", 3, "`number` of rounds of what is about latency, whose samples are twice as long")
	flag.IntVar(&o.idleRounds, "idle-rounds", 2, "`number` of rounds with idle connections, whose memory varies little")
	flag.DurationVar(&o.warmup, "warmup", 200*time.Millisecond, "load before a sample starts")
	flag.DurationVar(&o.duration, "duration", 900*time.Millisecond, "`time` of a sample")
	flag.DurationVar(&o.settle, "settle", 500*time.Millisecond, "how long a server is to rest before its memory is read")
	flag.IntVar(&o.many, "many", 10_000, "`number` of connections of which one in a hundred is active")
	flag.IntVar(&o.idle, "idle", 8000, "`number` of idle connections")
	flag.IntVar(&o.idleTLS, "idle-tls", 4000, "`number` of those with TLS, whose handshakes take their time")
	flag.Float64Var(&o.foreign, "foreign", 0.10, "`processors` that others may use before a sample is set aside")
	flag.StringVar(&o.servers, "servers", "", "only these, a comma-separated `list`")
	flag.StringVar(&o.cells, "cells", "", "only these, a comma-separated `list`")
	flag.StringVar(&o.bin, "bin", "", "`directory` to build in and to keep; a temporary one without")
	flag.StringVar(&o.out, "out", "RESULTS-web.md", "`file` to write")
	flag.BoolVar(&o.quick, "quick", false, "only try everything that is in Go, and print what it would have been")
	flag.Parse()
	if o.quick {
		o.rounds, o.tailRounds, o.idleRounds = 1, 1, 1
		o.warmup, o.duration, o.settle = 20*time.Millisecond, 150*time.Millisecond, 50*time.Millisecond
		o.many, o.idle, o.idleTLS = 500, 200, 200
		o.foreign = 1000 // nothing is set aside
	}
	return o
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, parseOptions()); err != nil {
		fmt.Fprintln(os.Stderr, "web:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	plan, err := o.plan()
	if err != nil {
		return err
	}
	place, err := contest.Open(ctx, o.bin)
	if err != nil {
		return err
	}
	r, err := place.Run(ctx, plan)
	if err := errors.Join(err, place.Close()); err != nil {
		return err
	}
	text := r.Markdown(o.heading())
	if o.quick {
		fmt.Print(text)
		return r.Failed()
	}
	// An interrupted run is worth writing down, if it says so.
	return os.WriteFile(o.out, []byte(text), 0o644)
}

func (o options) plan() (contest.Plan, error) {
	servers := roster.WebServers()
	if o.quick {
		servers = slices.DeleteFunc(servers, func(s roster.Server) bool { return !s.InGo() })
	}
	p := contest.Plan{Foreign: o.foreign}
	var err error
	if p.Servers, err = contest.PickServers(servers, o.servers); err != nil {
		return p, err
	}
	all := cells(o)
	if _, missing := exec.LookPath("h2load"); missing != nil {
		fmt.Fprintln(os.Stderr, "skipping h2:", missing)
		all = slices.DeleteFunc(all, func(c contest.Cell) bool { return c.Kind == roster.Streams })
	}
	p.Cells, err = contest.PickCells(all, o.cells)
	return p, err
}

func (o options) heading() contest.Heading {
	return contest.Heading{
		Title:   "HTTP servers",
		Command: "web",
		Facts: []string{
			fmt.Sprintf("%d rounds of %v after %v of warm-up; latencies in %d rounds of %v; idle connections in %d rounds, read once the server has rested for %v",
				o.rounds, o.duration, o.warmup, o.tailRounds, o.tail(), o.idleRounds, o.settle),
			"Every server has one core and the load another; a response is checked to its last byte",
		},
		Repeat:    o.command(),
		Baselines: []string{"nginx", "hyper", "fasthttp", "net-http"},
	}
}

// command is the command line that gives such results again.
func (o options) command() string {
	line := fmt.Sprintf("go run ./cmd/web -rounds %d -tail-rounds %d -idle-rounds %d -duration %v -warmup %v -settle %v -many %d -idle %d -idle-tls %d -foreign %v",
		o.rounds, o.tailRounds, o.idleRounds, o.duration, o.warmup, o.settle, o.many, o.idle, o.idleTLS, o.foreign)
	if o.quick {
		line = "go run ./cmd/web -quick"
	}
	if o.servers != "" {
		line += " -servers " + o.servers
	}
	if o.cells != "" {
		line += " -cells " + o.cells
	}
	return line
}
