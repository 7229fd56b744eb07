package find_test

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rondo.dev/rondo/internal/lower/find"
)

// language is as much of package async as the tests need.
const language = `package async
type Task struct{}
type Future[T any] interface{ Poll(t *Task) (T, error) }
type Op[T any] struct{}
func (Op[T]) Await(t *Task) (v T, err error) { return }
func (*Op[T]) Poll(t *Task) (v T, err error) { return }
type Act struct{}
func (Act) Await(t *Task) (err error) { return }
type Join[T any] struct{}
func (*Join[T]) Await(t *Task) (v T, err error) { return }
type Child struct{ Join[int] }
func (*Child) Await(t *Task) (err error) { return }
type Group struct{}
func (*Group) Wait(t *Task) (err error) { return }
func NewGroup(t *Task, n int) *Group { return nil }
func Await[T any](t *Task, f Future[T]) (v T, err error) { return }
func Spawn[T any](t *Task, f func(*Task) (T, error)) *Join[T] { return nil }
func Yield(t *Task) error { return nil }
`

// around is what the programs of the table stand in.
const around = `package p
import "rondo.dev/rondo/async"
var _ async.Act
type task = async.Task
type alias = *async.Task
type handler func(*async.Task) int
type iface interface { run(t *async.Task) int }
type conn struct{ iface; op async.Op[int]; fn func(*async.Task) int }
func (*conn) read(t *async.Task) int { return 0 }
type outer struct{ conn }
func leaf(t *async.Task) int { return 0 }
func generic[T any](t *async.Task, v T) T { return v }
type box[T any] struct{}
func (box[T]) get(t *async.Task) (v T) { return }
func plain(n int, t *async.Task) int { return 0 }
func many(t ...*async.Task) {}
`

type loader map[string]*types.Package

