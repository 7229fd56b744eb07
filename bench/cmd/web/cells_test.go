package main

import (
	"os/exec"
	"slices"
	"testing"
	"time"

	"rondo.dev/rondo/bench/internal/roster"
)

// Every situation has servers, every server a situation, and what is quick has no more
// than what the go command builds.
func TestPlan(t *testing.T) {
	o := options{rounds: 5, tailRounds: 3, idleRounds: 2, duration: time.Second, many: 10_000, idle: 8000, idleTLS: 4000}
	p, err := o.plan()
	if err != nil {
		t.Fatal(err)
	}
	var kinds, used roster.Kind
	for _, s := range p.Servers {
		used |= s.Kinds
	}
	for _, c := range p.Cells {
		kinds |= c.Kind
		if used&c.Kind == 0 {
			t.Errorf("nobody is put into %s", c.Name)
		}
		if c.Rounds == 0 || c.Time < 0 || !c.Pinned {
			t.Errorf("%s: %+v", c.Name, c)
		}
	}
	if _, err := exec.LookPath("h2load"); err != nil {
		kinds |= roster.Streams // nobody is there to load it
	}
	for _, s := range p.Servers {
		if s.Kinds&^kinds != 0 {
			t.Errorf("%s is for what there is not", s.Name)
		}
	}
	o.quick = true
	if p, err = o.plan(); err != nil {
		t.Fatal(err)
	}
	for _, s := range p.Servers {
		if !s.InGo() {
			t.Errorf("%s is not quick", s.Name)
		}
	}
	o.servers, o.cells = "nginx", ""
	if _, err := o.plan(); err == nil {
		t.Error("nginx is not in Go, and yet it can be picked")
	}
	o.servers, o.cells = "net-http,fasthttp", "idle"
	if p, err = o.plan(); err != nil || len(p.Servers) != 2 || len(p.Cells) != 1 {
		t.Errorf("picked %v, %v", p, err)
	}
}

// Load and server are told the same of a cell.
func TestCells(t *testing.T) {
	for _, c := range cells(options{many: 1000, idle: 10, idleTLS: 5}) {
		if tls := slices.Contains(c.Server, "-tls"); tls != (slices.Contains(c.Load, "https") || slices.Contains(c.Load, "h2")) {
			t.Errorf("%s: server %q, load %q", c.Name, c.Server, c.Load)
		}
		if c.Beside != slices.Contains(c.Load, "-beside") || c.Tail != slices.Contains(c.Load, "-rate") {
			t.Errorf("%s: %+v", c.Name, c)
		}
	}
}
