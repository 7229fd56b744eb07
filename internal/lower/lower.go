// Package lower is the compiler of async functions: it rewrites those of a package
// into state machines, Go to Go.
//
// Its passes, each a package:
//
//   - find: which functions are async, and where they can be suspended.
//   - normal: awaits become statements of their own.
//   - graph: what an await forces is taken apart into blocks and jumps.
//   - live: which variables live across an await.
//   - emit: the frame, and its Step.
//
// What it makes is described in package async/lowered. A function that a pass can't
// deal with stays as it is, and runs on a coroutine; a [Verdict] says why.
package lower

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"rondo.dev/rondo/internal/lower/emit"
	"rondo.dev/rondo/internal/lower/find"
	"rondo.dev/rondo/internal/lower/graph"
	"rondo.dev/rondo/internal/lower/live"
)

// A Unit is one package of the build, type-checked. NewUnit makes one; Sources and
// Foreign are filled in by its caller.
type Unit struct {
	Fset    *token.FileSet
	Files   []*ast.File       // Package changes them
	Sources map[string][]byte // the files' contents by name
	Pkg     *types.Package
	Info    *types.Info
	Config  *types.Config
	// Foreign tells what is known of a function of another package; nil: nothing.
	Foreign func(*types.Func) (Fact, bool)
}

// NewUnit type-checks the files of a package.
func NewUnit(fset *token.FileSet, path string, files []*ast.File, config *types.Config) (*Unit, error) {
	info := &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Instances:  map[*ast.Ident]types.Instance{},
		Defs:       map[*ast.Ident]types.Object{},
		Uses:       map[*ast.Ident]types.Object{},
		Implicits:  map[ast.Node]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},

		FileVersions: map[*ast.File]string{},
	}
	var failed error
	conf := *config
	conf.Error = func(err error) {
		if failed == nil && !isUnusedImport(err) {
			failed = err
		}
	}
	pkg, _ := conf.Check(path, fset, files, info)
	if failed != nil {
		return nil, failed
	}
	return &Unit{Fset: fset, Files: files, Pkg: pkg, Info: info, Config: config}, nil
}

// isUnusedImport reports whether an error is that of an import that is not used. The go
// command has accepted the package; what remains of it in normal form may need less.
func isUnusedImport(err error) bool {
	var e types.Error
	return errors.As(err, &e) && e.Soft && strings.HasSuffix(e.Msg, "and not used") && strings.Contains(e.Msg, "imported")
}

// A Fact is what other packages have to know of an async function.
type Fact struct {
	Frame    string `json:",omitempty"` // the name of its frame, if it has one that they can name
	Recv     bool   `json:",omitempty"`
	Size     int64  `json:",omitempty"`
	Suspends bool   `json:",omitempty"` // it may
	Keeps    bool   `json:",omitempty"` // it keeps its task, for something that suspends it later
	Recovers bool   `json:",omitempty"` // it calls recover itself
}

// A Verdict is what became of one async function.
type Verdict struct {
	Func   string
	Pos    token.Position
	Fate   Fate
	Reason string // of what was declined
	Where  token.Position
	Size   int64 // of the frame in bytes, 0 if it depends on type arguments
}

// A Fate is what becomes of an async function.
type Fate uint8

const (
	// Plain functions never suspend.
	Plain Fate = iota
	// Lowered functions have a frame.
	Lowered
	// Declined functions stay on a coroutine.
	Declined
)

// Result is a package, lowered.
type Result struct {
	Files    map[string][]byte // the files that changed
	Verdicts []Verdict
	Facts    map[string]Fact   // by types.Func.FullName
	Frames   map[string]string // the generated code by function, for people to read
}

