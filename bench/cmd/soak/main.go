// Command soak loads the examples for a minute each, on every driver, and shows that
// they stay as they were: no error, no more threads than loops and a few, memory that
// does not grow, no descriptor left.
//
//	cd bench && go run ./cmd/soak        # about five minutes; writes RESULTS-soak.md
//
// examples/hello is loaded by wrk with 1,000 connections, where wrk is installed;
// examples/echo by package loadgen with 10,000, whose every echo is compared.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"rondo.dev/rondo/bench/internal/loadgen"
)

type options struct {
	duration    time.Duration
	every       time.Duration
	loops       int
	helloConns  int
	echoConns   int
	driverNames []string
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func run() error {
	var o options
	flag.DurationVar(&o.duration, "duration", time.Minute, "`time` of each load")
	flag.DurationVar(&o.every, "every", time.Second, "`time` between two looks at the server")
	flag.IntVar(&o.loops, "loops", 2, "event `loops` of the server")
	flag.IntVar(&o.helloConns, "hello", 1000, "`connections` of wrk to examples/hello")
	flag.IntVar(&o.echoConns, "echo", 10000, "`connections` to examples/echo")
	drivers := flag.String("drivers", "io_uring,epoll", "`names` of the drivers")
	out := flag.String("out", "RESULTS-soak.md", "`file` for the results")
	flag.Parse()
	o.driverNames = strings.Split(*drivers, ",")

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	bin, err := os.MkdirTemp("", "soak")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bin)
	build := exec.CommandContext(ctx, "go", "build", "-o", bin+"/", "rondo.dev/rondo/examples/hello", "rondo.dev/rondo/examples/echo")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building the examples: %w", err)
	}

	var soaks []soak
	for _, driver := range o.driverNames {
		for _, load := range []load{wrk, echoes} {
			s, err := o.soak(ctx, bin, driver, load)
			if err != nil {
				return err
			}
			soaks = append(soaks, s)
			fmt.Fprintln(os.Stderr, s)
		}
	}
	if err := os.WriteFile(*out, []byte(report(o, soaks)), 0o644); err != nil {
		return err
	}
	for _, s := range soaks {
		if s.skipped == "" && s.failed() {
			return fmt.Errorf("%s on %s did not pass, see %s", s.example, s.driver, *out)
		}
	}
	return nil
}

// A load is an example and what it is loaded with.
type load struct {
	example string
	conns   func(options) int
	make    func(ctx context.Context, o options, addr netip.AddrPort) (requests uint64, failures string, err error)
}

var wrk = load{"hello", func(o options) int { return o.helloConns }, runWrk}

var echoes = load{"echo", func(o options) int { return o.echoConns }, runEchoes}

var errNoWrk = errors.New("wrk is not installed")

func runWrk(ctx context.Context, o options, addr netip.AddrPort) (uint64, string, error) {
	if _, err := exec.LookPath("wrk"); err != nil {
		return 0, "", errNoWrk
	}
	out, err := exec.CommandContext(ctx, "wrk", "-t1", fmt.Sprint("-c", o.helloConns),
		fmt.Sprintf("-d%.0fs", o.duration.Seconds()), "--timeout", "10s", "http://"+addr.String()+"/").Output()
	if err != nil {
		return 0, "", fmt.Errorf("wrk: %w", err)
	}
	var requests uint64
	if m := regexp.MustCompile(`(\d+) requests in`).FindSubmatch(out); m != nil {
		fmt.Sscan(string(m[1]), &requests)
	}
	failures := regexp.MustCompile(`(?m)Socket errors.*|Non-2xx.*`).Find(out)
	return requests, strings.TrimSpace(string(failures)), nil
}

func runEchoes(_ context.Context, o options, addr netip.AddrPort) (uint64, string, error) {
	result, err := loadgen.Run(loadgen.Config{
		Addr: addr, Conns: o.echoConns, Size: 128, Threads: 1,
		Sources: 4, Warmup: 2 * time.Second, Duration: o.duration,
	})
	if err != nil {
		return 0, "", err
	}
	failures := result.Error
	if result.Errors > 0 {
		failures = fmt.Sprintf("%d connections failed: %s", result.Errors, result.Error)
	}
	return result.Requests, failures, nil
}

// soak starts one example, loads it while watching it, and ends it by SIGINT.
func (o options) soak(ctx context.Context, bin, driver string, load load) (soak, error) {
	s := soak{example: load.example, driver: driver, conns: load.conns(o)}
	server, err := start(ctx, filepath.Join(bin, load.example), "-addr", "127.0.0.1:0", "-driver", driver, "-loops", fmt.Sprint(o.loops))
	if err != nil {
		return s, err
	}
	defer server.kill()
	watched := watch(server.pid(), o.every)
	s.requests, s.failures, err = load.make(ctx, o, server.addr)
	s.looks = watched.stop()
	switch {
	case errors.Is(err, errNoWrk):
		s.skipped = err.Error()
		return s, nil
	case err != nil:
		return s, err
	case len(s.looks) < 3:
		return s, errors.New("the load was too short to see anything")
	}
	time.Sleep(2 * time.Second) // the connections of the load are closed by now
	if s.rest, err = look(server.pid()); err != nil {
		return s, err
	}
	s.ending = server.interrupt(10 * time.Second)
	return s, nil
}
