package main

import (
	"fmt"
	"strconv"

	"rondo.dev/rondo/bench/internal/contest"
	"rondo.dev/rondo/bench/internal/roster"
)

// cells returns all situations that the servers are put into.
func cells(o options) []contest.Cell {
	echo := func(name, title string, conns, size int) contest.Cell {
		return contest.Cell{Name: name, Title: title, Kind: roster.Load, Pinned: true, Rounds: o.rounds,
			Server: []string{"-loops", "1"},
			Load:   loadArgs(conns, size, "-warmup", o.warmup.String(), "-duration", o.duration.String()),
			Time:   o.warmup + o.duration}
	}
	// Two loops share the processors with the load.
	two := func(c contest.Cell) contest.Cell {
		c.Server, c.Pinned, c.Tail = []string{"-loops", "2"}, false, true
		return c
	}
	busy := func(c contest.Cell, computing int) contest.Cell {
		c.Kind = roster.Busy
		c.Server = append(c.Server, "-compute", strconv.Itoa(computing))
		return c
	}
	return []contest.Cell{
		echo("echo-50x128", "50 connections, 128 B, one loop on its own core", 50, 128),
		echo("echo-1000x128", "1,000 connections, 128 B, one loop on its own core", 1000, 128),
		echo("echo-1000x4096", "1,000 connections, 4 KiB, one loop on its own core", 1000, 4096),
		two(echo("two-loops", "1,000 connections, 128 B, two loops that share the cores with the load", 1000, 128)),
		busy(echo("busy", "50 connections, 128 B, one loop on its own core, with a goroutine that computes", 50, 128), 1),
		busy(two(echo("busy-two-loops", "50 connections, 128 B, two loops that share the cores with the load and two goroutines that compute", 50, 128)), 2),
		{Name: "idle", Title: fmt.Sprintf("%d connections that wait", o.idle), Kind: roster.Idle, Pinned: true, Rounds: o.idleRounds,
			Server: []string{"-loops", "1"},
			Load:   loadArgs(o.idle, 128, "-warmup", o.settle.String()),
			Time:   2 * o.settle},
	}
}

func loadArgs(conns, size int, more ...string) []string {
	return append([]string{"-conns", strconv.Itoa(conns), "-size", strconv.Itoa(size)}, more...)
}