// Package lowers the async functions of a package. The unit's syntax is of no use
// afterwards.
func Package(u *Unit) (*Result, error) {
	if u.Pkg.Path() == find.Async || u.Pkg.Path() == emit.Lowered {
		return &Result{}, nil // what all others are made with
	}
	var misfits []misfit
	for {
		p := newProgram(u)
		p.judge(misfits)
		n, m := p.normalised()
		if m == nil {
			if n != p {
				n.judge(misfits)
			}
			n.lower()
			return n.result()
		}
		// The others may be lowered all the same, unless it was all for nothing.
		if slices.ContainsFunc(misfits, func(x misfit) bool { return x.file == m.file && x.decl == m.decl }) {
			m.file, m.decl = -1, -1
		}
		misfits = append(misfits, *m)
		var err error
		if u, err = u.again(); err != nil {
			return nil, err
		}
	}
}

func newProgram(u *Unit) *program {
	p := &program{
		Unit:   u,
		writes: live.WritesOf(u.Info, u.Files),
		byFunc: map[*types.Func]*function{},
		ranged: map[*ast.CallExpr]bool{},

		leaving: map[*types.Var]bool{},

		literals: map[string]int{},
	}
	for i, f := range u.Files {
		p.find(f)
		ast.Inspect(f, func(n ast.Node) bool {
			if v := find.MayTake(u.Info, n); v != nil {
				p.generic = append(p.generic, generic{n, i, v})
			}
			return true
		})
	}
	p.source = u.Files
	for _, f := range p.funcs {
		f.user, f.userFile = f.Node, f.file
	}
	return p
}

// program is a package while it is lowered.
type program struct {
	*Unit
	writes *live.Writes
	funcs  []*function // in the order of the source
	byFunc map[*types.Func]*function
	files  map[*ast.File]*emit.File

	source  []*ast.File                     // as the user wrote them
	imports map[*ast.File]map[string]string // that the files of the source don't have: see normal.Pass

	ranged  map[*ast.CallExpr]bool // calls of which the result, a function, is ranged over
	leaving map[*types.Var]bool    // see variableLeaves

	used     map[string]bool // names: see nameUsed
	generic  []generic
	literals map[string]int // how many there are, by the function around them

	values  map[*types.Func]bool // used as values
	methods map[string]bool      // of interfaces
}

// generic is a function that is async with some type arguments: see find.MayTake.
type generic struct {
	node ast.Node // what the user wrote
	file int
	task *types.Var
}

// function is one async function.
type function struct {
	*find.Func
	name string
	file *ast.File
	// What the user wrote: Node and file, before they were brought into normal form.
	user     ast.Node
	userFile *ast.File

	fate   Fate
	reason string
	where  token.Pos
	keeps  bool
	keeper *find.Await // what it calls that keeps the task, if it does not itself
	quiet  bool        // it calls nothing, outside of literals

	frame *emit.Frame
	shape *emit.Shape
	text  string
	outer *ast.FuncDecl // what a literal stands in
}

func (p *program) find(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.RangeStmt); ok {
			_, isFunc := p.under(s.X).(*types.Signature)
			if call, ok := ast.Unparen(s.X).(*ast.CallExpr); ok && isFunc {
				p.ranged[call] = true
			}
		}
		return true
	})
	funcs, _ := find.In(p.Info, file)
	for _, f := range funcs {
		fn := &function{Func: f, file: file, fate: Plain}
		if f.Object != nil {
			fn.name = nameOf(f.Object)
			p.byFunc[f.Object] = fn
		} else {
			fn.outer = declAround(file, f.Node)
			around := "init"
			if fn.outer != nil {
				around = nameOf(p.Info.Defs[fn.outer.Name].(*types.Func))
			}
			p.literals[around]++
			fn.name = fmt.Sprintf("%s.func%d", around, p.literals[around])
		}
		p.funcs = append(p.funcs, fn)
	}
}

// declAround returns the declared function that a node stands in.
func declAround(file *ast.File, n ast.Node) *ast.FuncDecl {
	for _, d := range file.Decls {
		if d, ok := d.(*ast.FuncDecl); ok && d.Pos() <= n.Pos() && n.End() <= d.End() {
			return d
		}
	}
	return nil
}

