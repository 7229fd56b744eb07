package random

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"fmt"
	"go/format"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rondo.dev/rondo/internal/lower/tool"
	"rondo.dev/rondo/internal/lowertest/overlay"
)

// world is what stands around the programs.
//
//go:embed testdata/*.go
var world embed.FS

// header is what stands before a program in its file.
const header = `package main

import (
	"runtime"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/stream"
)

var (
	_ = runtime.Goexit
	_ = stream.All[int]
)

`

// drawn is a package that is only in an overlay.
const drawn = "rondo.dev/rondo/internal/lowertest/random/drawn"

// A Difference is a program that was not told the same in all ways.
type Difference struct {
	Name string
	Made []uint16
	What string // differs
}

// Source returns the source of a program, formatted.
func Source(made []uint16, name string) string {
	text := Program(Replay(made), name)
	if pretty, err := format.Source([]byte(text)); err == nil {
		return string(pretty)
	}
	return text
}

// Ways are those in which programs are told, the first of which is what the others are
// compared with.
var Ways = []string{"blocking", "coroutine", "lowered"}

// A Comparer builds programs in each way and compares what they tell.
type Comparer struct {
	Dir  string   // for what it builds
	Root string   // the module's
	Ways []string // all of them if there are none

	spoil func(way, text string) string // changes a file, in tests
}

// Compare builds programs in each way, runs them, and returns those that differ.
func (c *Comparer) Compare(programs [][]uint16) (diffs []Difference, err error) {
	left := make(map[string][]uint16, len(programs))
	for i, made := range programs {
		left[fmt.Sprintf("p%d", i)] = made
	}
	differs := func(name, format string, args ...any) {
		diffs = append(diffs, Difference{name, left[name], fmt.Sprintf(format, args...)})
		delete(left, name)
	}
	ways := c.Ways
	if len(ways) == 0 {
		ways = Ways
	}
	// The coroutines' first: what does not build there is no program.
	for _, way := range order(ways) {
		for {
			out, files, ok := c.build(way, left)
			if ok {
				break
			}
			broken := mentioned(out, files)
			if len(broken) == 0 {
				return diffs, fmt.Errorf("the %s programs do not build:\n%s", way, out)
			}
			for _, name := range inOrder(broken) {
				differs(name, "%s: it does not build:\n%s", way, broken[name])
			}
		}
	}
	var first string // what the others are compared with
	var told map[string]string
	for _, way := range ways {
		for suspend := range 3 {
			name := fmt.Sprintf("%s, suspended in every %d", way, suspend)
			stories, err := c.run(way, suspend)
			if err != nil && len(stories) == 0 {
				return diffs, fmt.Errorf("%s: %w", name, err)
			}
			if first == "" {
				first, told = name, stories
				continue
			}
			for _, p := range inOrder(left) {
				story, ended := stories[p]
				if !ended {
					differs(p, "%s: the process ended: %v", name, err)
					break // those after it did not run
				}
				if story != told[p] {
					differs(p, "%s, and %s:\n%s", first, name, around(told[p], story))
				}
			}
		}
	}
	return diffs, nil
}

// order puts the coroutines first, if they are among the ways.
func order(ways []string) []string {
	return slices.SortedStableFunc(slices.Values(ways), func(a, b string) int {
		rank := func(way string) int { return slices.Index([]string{"coroutine", "blocking", "lowered"}, way) }
		return rank(a) - rank(b)
	})
}

// inOrder returns the programs' names: p0, p1, ... p10.
func inOrder[T any](programs map[string]T) []string {
	return slices.SortedFunc(maps.Keys(programs), func(a, b string) int {
		return cmp.Or(len(a)-len(b), strings.Compare(a, b))
	})
}

// together is how many programs are in a file: to fewer files go fewer lookups of their
// names, which there are many of.
const together = 50

