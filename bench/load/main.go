// Command load loads a server with many connections, compares what comes back, and
// prints what it saw as JSON:
//
//	load -addr 127.0.0.1:7777 -conns 10000 -duration 60s -watch $(pidof echo)
//	load -addr 127.0.0.1:8080 -protocol http -conns 10000 -active 100 -rate 5000
//
// With -idle it sends one message on every connection and then holds them,
// waiting, until it is interrupted or its standard input ends. It exits with
// status 1 if any connection failed.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"rondo.dev/rondo/bench/internal/loadgen"
)

func main() {
	ok, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

func run() (ok bool, err error) {
	var cfg loadgen.Config
	addr := flag.String("addr", "", "`address` of the server")
	flag.IntVar(&cfg.Conns, "conns", 50, "`number` of connections")
	flag.StringVar((*string)(&cfg.Protocol), "protocol", "echo", "echo, http, h2, or with -idle also https and ws")
	flag.IntVar(&cfg.Size, "size", 128, "`bytes` of a message")
	flag.StringVar(&cfg.Path, "path", "/", "`path` of HTTP requests")
	flag.StringVar(&cfg.Body, "body", "Hello, World!\n", "`text` that the responses are to have")
	flag.IntVar(&cfg.Streams, "streams", 10, "`number` of requests under way on a connection of h2")
	flag.IntVar(&cfg.Active, "active", 0, "`number` of connections that are loaded, while the others wait; 0: all")
	flag.Float64Var(&cfg.Rate, "rate", 0, "requests a `second` over all connections; 0: as many as are answered")
	flag.IntVar(&cfg.Beside, "beside", 0, "`number` of connections that ask for something else beside")
	flag.StringVar(&cfg.BesidePath, "beside-path", "/sleep", "`path` that they ask for")
	flag.IntVar(&cfg.Threads, "threads", 1, "`number` of loops, each a thread")
	flag.IntVar(&cfg.Sources, "sources", 0, "`number` of source addresses 127.0.0.2 and on; 0: the kernel's choice")
	flag.DurationVar(&cfg.Warmup, "warmup", 300*time.Millisecond, "load before counting starts; with -idle, how long the server is to rest before memory is read")
	flag.DurationVar(&cfg.Duration, "duration", 2*time.Second, "`time` during which requests are counted")
	flag.IntVar(&cfg.Watch, "watch", 0, "process `id` of the server: report its processor time, memory and threads")
	flag.BoolVar(&cfg.Collect, "collect", false, "with -idle, have the server collect its garbage by SIGUSR1 and read its memory again")
	idle := flag.Bool("idle", false, "hold idle connections instead")
	flag.Parse()
	if cfg.Addr, err = netip.ParseAddrPort(*addr); err != nil {
		return false, err
	}
	if *idle {
		return true, hold(cfg)
	}
	// Nothing is allocated while the load runs: a collection could only disturb.
	debug.SetGCPercent(-1)
	result, err := loadgen.Run(cfg)
	if err != nil {
		return false, err
	}
	return result.Errors == 0, json.NewEncoder(os.Stdout).Encode(result)
}

// hold reports once the connections wait, and keeps them until told to stop.
func hold(cfg loadgen.Config) error {
	held, result, err := loadgen.Idle(cfg)
	if err != nil {
		return err
	}
	defer held.Close()
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	ended := make(chan struct{})
	go func() {
		// Whatever is typed is of no interest, only that it ends.
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	select {
	case <-stop:
	case <-ended:
	}
	return nil
}
