package contest

import (
	"slices"
	"strings"
	"testing"

	"rondo.dev/rondo/bench/internal/roster"
)

// A server is put only into cells that it can stand or that show what is its own.
func TestCellHas(t *testing.T) {
	plain := roster.Server{Name: "plain", Kinds: roster.Load | roster.Idle}
	idleOnly := roster.Server{Name: "idle only", Kinds: roster.Idle}
	computes := roster.Server{Name: "computes", Kinds: roster.Load | roster.Idle | roster.Busy}
	busyOnly := roster.Server{Name: "busy only", Kinds: roster.Busy}
	all := []roster.Server{plain, idleOnly, computes, busyOnly}
	for _, c := range []struct {
		cell Cell
		want []string
	}{
		{Cell{Name: "echo", Kind: roster.Load}, []string{"plain", "computes"}},
		{Cell{Name: "idle", Kind: roster.Idle}, []string{"plain", "idle only", "computes"}},
		{Cell{Name: "busy", Kind: roster.Busy}, []string{"computes", "busy only"}},
	} {
		var got []string
		for _, s := range all {
			if c.cell.has(s) {
				got = append(got, s.Name)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s has %q, want %q", c.cell.Name, got, c.want)
		}
	}
	if cells := []Cell{{Kind: roster.Idle}}; wanted(cells, busyOnly) || !wanted(cells, idleOnly) {
		t.Error("a server is built for nothing, or is not")
	}
}

// Server and load get their own arguments and the cell's, and are told of a collection
// only if the server is one that can.
func TestArguments(t *testing.T) {
	c := Cell{Kind: roster.Idle, Collect: true, Server: []string{"-loops", "1"}, Load: []string{"-conns", "5"}}
	s := contestant{Server: roster.Server{Args: []string{"-own"}}}
	for _, test := range []struct {
		collects     bool
		server, load string
	}{
		{false, "-addr 127.0.0.1:0 -loops 1 -own", "-conns 5 -idle"},
		{true, "-addr 127.0.0.1:0 -loops 1 -own -collect", "-conns 5 -idle -collect"},
	} {
		s.program.Collects = test.collects
		if got := strings.Join(c.serverArgs(s), " "); got != test.server {
			t.Errorf("server gets %q, want %q", got, test.server)
		}
		if got := strings.Join(c.loadArgs(s), " "); got != test.load {
			t.Errorf("load gets %q, want %q", got, test.load)
		}
	}
}

func TestPick(t *testing.T) {
	all := []Cell{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	if got, err := PickCells(all, ""); err != nil || len(got) != len(all) {
		t.Errorf("an empty list picks %v, %v", got, err)
	}
	got, err := PickCells(all, "c, a")
	if err != nil || len(got) != 2 || got[0].Name != "a" || got[1].Name != "c" {
		t.Errorf("picked %v, %v", got, err)
	}
	if _, err := PickCells(all, "a,nothing"); err == nil {
		t.Error("no error for a name that there is not")
	}
}