// build builds the programs in one way, and returns what the tools say otherwise, and
// the files.
func (c *Comparer) build(way string, programs map[string][]uint16) (said string, files []file, ok bool) {
	texts := map[string]string{}
	parts, _ := world.ReadDir("testdata")
	for _, f := range parts {
		text, _ := world.ReadFile("testdata/" + f.Name())
		texts[f.Name()] = string(text)
	}
	var list strings.Builder
	list.WriteString("package main\n\nfunc init() {\n\tprograms = []program{\n")
	for i, name := range inOrder(programs) {
		fmt.Fprintf(&list, "\t\t{%q, %s},\n", name, name)
		if i%together == 0 {
			files = append(files, file{name: fmt.Sprintf("from%s.go", name), text: header})
		}
		files[len(files)-1].add(name, Source(programs[name], name))
	}
	for _, f := range files {
		texts[f.name] = f.text
	}
	texts["programs.go"] = list.String() + "\t}\n}\n"
	overlaid := map[string][]byte{}
	for name, text := range texts {
		if c.spoil != nil {
			text = c.spoil(way, text)
		}
		to := []byte(text)
		if way == "blocking" {
			to = overlay.Blocking(to)
		}
		overlaid[filepath.Join(c.Root, "internal", "lowertest", "random", "drawn", name)] = to
	}
	replace, err := overlay.Write(c.Dir, way, overlaid)
	if err != nil {
		panic(err) // the directory is temporary
	}
	args := []string{"build", "-buildvcs=false", "-overlay=" + replace, "-o", filepath.Join(c.Dir, way), "-gcflags=" + drawn + "=-e -N -l -dwarf=false", "-ldflags=-s -w"}
	var out bytes.Buffer
	switch way {
	case "lowered":
		code := tool.Main(append(args, drawn), &out, &out)
		return out.String(), files, code == 0
	case "blocking":
		args = append(args, "-tags=blocking")
	}
	// All errors: a program that does not build must not hide the others.
	cmd := exec.Command("go", append(args, drawn)...)
	cmd.Dir = c.Root
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	return out.String(), files, err == nil
}

// A file has the text of some programs.
type file struct {
	name, text string
	programs   []string
	begins     []int // the lines at which they do
}

func (f *file) add(program, text string) {
	f.programs = append(f.programs, program)
	f.begins = append(f.begins, strings.Count(f.text, "\n")+1)
	f.text += text
}

// mentioned returns the programs whose lines an output names, with what it says of them.
func mentioned(out string, files []file) map[string]string {
	says := map[string]string{}
	for line := range strings.Lines(out) {
		for _, f := range files {
			_, at, found := strings.Cut(line, f.name+":")
			var n int
			if fmt.Sscanf(at, "%d", &n); found && n >= f.begins[0] {
				i, exact := slices.BinarySearch(f.begins, n)
				if !exact {
					i--
				}
				says[f.programs[i]] += line
			}
		}
	}
	return says
}

// run returns what the programs tell, by name: of those that came to an end.
func (c *Comparer) run(way string, suspend int) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(c.Dir, way), fmt.Sprintf("-suspend=%d", suspend))
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, errs.String()[:min(errs.Len(), 3000)])
	}
	stories := map[string]string{}
	for _, s := range strings.Split("\n"+string(out), "\n== ")[1:] {
		name, story, _ := strings.Cut(s, "\n")
		stories[name] = story
	}
	return stories, err
}

// around shows where two texts begin to differ.
func around(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range max(len(x), len(y)) {
		if i >= len(x) || i >= len(y) || x[i] != y[i] {
			cut := func(s []string) string { return strings.Join(s[max(0, min(len(s), i)-6):min(len(s), i+2)], "\n") }
			return cut(x) + "\n-- and --\n" + cut(y)
		}
	}
	return ""
}

// Shrink looks for the simplest program that still differs in the same way.
func (c *Comparer) Shrink(d Difference) (Difference, error) {
	kind := func(d Difference) string { way, _, _ := strings.Cut(d.What, ":"); return way }
	err := shrink(d.Made, func(batch [][]uint16) ([]uint16, error) {
		diffs, err := c.Compare(batch)
		found := false
		for _, x := range diffs {
			if kind(x) == kind(d) && size(x.Made) < size(d.Made) {
				d, found = x, true
			}
		}
		if !found {
			return nil, err
		}
		return d.Made, err
	})
	return d, err
}

// size is how large a program is.
func size(made []uint16) int { return len(Source(made, "p")) }

// shrink tries simpler sequences until none is any good: best returns the best one of
// a batch, nil if there is none.
func shrink(made []uint16, best func(batch [][]uint16) ([]uint16, error)) error {
	for {
		var next []uint16
		for batch := range slices.Chunk(simpler(made), 100) {
			var err error
			if next, err = best(batch); err != nil {
				return err
			}
			if next != nil {
				break
			}
		}
		if next == nil {
			return nil
		}
		made = next
	}
}