func (l loader) Import(path string) (*types.Package, error) {
	if p := l[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("no package %s", path)
}

func check(t *testing.T, src string) ([]*find.Func, []find.Stray) {
	t.Helper()
	fset := token.NewFileSet()
	parse := func(name, src string) *ast.File {
		f, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	var conf types.Config
	async, err := conf.Check(find.Async, fset, []*ast.File{parse("async.go", language)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	conf.Importer = loader{find.Async: async}
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{},
		Defs:  map[*ast.Ident]types.Object{},
		Uses:  map[*ast.Ident]types.Object{},
	}
	file := parse("p.go", src)
	helpers := parse("around.go", around)
	if _, err := conf.Check("p", fset, []*ast.File{helpers, file}, info); err != nil {
		t.Fatal(err)
	}
	return find.In(info, file)
}

// show writes what was found as "name: kind callee, ...; stray kind callee".
func show(funcs []*find.Func, strays []find.Stray) string {
	one := func(a find.Await) string {
		s := a.Kind.String()
		if a.Callee != nil {
			s += " " + a.Callee.Name()
		}
		if a.Deferred {
			s += " deferred"
		}
		if a.Spawned {
			s += " spawned"
		}
		return s
	}
	var lines []string
	for _, f := range funcs {
		name := "literal"
		if f.Object != nil {
			name = f.Object.Name()
		}
		if f.Outer != nil {
			name += " inside"
		}
		var parts []string
		for _, a := range f.Awaits {
			parts = append(parts, one(a))
		}
		for _, s := range f.Strays {
			parts = append(parts, "stray "+one(s.Await))
		}
		lines = append(lines, name+": "+strings.Join(parts, ", "))
	}
	for _, s := range strays {
		lines = append(lines, "stray "+one(s.Await))
	}
	return strings.Join(lines, "; ")
}

func TestFind(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"a function without a task", `func f(n int) {}`, ""},
		{"the task comes first", `func f(n int, t *async.Task) {}`, ""},
		{"a task by value", `func f(t async.Task) {}`, ""},
		{"a variadic task", `func f(t ...*async.Task) {}`, ""},
		{"no await", `func f(t *async.Task) {}`, "f: "},
		{"no name", `func f(*async.Task) {}`, "f: "},
		{"an alias of the task", `func f(t *task) {}`, "f: "},
		{"an alias of the pointer", `func f(t alias) {}`, "f: "},
		{"a method", `func (c *conn) f(t *async.Task) {}`, "f: "},
		{"a method whose receiver is not a task", `type own struct{ t *async.Task }; func (o own) f() { leaf(o.t) }`, "stray static leaf"},
		{"an own type named Task", `type Task struct{}; func f(t *Task) {}`, ""},

		{"an operation", `func f(t *async.Task, c *conn) { c.op.Await(t) }`, "f: primitive Await"},
		{"an action", `func f(t *async.Task, a async.Act) { a.Await(t) }`, "f: primitive Await"},
		{"a future", `func f(t *async.Task, x async.Future[int]) { async.Await(t, x) }`, "f: primitive Await"},
		{"a future, instantiated", `func f(t *async.Task, x async.Future[int]) { (async.Await[int])(t, x) }`, "f: primitive Await"},
		{"joins", `func f(t *async.Task, j *async.Join[int], c *async.Child, g *async.Group) { j.Await(t); c.Await(t); g.Wait(t); async.Yield(t) }`,
			"f: primitive Await, primitive Await, primitive Wait, primitive Yield"},
		{"polling", `func f(t *async.Task, o *async.Op[int], x async.Future[int]) { o.Poll(t); x.Poll(t) }`, "f: "},
		{"spawning", `func f(t *async.Task) { async.Spawn(t, func(t *async.Task) (int, error) { return leaf(t), nil }); async.NewGroup(t, 1) }`,
			"f: ; literal inside: static leaf"},

		{"a function", `func f(t *async.Task) { leaf(t) }`, "f: static leaf"},
		{"parentheses", `func f(t *async.Task) { ((leaf))(t) }`, "f: static leaf"},
		{"itself", `func f(t *async.Task) { f(t) }`, "f: static f"},
		{"another view", `func f(t *async.Task) { u := *t; leaf(&u) }`, "f: static leaf"},
		{"generic", `func f(t *async.Task) { generic(t, 1); generic[int](t, 1) }`, "f: static generic, static generic"},
		{"a generic method", `func f(t *async.Task, b box[int]) { b.get(t) }`, "f: static get"},
		{"a method called", `func f(t *async.Task, c *conn) { c.read(t) }`, "f: static read"},
		{"a promoted method", `func f(t *async.Task, o *outer) { o.read(t) }`, "f: static read"},
		{"a method expression", `func f(t *async.Task, c *conn) { (*conn).read(c, t) }`, "f: static read"},
		{"a method value", `func f(t *async.Task, c *conn) { g := c.read; g(t) }`, "f: dynamic"},
		{"an interface", `func f(t *async.Task, i iface) { i.run(t) }`, "f: dynamic run"},
		{"an interface's method expression", `func f(t *async.Task, i iface) { iface.run(i, t) }`, "f: dynamic run"},
		{"an embedded interface", `func f(t *async.Task, c *conn) { c.run(t) }`, "f: dynamic run"},
		{"a function value", `func f(t *async.Task, h handler) { h(t) }`, "f: dynamic"},
		{"a field", `func f(t *async.Task, c *conn) { c.fn(t) }`, "f: dynamic"},
		{"an element", `func f(t *async.Task, h []handler) { h[0](t) }`, "f: dynamic"},
		{"a result", `func f(t *async.Task, h func() handler) { h()(t) }`, "f: dynamic"},
		{"a function of a type parameter", `func f[F ~func(*async.Task) int](t *async.Task, h F) { h(t) }`, "f: dynamic"},
		{"a function of a named constraint", `type c interface{ handler | func(*async.Task) int }; func f[F c](t *async.Task, h F) { h(t) }`, "f: dynamic"},
		{"a method of a type parameter", `func f[R iface](t *async.Task, r R) { r.run(t) }`, "f: dynamic run"},
		{"a literal called", `func f(t *async.Task) { func(t *async.Task) { leaf(t) }(t) }`, "f: literal; literal inside: static leaf"},

		{"not first", `func f(t *async.Task) { plain(1, t); many(t) }`, "f: "},
		{"a conversion", `func f(t *async.Task) { _ = handler(leaf); _ = alias(t) }`, "f: "},
		{"a builtin", `func f(t *async.Task) { println(t); panic(t) }`, "f: "},
		{"the inner one first", `func f(t *async.Task) { generic(t, leaf(t)) }`, "f: static generic, static leaf"},

		{"defer and go", `func f(t *async.Task) { defer leaf(t); go leaf(t); defer println(leaf(t)) }`,
			"f: static leaf deferred, static leaf spawned, static leaf"},
		{"a stray in a literal", `func f(t *async.Task) { g := func() { leaf(t) }; g() }`, "f: stray static leaf"},
		{"a stray in two literals", `func f(t *async.Task) { func() { func() { leaf(t) }() }() }`, "f: stray static leaf"},
		{"a stray in a deferred literal", `func f(t *async.Task) { defer func() { leaf(t) }() }`, "f: stray static leaf"},
		{"async again in a literal that is not", `func f(t *async.Task) { func() { _ = func(t *async.Task) { leaf(t) } }() }`, "f: ; literal: static leaf"},
		{"a stray in a function", `func f(n int, t *async.Task) { leaf(t) }`, "stray static leaf"},
		{"a stray in a declaration", `var v = leaf(nil)`, "stray static leaf"},
		{"a literal in a declaration", `var v = func(t *async.Task) { leaf(t) }`, "literal: static leaf"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := show(check(t, "package p\nimport \"rondo.dev/rondo/async\"\nvar _ async.Act\n"+c.src))
			if got != c.want {
				t.Errorf("%s\n got %q\nwant %q", c.src, got, c.want)
			}
		})
	}
}

