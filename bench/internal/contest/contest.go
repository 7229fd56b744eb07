// Package contest puts servers into the same situations, one right after the other
// and round by round, and tells what it saw of them in tables. It is what the
// commands that compare servers are made of.
package contest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"rondo.dev/rondo/bench/internal/proc"
	"rondo.dev/rondo/bench/internal/roster"
)

// A Workplace is where programs are built and run.
type Workplace struct {
	Module string // the directory of module bench
	Bin    string // the directory of what is built
	CPUs   []int  // processors that may be used

	temporary bool
}

// Open prepares to build into a directory, which is kept, or into a temporary one if
// it has no name.
func Open(ctx context.Context, bin string) (*Workplace, error) {
	w := &Workplace{temporary: bin == ""}
	var err error
	if w.Module, err = moduleDir(ctx); err != nil {
		return nil, err
	}
	if w.CPUs, err = proc.CPUs(); err != nil {
		return nil, err
	}
	if w.temporary {
		w.Bin, err = os.MkdirTemp("", "rondo-bench-")
		return w, err
	}
	if w.Bin, err = filepath.Abs(bin); err != nil {
		return nil, err
	}
	return w, os.MkdirAll(w.Bin, 0o755)
}

// Close removes what was built, if nobody wants to keep it.
func (w *Workplace) Close() error {
	if !w.temporary {
		return nil
	}
	return os.RemoveAll(w.Bin)
}

// moduleDir finds module bench, in or below whose directory the command runs.
func moduleDir(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}} {{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	path, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if path != "rondo.dev/rondo/bench" {
		return "", fmt.Errorf("run this in the directory of module rondo.dev/rondo/bench, not of %s", path)
	}
	return dir, nil
}

// A Plan says what is measured.
type Plan struct {
	Servers []roster.Server
	Cells   []Cell
	Foreign float64 // processors that others may use before a sample is set aside
}

// Run builds the servers and the load generator, and measures. A run that is
// interrupted has results too, which say so.
func (w *Workplace) Run(ctx context.Context, p Plan) (*Results, error) {
	b := bench{load: filepath.Join(w.Bin, "load"), cpus: w.CPUs}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", b.load, "./load")
	cmd.Dir = w.Module
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the load generator: %w\n%s", err, out)
	}
	r := &Results{Plan: p, machine: describeMachine(ctx, w.Module)}
	r.contestants, r.skipped = w.enlist(ctx, p)
	r.samples = b.rounds(ctx, p.Cells, r.contestants)
	r.interrupted = ctx.Err() != nil
	return r, nil
}

// A contestant is a server with its program.
type contestant struct {
	roster.Server
	program roster.Program
}

// A skip is a server that this machine cannot build, and why.
type skip struct {
	name   string
	reason error
}

// enlist builds those servers that are put into any cell.
func (w *Workplace) enlist(ctx context.Context, p Plan) (all []contestant, skipped []skip) {
	builder := roster.NewBuilder(ctx, w.Module, w.Bin)
	for _, s := range p.Servers {
		if !wanted(p.Cells, s) {
			continue
		}
		fmt.Fprintln(os.Stderr, "building", s.Name)
		program, err := builder.Build(s.Source)
		if err != nil {
			fmt.Fprintln(os.Stderr, "skipping", s.Name+":", err)
			skipped = append(skipped, skip{s.Name, err})
			continue
		}
		all = append(all, contestant{s, program})
	}
	return all, skipped
}

func wanted(cells []Cell, s roster.Server) bool {
	for _, c := range cells {
		if c.has(s) {
			return true
		}
	}
	return false
}

// Failed returns the first failure of a run in which nothing may fail.
func (r *Results) Failed() error {
	for _, c := range r.Cells {
		for _, s := range r.contestants {
			for _, sample := range r.samples[key{c.Name, s.Name}] {
				if sample.err != nil {
					return fmt.Errorf("%s, %s: %w", c.Name, s.Name, sample.err)
				}
			}
		}
	}
	if len(r.skipped) > 0 {
		return fmt.Errorf("%s: %w", r.skipped[0].name, r.skipped[0].reason)
	}
	if r.interrupted {
		return errors.New("interrupted")
	}
	return nil
}
