// Package emit writes the frame of an async function: its type, and the Step that runs
// the function's graph as a state machine. It is the compiler's last pass.
package emit

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"rondo.dev/rondo/internal/lower/find"
	"rondo.dev/rondo/internal/lower/graph"
	"rondo.dev/rondo/internal/lower/live"
)

// A Package is what functions of one package are emitted with.
type Package struct {
	Fset   *token.FileSet
	Info   *types.Info
	Pkg    *types.Package
	Writes *live.Writes
	// Frame returns the frame of a function that is called statically, nil if it has
	// none. Embed is false where a frame would contain itself.
	Frame func(caller *find.Func, callee *types.Func) (f *Frame, embed bool)
	// FrameNames are those of the package's frames.
	FrameNames map[string]bool
	// Recovers reports whether a function calls recover itself, or may.
	Recovers func(*types.Func) bool
	// Once reports whether every frame of a function is used for one call.
	Once func(*find.Func) bool
	// Literals are the async literals.
	Literals map[*ast.FuncLit]*Shape
}

// A Shape is an async function as those see it who call it without knowing it: what
// its prologue says.
type Shape struct {
	Func *find.Func
	// Frame is nil if it is not lowered: its prologue declines.
	Frame *Frame
	// Quiet functions need no prologue: they call nothing, or nobody asks them.
	Quiet bool
}

// A Frame is the type that a function is lowered to.
type Frame struct {
	Pkg    *types.Package
	Name   string
	Params *types.TypeParamList // of a generic function
	Recv   bool                 // the first argument of Call is the receiver

	fields   []field
	captures []capture // of a literal
	params   []capture
	foreign  int64 // the size of one of another package
}

// Foreign returns the frame of a function of another package.
func Foreign(pkg *types.Package, name string, recv bool, size int64) *Frame {
	return &Frame{Pkg: pkg, Name: name, Recv: recv, foreign: size}
}

// A File is what is emitted into one file.
type File struct {
	*Package
	Syntax  *ast.File
	Imports *Imports
}

// fn is a function that is being emitted.
type fn struct {
	*File
	f     *find.Func
	g     *graph.Graph
	v     *live.Vars
	frame *Frame

	names   names
	self    string // the frame in Step
	task    string // the task in Step
	done    string // the result of Step
	places  map[*types.Var]place
	results []result
	params  []*types.Var // the receiver first
	outside []*types.Var // of functions around
	taskVar *types.Var   // the parameter, if it is Step's

	fields  []field
	byType  map[string]string // fields that awaits share
	slots   []*slot
	temps   []field // variables of Step
	state   map[*graph.Suspend]int
	labels  map[*graph.Block]string
	wanted  map[string]bool         // labels that are jumped to
	renamed map[types.Object]string // constants of the function
	sites   []string                // variables, where tasks are spawned
	at      string                  // the field that says where the function is
	defers  bool
	delayed map[*ast.CallExpr]find.Await // deferred async calls
}

// field is a field of the frame, or a variable of Step.
type field struct {
	name, typ string
	t         types.Type // nil if there is none to tell the size

	frame   *Frame // or of a callee
	pointer bool   // or the pointer to it
	generic bool

	unread bool // by code that can be reached
}

type result struct {
	v    *types.Var
	name string // of the field
	typ  string
}

// place is where a variable is.
type place struct {
	name  string
	frame bool // in the frame; else in Step
	block bool // declared where the user did
	boxed bool // it has an address that others may know: this is a pointer to it
	own   bool // or it itself, in a frame that is used once
}

// failure is why a function can't be emitted.
type failure struct {
	pos    token.Pos
	reason string
}

// Func emits a function as its frame, or says why it can't and where.
func (file *File) Func(g *graph.Graph, frame *Frame, outside []*types.Var) (text string, pos token.Pos, reason string) {
	e := &fn{
		File: file, f: g.Func, g: g, frame: frame, outside: outside,
		places:  map[*types.Var]place{},
		byType:  map[string]string{},
		state:   map[*graph.Suspend]int{},
		labels:  map[*graph.Block]string{},
		wanted:  map[string]bool{},
		renamed: map[types.Object]string{},
		delayed: map[*ast.CallExpr]find.Await{},
	}
	defer func() {
		switch x := recover().(type) {
		case nil:
		case failure:
			text, pos, reason = "", x.pos, x.reason
		default:
			panic(x)
		}
	}()
	return e.emit(), token.NoPos, ""
}

func (e *fn) fail(pos token.Pos, format string, args ...any) {
	panic(failure{pos, fmt.Sprintf(format, args...)})
}

// typ spells a type.
func (e *fn) typ(t types.Type, pos token.Pos) string {
	s, err := e.spelled(t)
	if err != nil {
		e.fail(pos, "%v", err)
	}
	return s
}

// spelled spells a type, or says why it can't: a type parameter of the frame may hide one
// of the package.
func (e *fn) spelled(t types.Type) (s string, err error) {
	if s, err = e.Imports.Type(t); err != nil {
		return "", err
	}
	for p := range e.frame.Params.TypeParams() {
		find.Names(t, func(o *types.TypeName) {
			if o != p.Obj() && o.Name() == p.Obj().Name() && (o.Pkg() == nil || o.Pkg() == e.Pkg) {
				err = fmt.Errorf("the type parameter %s has the name of a type", o.Name())
			}
		})
	}
	return s, err
}

