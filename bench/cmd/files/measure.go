package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"rondo.dev/rondo/bench/internal/proc"
)

// A contestant is one way to read.
type contestant struct {
	name, about string
	reader      string // of this command
	tokio       bool
	program     string
}

// base is the contestant that ratios are to.
const base = "os.File"

func contestants() []contestant {
	return []contestant{
		{name: "rondo-uring", about: "rondo on io_uring, one loop, a task for each read in flight", reader: "io_uring"},
		{name: "rondo-epoll", about: "rondo on epoll and its pool for files", reader: "epoll"},
		{name: base, about: "a goroutine for each read in flight, os.File.ReadAt, all processors", reader: "os"},
		{name: "tokio", about: "a task for each read in flight, spawn_blocking(read_exact_at), one loop", tokio: true},
	}
}

// A sample is one reader's work in one round.
type sample struct {
	reads         int64
	cpu           time.Duration
	elapsed       time.Duration
	p50, p99, p9x time.Duration // p9x: 99.9 %
	foreign       float64       // processors that others used
}

// measure takes the samples of all rounds. Each round starts with another reader.
func (r *results) measure(ctx context.Context) {
	r.samples = map[key]map[int]sample{}
	for round := range r.options.rounds {
		for _, direct := range []bool{true, false} {
			if !direct {
				warm(r.options.file)
			}
			for i := range r.contestants {
				x := r.contestants[(i+round)%len(r.contestants)]
				if ctx.Err() != nil {
					return
				}
				fmt.Fprintf(os.Stderr, "round %d: %s, direct %v\n", round+1, x.name, direct)
				s, err := x.run(ctx, r.options, direct)
				if err != nil {
					r.failures = append(r.failures, fmt.Sprintf("%s, direct %v: %v", x.name, direct, err))
					continue
				}
				k := key{x.name, direct}
				if r.samples[k] == nil {
					r.samples[k] = map[int]sample{}
				}
				r.samples[k][round] = s
			}
		}
	}
}

// warm reads the file into the page cache.
func warm(name string) {
	if f, err := os.Open(name); err == nil {
		defer f.Close()
		b := make([]byte, 1<<20)
		for {
			if _, err := f.Read(b); err != nil {
				return
			}
		}
	}
}

// run runs a reader for one sample.
func (x *contestant) run(ctx context.Context, o options, direct bool) (s sample, err error) {
	cmd := exec.CommandContext(ctx, x.program, "-file", o.file, "-reader", x.reader,
		fmt.Sprintf("-direct=%v", direct), "-size", fmt.Sprint(o.size), "-depth", fmt.Sprint(o.depth),
		"-warmup", fmt.Sprint(o.warmup), "-duration", fmt.Sprint(o.duration))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return s, err
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return s, err
	}
	if err := cmd.Start(); err != nil {
		return s, err
	}
	s, err = watch(cmd.Process.Pid, bufio.NewReader(pipe))
	in.Close()
	return s, errors.Join(err, cmd.Wait())
}

// watch follows what a reader prints.
func watch(pid int, out *bufio.Reader) (s sample, err error) {
	if err := expect(out, "begin"); err != nil {
		return s, err
	}
	began, cpu, busy, err := clocks(pid)
	if err != nil {
		return s, err
	}
	if err := expect(out, "end", &s.reads); err != nil {
		return s, err
	}
	ended, cpuAfter, busyAfter, err := clocks(pid)
	if err != nil {
		return s, err
	}
	s.elapsed, s.cpu = ended.Sub(began), cpuAfter-cpu
	s.foreign = float64(busyAfter-busy-s.cpu) / float64(s.elapsed)
	return s, expect(out, "latency", &s.p50, &s.p99, &s.p9x)
}

func clocks(pid int) (now time.Time, cpu, busy time.Duration, err error) {
	if cpu, err = proc.CPUTime(pid); err == nil {
		busy, err = proc.Busy()
	}
	return time.Now(), cpu, busy, err
}

// expect reads a line that begins with a word, and the numbers behind it.
func expect(out *bufio.Reader, word string, numbers ...any) error {
	line, err := out.ReadString('\n')
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("waiting for %q: %w", word, err)
	}
	rest, ok := strings.CutPrefix(strings.TrimSpace(line), word)
	if !ok {
		return fmt.Errorf("the reader printed %q instead of %q", line, word)
	}
	for i, field := range strings.Fields(rest) {
		if i < len(numbers) {
			switch n := numbers[i].(type) {
			case *int64:
				_, err = fmt.Sscan(field, n)
			case *time.Duration:
				_, err = fmt.Sscan(field, (*int64)(n))
			}
		}
	}
	return err
}
