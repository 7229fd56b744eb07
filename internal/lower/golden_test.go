package lower

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/lowered"
	"rondo.dev/rondo/internal/lower/emit"
	"rondo.dev/rondo/internal/lower/find"
)

var update = flag.Bool("update", false, "write what comes out into testdata")

// language is as much of other packages as the functions in testdata need, in an order
// in which they can be imported.
var language = []struct{ path, text string }{{find.Async, `package async
type Task struct{}
func (*Task) Core() *int { return nil }
func (*Task) WithoutCancel() *Task { return nil }
type Future[T any] interface{ Poll(t *Task) (T, error) }
type Op[T any] struct{}
func (Op[T]) Await(t *Task) (v T, err error) { return }
type Act struct{}
func (Act) Await(t *Task) (err error) { return }
func Await[T any](t *Task, f Future[T]) (v T, err error) { return }
func Yield(t *Task) error { return nil }
type Flight[T any] struct{ a, b, c uintptr }
type Awaiting[T any] struct{ a, b, c uintptr }
type Yielding struct{}
`}, {"io", `package io
var EOF error
`}, {"rondo.dev/rondo/channel", `package channel
import "rondo.dev/rondo/async"
type Chan[T any] struct{}
func (*Chan[T]) Recv() (op async.Op[T]) { return }
func (*Chan[T]) All(t *async.Task) (seq func(func(T) bool)) { return }
type Observer[T any] struct{}
func (*Observer[T]) Next() (op async.Op[T]) { return }
func (*Observer[T]) All(t *async.Task) (seq func(func(T) bool)) { return }
type Subscription[T any] struct{}
func (*Subscription[T]) Recv() (op async.Op[T]) { return }
func (*Subscription[T]) All(t *async.Task) (seq func(func(T, error) bool)) { return }
type LagError struct{}
func (*LagError) Error() string { return "" }
`}, {"rondo.dev/rondo/stream", `package stream
import "rondo.dev/rondo/async"
type Stream[T any] interface{ async.Future[T] }
func All[T any](t *async.Task, s Stream[T]) (seq func(func(T, error) bool)) { return }
`}, {"feeds", `package feeds
import (
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/stream"
)
func News() *channel.Subscription[string] { return nil }
func Items() stream.Stream[int] { return nil }
`}}

type loader map[string]*types.Package

func (l loader) Import(path string) (*types.Package, error) {
	if p := l[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("no package %s", path)
}

// TestGolden lowers the files in testdata. Behind each one's source stands what comes
// out: the fate of each function, and the frames without line directives.
func TestGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) { golden(t, name, "lowered", lowerText) })
	}
}

// golden compares what comes out of a source with what stands behind it.
func golden(t *testing.T, name, what string, run func(t *testing.T, src string) string) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	src, want, _ := strings.Cut(string(text), "\n-- "+what+" --\n")
	got := run(t, src)
	if *update {
		if err := os.WriteFile(name, []byte(src+"\n-- "+what+" --\n"+got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// unitOf type-checks a source.
func unitOf(t *testing.T, src string) *Unit {
	fset := token.NewFileSet()
	var conf types.Config
	parse := func(name, src string) *ast.File {
		f, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	packages := loader{}
	conf.Importer = packages
	for _, p := range language {
		pkg, err := conf.Check(p.path, fset, []*ast.File{parse(p.path, p.text)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		packages[p.path] = pkg
	}
	conf.Sizes = types.SizesFor("gc", "amd64")
	u, err := NewUnit(fset, "p", []*ast.File{parse("p.go", src)}, &conf)
	if err != nil {
		t.Fatal(err)
	}
	u.Sources = map[string][]byte{"p.go": []byte(src)}
	return u
}

func lowerText(t *testing.T, src string) string {
	u := unitOf(t, src)
	r, err := Package(u)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.ParseFile(token.NewFileSet(), "p.go", r.Files["p.go"], 0); err != nil {
		t.Fatalf("what comes out is not Go: %v\n%s", err, r.Files["p.go"])
	}
	linesStay(t, src, string(r.Files["p.go"]))
	var b strings.Builder
	for _, v := range r.Verdicts {
		switch v.Fate {
		case Plain:
			fmt.Fprintf(&b, "// %s: plain\n", v.Func)
		case Declined:
			fmt.Fprintf(&b, "// %s: %d: %s\n", v.Func, v.Where.Line, v.Reason)
		default:
			fmt.Fprintf(&b, "// %s: %d B\n", v.Func, v.Size)
		}
		for line := range strings.Lines(strings.TrimLeft(r.Frames[v.Func], "\n")) {
			if !strings.HasPrefix(line, "//line ") {
				b.WriteString(line)
			}
		}
	}
	return b.String()
}

// linesStay checks that the user's lines are told to be where they are, in what was
// put between them.
func linesStay(t *testing.T, src, out string) {
	want := strings.Split(src, "\n")
	at := 0
	for _, line := range strings.Split(out, "\n") {
		at++
		if n := 0; strings.HasPrefix(line, "//line p.go:") {
			fmt.Sscanf(line, "//line p.go:%d", &n)
			at = n - 1
			continue
		}
		if at <= len(want) && at > 1 && isLine(line, want[at-1]) {
			want[at-1] = "" // found where it is
		}
	}
	missing := slices.IndexFunc(want[1:], func(s string) bool {
		// A function on one line is taken apart by its prologue.
		return strings.HasPrefix(strings.TrimSpace(s), "return") || strings.HasPrefix(s, "func ") && strings.HasSuffix(s, "{")
	})
	if missing >= 0 {
		t.Errorf("line %d is not where it was: %s", missing+2, want[missing+1])
	}
}

// isLine reports whether a line is the user's, in which results may have got names.
func isLine(line, want string) bool {
	params, results, isFunc := strings.Cut(want, ") ")
	isFunc = isFunc && strings.HasPrefix(want, "func ") && strings.HasSuffix(results, "{")
	return line == want || isFunc && strings.HasPrefix(line, params) && strings.HasSuffix(line, "{")
}

// TestSizes: the compiler knows how large the parts of frames are.
func TestSizes(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("words have 8 bytes there")
	}
	if got := unsafe.Sizeof(lowered.Callee{}); got != emit.CalleeSize {
		t.Errorf("Callee has %d bytes, not %d", got, emit.CalleeSize)
	}
	if got := unsafe.Sizeof(lowered.Defers{}); got != emit.DefersSize {
		t.Errorf("Defers has %d bytes, not %d", got, emit.DefersSize)
	}
	if got := unsafe.Sizeof(lowered.Loop{}); got != emit.LoopSize {
		t.Errorf("Loop has %d bytes, not %d", got, emit.LoopSize)
	}
	if got := unsafe.Sizeof(async.Flight[int]{}); got != 24 {
		t.Errorf("Flight has %d bytes; testdata says 24", got)
	}
}