// nameOf returns a function's name as people write it: "Conn.Read".
func nameOf(f *types.Func) string {
	if named := receiverOf(f); named != nil {
		return named.Obj().Name() + "." + f.Name()
	}
	return f.Name()
}

func receiverOf(f *types.Func) *types.Named {
	recv := f.Signature().Recv()
	if recv == nil {
		return nil
	}
	t := types.Unalias(recv.Type())
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	named, _ := t.(*types.Named)
	return named
}

// suspends reports whether an await is one.
func (p *program) suspends(a find.Await) bool {
	if a.Spawned || a.Kind != find.Static {
		return !a.Spawned
	}
	if f := p.byFunc[a.Callee]; f != nil {
		return f.fate != Plain
	}
	fact, known := p.foreign(a.Callee)
	return !known || fact.Suspends
}

func (p *program) foreign(f *types.Func) (Fact, bool) {
	if p.Foreign == nil || f.Pkg() == p.Pkg {
		return Fact{}, false
	}
	return p.Foreign(f)
}

func (f *function) decline(pos token.Pos, format string, args ...any) {
	if f.fate != Declined {
		f.fate, f.reason, f.where = Declined, fmt.Sprintf(format, args...), pos
	}
}

// lower emits all functions that can be lowered. One that turns out not to be changes
// what its callers look like, so they are emitted again, until all goes well.
func (p *program) lower() {
	for again := true; again; {
		again = false
		file := p.emitters()
		for _, f := range slices.Backward(p.funcs) { // literals before what is around them
			if f.fate != Lowered {
				continue
			}
			g, err := graph.Build(f.Func, p.way())
			if err != nil {
				e := err.(*graph.Error)
				f.decline(e.Pos, "%s", e.Reason)
				again = true
				continue
			}
			text, pos, reason := file[f.file].Func(g, f.frame, p.captures(f))
			if reason != "" {
				f.decline(pos, "%s", reason)
				again = true
				continue
			}
			f.text = text
		}
	}
}

// captures are the variables around a literal that are given to its frame.
func (p *program) captures(f *function) []*types.Var {
	if lit, ok := f.Node.(*ast.FuncLit); ok {
		return live.Captures(p.Info, lit)
	}
	return nil
}

func (p *program) emitters() map[*ast.File]*emit.File {
	pkg := &emit.Package{
		Fset: p.Fset, Info: p.Info, Pkg: p.Pkg, Writes: p.writes,
		Frame:      p.frameOf,
		FrameNames: map[string]bool{},
		Recovers:   p.recovers,
		Once:       p.once,
		Literals:   map[*ast.FuncLit]*emit.Shape{},
	}
	taken := pkg.FrameNames
	for _, f := range p.funcs {
		f.frame = nil
		if f.fate == Lowered {
			f.frame = &emit.Frame{Pkg: p.Pkg, Name: p.frameName(f, taken), Params: p.typeParams(f), Recv: f.Type.Recv() != nil && f.Object != nil}
		}
		f.shape = &emit.Shape{Func: f.Func, Frame: f.frame, Quiet: f.quiet || p.neverAsked(f)}
		if lit, ok := f.Node.(*ast.FuncLit); ok {
			pkg.Literals[lit] = f.shape
		}
	}
	files := map[*ast.File]*emit.File{}
	for _, f := range p.Files {
		files[f] = &emit.File{Package: pkg, Syntax: f, Imports: emit.ImportsOf(p.Pkg, p.Info, f, p.imports[f])}
	}
	p.files = files
	return files
}

// typeParams returns those that a function, or what a literal stands in, has.
func (p *program) typeParams(f *function) *types.TypeParamList {
	o := f.Object
	if o == nil {
		if f.outer == nil {
			return nil
		}
		o = p.Info.Defs[f.outer.Name].(*types.Func)
	}
	sig := o.Signature()
	if sig.RecvTypeParams().Len() > 0 {
		return sig.RecvTypeParams()
	}
	return sig.TypeParams()
}
