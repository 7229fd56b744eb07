package main

import (
	"fmt"
	"strconv"
	"strings"

	"rondo.dev/rondo/bench/internal/roster"
)

// A cell is one situation that all servers are put into.
type cell struct {
	name  string // for the flag -cells
	title string
	conns int
	size  int // bytes a message
	loops int
	// pinned gives server and load a processor each; without it they share all
	// that there are, which is what tails show in.
	pinned bool
	idle   bool // connections wait; nothing is loaded
	busy   int  // goroutines that compute beside the server, in its process
}

// has reports whether a server is put into the cell.
func (c cell) has(s roster.Server) bool {
	return (c.idle || !s.IdleOnly) && (c.busy > 0 || !s.BusyOnly) && (c.busy == 0 || s.Computes)
}

// cells returns all cells, with so many connections in those that wait.
func cells(idle int) []cell {
	return []cell{
		{name: "echo-50x128", title: "50 connections, 128 B, one loop on its own core", conns: 50, size: 128, loops: 1, pinned: true},
		{name: "echo-1000x128", title: "1,000 connections, 128 B, one loop on its own core", conns: 1000, size: 128, loops: 1, pinned: true},
		{name: "echo-1000x4096", title: "1,000 connections, 4 KiB, one loop on its own core", conns: 1000, size: 4096, loops: 1, pinned: true},
		{name: "two-loops", title: "1,000 connections, 128 B, two loops that share the cores with the load", conns: 1000, size: 128, loops: 2},
		{name: "busy", title: "50 connections, 128 B, one loop on its own core, with a goroutine that computes", conns: 50, size: 128, loops: 1, pinned: true, busy: 1},
		{name: "busy-two-loops", title: "50 connections, 128 B, two loops that share the cores with the load and two goroutines that compute", conns: 50, size: 128, loops: 2, busy: 2},
		{name: "idle", title: fmt.Sprintf("%d connections that wait", idle), conns: idle, size: 128, loops: 1, pinned: true, idle: true},
	}
}

// serverArgs are the arguments of a server of these.
func (c cell) serverArgs(own []string) []string {
	args := append([]string{"-addr", "127.0.0.1:0", "-loops", strconv.Itoa(c.loops)}, own...)
	if c.busy > 0 {
		args = append(args, "-compute", strconv.Itoa(c.busy))
	}
	return args
}

// loadArgs are the arguments of the load generator, but for the server's.
func (c cell) loadArgs(o options) []string {
	args := []string{"-conns", strconv.Itoa(c.conns), "-size", strconv.Itoa(c.size)}
	if c.idle {
		return append(args, "-idle", "-warmup", o.settle.String())
	}
	return append(args, "-warmup", o.warmup.String(), "-duration", o.duration.String())
}

// pick returns those of all whose names a comma-separated list has, in their own
// order; an empty list has all.
func pick[T any](all []T, name func(T) string, list string) ([]T, error) {
	if list == "" {
		return all, nil
	}
	wanted := map[string]bool{}
	for w := range strings.SplitSeq(list, ",") {
		wanted[strings.TrimSpace(w)] = true
	}
	var picked []T
	for _, v := range all {
		if wanted[name(v)] {
			picked = append(picked, v)
			delete(wanted, name(v))
		}
	}
	for w := range wanted {
		return nil, fmt.Errorf("there is no %q", w)
	}
	return picked, nil
}
