// Command files measures random reads of 4 KiB from one file, 64 deep: rondo on
// io_uring and on epoll, goroutines over os.File, and tokio's spawn_blocking where
// cargo is; through the page cache, and past it with O_DIRECT.
//
//	go run ./cmd/files
//
// in the directory of module bench takes about two minutes and writes
// RESULTS-files.md. -dir should be on the disk to be measured; the file is made
// there, and removed. Each reader is a process of its own, of which this one reads
// the CPU time; rounds are interleaved, and ratios taken within a round.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"rondo.dev/rondo/bench/internal/roster"
)

type options struct {
	rounds   int
	warmup   time.Duration
	duration time.Duration
	size     int64
	depth    int
	foreign  float64
	dir      string
	out      string
	reader   string
	file     string
	direct   bool
}

func parseOptions() options {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "`number` of rounds over all readers")
	flag.DurationVar(&o.warmup, "warmup", 300*time.Millisecond, "reading before a sample starts")
	flag.DurationVar(&o.duration, "duration", 1500*time.Millisecond, "`time` of a sample")
	flag.Int64Var(&o.size, "size", 1<<30, "`bytes` of the file")
	flag.IntVar(&o.depth, "depth", 64, "`number` of reads in flight")
	flag.Float64Var(&o.foreign, "foreign", 0.10, "`processors` that others may use before a sample is set aside")
	flag.StringVar(&o.dir, "dir", ".", "`directory` for the file")
	flag.StringVar(&o.out, "out", "RESULTS-files.md", "`file` to write")
	flag.StringVar(&o.reader, "reader", "", "be this reader; for the processes that the command starts")
	flag.StringVar(&o.file, "file", "", "file to read, with -reader")
	flag.BoolVar(&o.direct, "direct", false, "past the page cache, with -reader")
	flag.Parse()
	return o
}

func main() {
	o := parseOptions()
	var err error
	if o.reader != "" {
		err = read(o)
	} else {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "files:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp(o.dir, "rondo-files-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o.file = filepath.Join(dir, "data")
	if err := makeFile(ctx, o.file, o.size); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r := results{options: o}
	for _, x := range contestants() {
		x.program = self
		if x.tokio {
			p, err := roster.NewBuilder(ctx, ".", dir).Build("tokio")
			if err != nil {
				r.skipped = append(r.skipped, fmt.Sprintf("%s: %v", x.name, err))
				continue
			}
			x.program, x.about = filepath.Join(filepath.Dir(p.Path), "files"), x.about+"; "+p.Version
		}
		r.contestants = append(r.contestants, x)
	}
	r.measure(ctx)
	// An interrupted run is worth writing down, if it says so.
	r.interrupted = ctx.Err() != nil
	return os.WriteFile(o.out, []byte(r.markdown()), 0o644)
}

// makeFile makes a file without holes, and waits until it is on the disk.
func makeFile(ctx context.Context, name string, size int64) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	b := make([]byte, 1<<20)
	for at := int64(0); at < size && ctx.Err() == nil; at += int64(len(b)) {
		for i := range b {
			b[i] = byte(i*i>>7 ^ int(at>>20)*31)
		}
		if _, err := f.Write(b[:min(int64(len(b)), size-at)]); err != nil {
			return err
		}
	}
	return errors.Join(f.Sync(), ctx.Err())
}
