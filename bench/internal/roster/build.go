package roster

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// A Program is a built server.
type Program struct {
	Path     string
	Version  string // of what it is built on
	Collects bool   // it is in Go, and takes -collect
}

// A Builder builds the programs of the servers, each source once.
type Builder struct {
	ctx   context.Context
	bench string // the directory of module bench
	out   string // where programs go
	built map[string]result
}

type result struct {
	program Program
	err     error
}

// NewBuilder returns a builder from the module's directory into another.
func NewBuilder(ctx context.Context, bench, out string) *Builder {
	return &Builder{ctx, bench, out, map[string]result{}}
}

// Build returns the program of a source, or the reason why this machine cannot
// build it.
func (b *Builder) Build(source string) (Program, error) {
	r, ok := b.built[source]
	if !ok {
		r.program, r.err = b.build(source)
		b.built[source] = r
	}
	return r.program, r.err
}

func (b *Builder) build(source string) (Program, error) {
	recipe, ok := recipes()[source]
	if !ok {
		return Program{}, fmt.Errorf("nobody knows how to build %q", source)
	}
	if recipe.dir == "" {
		recipe.dir = source
	}
	if entries, err := os.ReadDir(b.dir(recipe)); err != nil || len(entries) == 0 {
		return Program{}, fmt.Errorf("servers/%s has no program", recipe.dir)
	}
	return recipe.build(b, source, recipe)
}

func (b *Builder) dir(r recipe) string { return filepath.Join(b.bench, "servers", r.dir) }

func buildGo(b *Builder, source string, r recipe) (Program, error) {
	p := Program{Path: filepath.Join(b.out, source), Collects: true}
	return p, b.goBuild(&p, r, "go")
}

// goBuild builds the program in Go by the go command, or what takes its place.
func (b *Builder) goBuild(p *Program, r recipe, tool string) error {
	if _, err := b.run(b.bench, tool, "build", "-o", p.Path, "./servers/"+r.dir); err != nil {
		return err
	}
	info, err := buildinfo.ReadFile(p.Path)
	if err != nil {
		return err
	}
	p.Version = info.GoVersion
	for _, dep := range info.Deps {
		if dep.Path == r.module {
			p.Version = dep.Version + ", " + p.Version
		}
	}
	return nil
}

// buildLowered builds as users of async functions do who want state machines.
func buildLowered(b *Builder, source string, r recipe) (Program, error) {
	p := Program{Path: filepath.Join(b.out, source), Collects: true}
	rondo := filepath.Join(b.out, "rondo-command")
	if _, err := b.run(b.bench, "go", "build", "-o", rondo, "rondo.dev/rondo/cmd/rondo"); err != nil {
		return p, err
	}
	err := b.goBuild(&p, r, rondo)
	p.Version = "rondo build, " + p.Version
	return p, err
}

func buildC(b *Builder, source string, r recipe) (Program, error) {
	p := Program{Path: filepath.Join(b.out, source)}
	file := filepath.Join(b.dir(r), source+".c")
	args := []string{"-O2", "-o", p.Path, file, "-pthread"}
	if source == "curing" {
		args = append(args, "-luring")
	}
	if _, err := b.run(b.bench, "cc", args...); err != nil {
		return p, err
	}
	version, err := b.run(b.bench, "cc", "--version")
	if err != nil {
		return p, err
	}
	p.Version, _, _ = strings.Cut(version, "\n")
	if source == "curing" {
		// Without pkg-config the version stays untold.
		if uring, err := b.run(b.bench, "pkg-config", "--modversion", "liburing"); err == nil {
			p.Version = "liburing " + strings.TrimSpace(uring) + ", " + p.Version
		}
	}
	return p, nil
}

// buildNginx builds the program that starts the machine's nginx, which is to be
// there.
func buildNginx(b *Builder, source string, r recipe) (Program, error) {
	p := Program{Path: filepath.Join(b.out, source)}
	if err := b.goBuild(&p, r, "go"); err != nil {
		return p, err
	}
	version, err := b.run(b.bench, p.Path, "-version")
	p.Version = strings.TrimSpace(version)
	return p, err
}

// buildRust builds in a copy: cargo writes beside the source.
func buildRust(b *Builder, source string, r recipe) (Program, error) {
	dir := filepath.Join(b.out, source+".cargo")
	p := Program{Path: filepath.Join(dir, "target/release/server")}
	if err := copyDir(dir, b.dir(r)); err != nil {
		return p, err
	}
	if _, err := b.run(dir, "cargo", "build", "--release", "--offline", "--quiet"); err != nil {
		return p, err
	}
	rustc, err := b.run(dir, "rustc", "--version")
	if err != nil {
		return p, err
	}
	lock, err := os.ReadFile(filepath.Join(dir, "Cargo.lock"))
	if err != nil {
		return p, err
	}
	p.Version = r.module + " " + lockedVersion(string(lock), r.module) + ", " + strings.TrimSpace(rustc)
	return p, nil
}

// lockedVersion finds the version of a crate in a Cargo.lock.
func lockedVersion(lock, crate string) string {
	entry := regexp.MustCompile(`(?m)^name = "` + regexp.QuoteMeta(crate) + `"\nversion = "(.*)"$`)
	if m := entry.FindStringSubmatch(lock); m != nil {
		return m[1]
	}
	return "version unknown"
}

// copyDir copies regular files, over those of an earlier copy.
func copyDir(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o644)
	})
}

// run runs a tool and returns what it printed. Its error is one line, the first
// that the tool complained with.
func (b *Builder) run(dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(b.ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("%s: %s", name, firstComplaint(string(exit.Stderr), exit.Error()))
	}
	if err != nil {
		return "", err
	}
	return string(out), nil
}

// firstComplaint returns the first line that names an error, else the first
// that is not empty, else a text for want of any.
func firstComplaint(stderr, otherwise string) string {
	lines := strings.FieldsFunc(stderr, func(r rune) bool { return r == '\n' })
	for _, line := range lines {
		if strings.Contains(line, "error") {
			return strings.TrimSpace(line)
		}
	}
	if len(lines) > 0 {
		return strings.TrimSpace(lines[0])
	}
	return otherwise
}
