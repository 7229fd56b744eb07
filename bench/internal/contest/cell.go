package contest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rondo.dev/rondo/bench/internal/roster"
)

// A Cell is one situation that servers are put into.
type Cell struct {
	Name  string // for a flag that picks some
	Title string
	Note  string // what is special about it, if anything
	Kind  roster.Kind
	// Pinned gives server and load a processor each; without it they share all
	// that there are, which is what tails show in.
	Pinned bool
	// Collect has the memory read again after servers in Go have collected theirs.
	Collect bool
	Tail    bool // ratios are taken of p99.9 too
	Beside  bool // the load asks for something else beside, whose latency is shown too
	Rounds  int
	Server  []string      // arguments of a server, besides its own
	Load    []string      // arguments of the load generator
	Time    time.Duration // that a sample takes by its arguments
}

// idle reports whether connections wait, and nothing is loaded.
func (c Cell) idle() bool {
	return c.Kind&(roster.Idle|roster.IdleTLS|roster.IdleWebSocket|roster.IdleHTTP2) != 0
}

// has reports whether a server is put into the cell.
func (c Cell) has(s roster.Server) bool { return s.Kinds&c.Kind != 0 }

// collects reports whether a server's memory is read after a collection too.
func (c Cell) collects(s contestant) bool { return c.Collect && s.program.Collects }

// serverArgs are the arguments of a server of these.
func (c Cell) serverArgs(s contestant) []string {
	args := slices.Concat([]string{"-addr", "127.0.0.1:0"}, c.Server, s.Args)
	if c.collects(s) {
		args = append(args, "-collect")
	}
	return args
}

// loadArgs are the arguments of the load generator, but for the server's.
func (c Cell) loadArgs(s contestant) []string {
	args := slices.Clone(c.Load)
	if c.idle() {
		args = append(args, "-idle")
	}
	if c.collects(s) {
		args = append(args, "-collect")
	}
	return args
}

// Pick returns those of all whose names a comma-separated list has, in their own
// order; an empty list has all.
func Pick[T any](all []T, name func(T) string, list string) ([]T, error) {
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

// PickServers is Pick for servers.
func PickServers(all []roster.Server, list string) ([]roster.Server, error) {
	return Pick(all, func(s roster.Server) string { return s.Name }, list)
}

// PickCells is Pick for cells.
func PickCells(all []Cell, list string) ([]Cell, error) {
	return Pick(all, func(c Cell) string { return c.Name }, list)
}