// The primitives are those exported functions of package async that come to its
// suspend, or to a coroutine's yield, by static calls.
func TestPrimitives(t *testing.T) {
	fset := token.NewFileSet()
	names, err := filepath.Glob("../../../async/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{},
		Defs:  map[*ast.Ident]types.Object{},
		Uses:  map[*ast.Ident]types.Object{},
	}
	conf := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	pkg, err := conf.Check(find.Async, fset, files, info)
	if err != nil {
		t.Fatal(err)
	}
	suspends := map[types.Object]bool{}
	for grown := true; grown; {
		grown = false
		for _, file := range files {
			for _, d := range file.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || suspends[info.Defs[fn.Name]] {
					continue
				}
				ast.Inspect(fn.Body, func(n ast.Node) bool {
					if call, ok := n.(*ast.CallExpr); ok && reaches(info, call, suspends) {
						suspends[info.Defs[fn.Name]] = true
						grown = true
					}
					return true
				})
			}
		}
	}
	want := map[string]bool{}
	for o := range suspends {
		if f := o.(*types.Func); f.Exported() && find.IsAsync(f.Signature()) {
			want[f.FullName()] = true
		} else if f.Exported() && f.FullName() != "(*"+find.Async+".Coroutine).Yield" {
			// Yield is for package lowered, which knows what it suspends.
			t.Errorf("%s suspends, and is not async", f.FullName())
		}
	}
	got := map[string]bool{}
	for f := range exported(pkg) {
		id := &ast.Ident{Name: f.Name()}
		called := &types.Info{Uses: map[*ast.Ident]types.Object{id: f}}
		if kind, _ := find.Classify(called, &ast.CallExpr{Fun: id}); kind == find.Primitive {
			got[f.FullName()] = true
		}
	}
	if !maps.Equal(got, want) || len(want) == 0 {
		t.Errorf("primitives\n got %q\nwant %q", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

// reaches reports whether a call suspends, by what is known already.
func reaches(info *types.Info, call *ast.CallExpr, suspends map[types.Object]bool) bool {
	fun := ast.Unparen(call.Fun)
	switch x := fun.(type) {
	case *ast.IndexExpr:
		fun = x.X
	case *ast.IndexListExpr:
		fun = x.X
	}
	var o types.Object
	switch x := fun.(type) {
	case *ast.Ident:
		o = info.Uses[x]
	case *ast.SelectorExpr:
		o = info.Uses[x.Sel]
	}
	switch o := o.(type) {
	case *types.Func:
		return suspends[o.Origin()]
	case *types.Var:
		return o.IsField() && o.Name() == "yield"
	}
	return false
}

// exported yields the exported functions and methods of a package.
func exported(pkg *types.Package) func(func(*types.Func) bool) {
	return func(yield func(*types.Func) bool) {
		for _, name := range pkg.Scope().Names() {
			switch o := pkg.Scope().Lookup(name).(type) {
			case *types.Func:
				if o.Exported() && !yield(o) {
					return
				}
			case *types.TypeName:
				n, ok := o.Type().(*types.Named)
				if !ok || !o.Exported() {
					continue
				}
				for m := range n.Methods() {
					if m.Exported() && !yield(m) {
						return
					}
				}
			}
		}
	}
}