// emit is the pass.
func (e *fn) emit() string {
	e.v = live.In(e.Info, e.g, e.Writes, e.outside)
	own := map[*types.Var]bool{}
	for _, v := range e.v.Order {
		own[v] = true
	}
	e.names = e.namesIn(own)
	for _, name := range []string{"Step", "Call", "Result", "Outcome", "run", "at", "defers"} {
		e.names[name] = true
	}
	for _, a := range e.f.Awaits {
		if a.Deferred {
			e.delayed[a.Call] = a
		}
	}
	e.done = e.names.name("done")
	e.self = e.names.name("f")
	e.task = e.names.name("t")
	e.defers = e.hasDefers() || e.hasLoops()
	e.signature()
	for _, v := range e.v.Order {
		e.settle(v)
	}
	e.at = e.whereField()
	body := e.machine()
	return e.text(body)
}

// signature makes fields of parameters and results.
func (e *fn) signature() {
	sig := e.f.Type
	if decl, ok := e.f.Node.(*ast.FuncDecl); ok && decl.Recv != nil {
		e.params = append(e.params, sig.Recv())
	}
	e.params = append(e.params, slices.Collect(sig.Params().Variables())...)
	for i := range sig.Results().Len() {
		v := sig.Results().At(i)
		name := v.Name()
		if name == "" || name == "_" {
			name = "r"
			if isError(v.Type()) {
				name = "err"
			}
			name = e.names.name(name)
		}
		if name != v.Name() && !e.defers {
			// Its field is free until the function returns. Where calls are deferred
			// it is not: they may recover, and then it is returned as it is.
			e.slots = append(e.slots, &slot{name: name, t: v.Type()})
		}
		e.results = append(e.results, result{v, name, e.typ(v.Type(), e.f.Node.Pos())})
	}
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// settle decides where a variable is.
func (e *fn) settle(v *types.Var) {
	_, alone := e.v.Block[v]
	p := place{boxed: e.v.Held[v]}
	isParam := slices.Contains(e.params, v)
	isOutside := slices.Contains(e.outside, v)
	isResult := slices.ContainsFunc(e.results, func(r result) bool { return r.v == v })
	switch {
	case v == e.firstTask() && !e.Writes.Assigned(v):
		e.names[e.task] = false // the variable's name is the better one
		e.task = e.names.name(v.Name())
		e.taskVar = v
		e.places[v] = place{name: e.task, block: true}
		return
	case isParam, isResult, isOutside, e.v.Across[v]:
		p.frame = true
	case alone:
		p.block, p.boxed = true, false
	}
	declared := p.block || isParam || isResult || isOutside // by the signature, or the user
	if p.frame && !p.boxed && !declared {
		if s := e.slotFor(v); s != nil {
			p.name = s.name
			e.places[v] = p
			return
		}
	}
	p.name = e.names.name(v.Name())
	e.places[v] = p
	if declared {
		return
	}
	t := v.Type()
	if p.own = p.frame && p.boxed && e.once(v); p.own {
		e.places[v] = p
	} else if p.boxed {
		t = types.NewPointer(t)
	}
	x := field{name: p.name, typ: e.typ(t, v.Pos()), t: t}
	if p.frame {
		e.fields = append(e.fields, x)
		if !p.boxed {
			e.slots = append(e.slots, &slot{x.name, t, []*types.Var{v}})
		}
	} else {
		x.unread = !e.v.Read[v] && !p.boxed
		e.temps = append(e.temps, x)
	}
}

// once reports whether a variable that has an address can be a field all the same: if
// its frame is used once, in which it is declared once.
func (e *fn) once(v *types.Var) bool {
	return e.Once(e.f) && e.frame.Params.Len() == 0 && !e.v.Declared[v].Again() && sizes.Sizeof(v.Type()) <= maxOwn
}

// maxOwn is how large such a variable may be, in bytes: a frame is copied when a task
// is spawned.
const maxOwn = 256

// sizes are those of most machines: elsewhere it may be a little more, or less.
var sizes = types.SizesFor("gc", "amd64")

// firstTask returns the parameter that makes the function async.
func (e *fn) firstTask() *types.Var { return e.f.Type.Params().At(0) }

// spell returns how a variable is written in Step. In a literal that captures it, it
// is a copy in a variable of Step: see shadow.
func (e *fn) spell(v *types.Var, captured bool) string {
	p := e.places[v]
	s := p.name
	if p.frame && !captured {
		s = e.self + "." + s
	}
	if p.boxed && (captured || !p.own) {
		s = "(*" + s + ")"
	}
	return s
}

// pointer returns how the pointer to a boxed variable is written in Step.
func (e *fn) pointer(v *types.Var) string {
	p := e.places[v]
	switch {
	case p.own:
		return "&" + e.self + "." + p.name
	case p.frame:
		return e.self + "." + p.name
	}
	return p.name
}

// box makes room for a boxed variable, where it is declared.
func (w *writer) box(v *types.Var, typ string) {
	if !w.places[v].own { // else there is, and it is zero
		w.line("%s = new(%s)", w.pointer(v), typ)
	}
}

// hasDefers reports whether the function defers calls itself.
func (e *fn) hasDefers() (has bool) {
	ast.Inspect(e.f.Body, func(n ast.Node) bool {
		if _, ok := n.(*ast.DeferStmt); ok {
			has = true
		}
		_, isLit := n.(*ast.FuncLit)
		return !isLit
	})
	return has
}
