package main

import (
	"slices"
	"testing"

	"rondo.dev/rondo/bench/internal/roster"
)

// A server is put only into cells that it can stand or that show what is its own.
func TestCellHas(t *testing.T) {
	plain := roster.Server{Name: "plain"}
	idleOnly := roster.Server{Name: "idle only", IdleOnly: true}
	computes := roster.Server{Name: "computes", Computes: true}
	busyOnly := roster.Server{Name: "busy only", Computes: true, BusyOnly: true}
	for _, c := range []struct {
		cell cell
		want []string
	}{
		{cell{name: "echo"}, []string{"plain", "computes"}},
		{cell{name: "idle", idle: true}, []string{"plain", "idle only", "computes"}},
		{cell{name: "busy", busy: 2}, []string{"computes", "busy only"}},
	} {
		var got []string
		for _, s := range []roster.Server{plain, idleOnly, computes, busyOnly} {
			if c.cell.has(s) {
				got = append(got, s.Name)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s has %q, want %q", c.cell.name, got, c.want)
		}
		if args := c.cell.serverArgs([]string{"-own"}); slices.Contains(args, "-compute") != (c.cell.busy > 0) || !slices.Contains(args, "-own") {
			t.Errorf("%s: server arguments %q", c.cell.name, args)
		}
	}
}
