package lower

import (
	"go/ast"
	"go/types"
	"go/version"
	"slices"
	"strings"
	"unicode"

	"rondo.dev/rondo/internal/lower/emit"
	"rondo.dev/rondo/internal/lower/find"
)

// judge decides which functions are lowered, as far as that can be told before.
func (p *program) judge(misfits []misfit) {
	p.findKeepers()
	// A function suspends if it has an await that does. Assume the best, and look
	// again until nothing changes.
	for changed := true; changed; {
		changed = false
		for _, f := range p.funcs {
			if f.fate == Plain && p.mayBeSuspended(f) {
				f.fate = Lowered
				changed = true
			}
		}
	}
	for _, f := range p.funcs {
		if p.byHand(f) {
			f.fate, f.quiet = Declined, true
			f.reason, f.where = "it has a prologue of its own", f.Body.Pos()
			continue
		}
		if f.quiet {
			f.fate = Plain // whatever literals it makes, for others to call
			continue
		}
		for _, s := range f.Strays {
			if p.suspends(s.Await) {
				f.decline(s.Call.Pos(), "an await in a function that is not async")
			}
		}
		if n, what := p.keepsTask(f); n != nil {
			f.decline(n.Pos(), "%s", what)
		}
		if call := p.callsGoexit(f); f.fate == Lowered && call != nil {
			f.decline(call.Pos(), "it ends its goroutine, which should not be the loop's")
		}
	}
	for _, f := range p.funcs {
		if f.fate == Lowered {
			p.judgeNames(f)
		}
	}
	for _, m := range misfits {
		p.refuse(m)
	}
	for _, f := range p.funcs {
		if a := f.keeper; a != nil {
			f.decline(a.Call.Pos(), "it calls %s, which keeps the task", a.Callee.Name())
		}
	}
}

// judgeNames declines a function where a name that generated code needs may mean
// something else, or loops do not mean what they do today.
func (p *program) judgeNames(f *function) {
	if v := p.Info.FileVersions[f.file]; v != "" && version.Compare(v, "go1.22") < 0 {
		f.decline(f.Node.Pos(), "its file is of the language %s, whose loops have one variable for all rounds", v)
		return
	}
	declare := func(o types.Object) {
		predeclared := types.Universe.Lookup(o.Name())
		if predeclared == nil || o.Name() == "any" {
			return
		}
		if _, ok := predeclared.(*types.Builtin); ok && !slices.Contains([]string{"len", "make", "append", "new"}, o.Name()) {
			return // nothing generated needs it
		}
		f.decline(o.Pos(), "the name %s means something else there", o.Name())
	}
	for _, name := range p.Pkg.Scope().Names() {
		declare(p.Pkg.Scope().Lookup(name))
	}
	for _, spec := range f.file.Imports {
		if o := p.Info.PkgNameOf(spec); o != nil {
			declare(o)
		}
	}
	for t := range p.typeParams(f).TypeParams() {
		if t.Obj().Name() == "_" {
			f.decline(f.Node.Pos(), "a type parameter has no name")
		}
	}
	around := f.Node
	if f.outer != nil {
		around = f.outer
	}
	ast.Inspect(around, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			// Variables are renamed, or else are refused where they are met.
			o := p.Info.Defs[id]
			if _, isVar := o.(*types.Var); o != nil && !isVar && o.Parent() != nil && o.Parent() != p.Pkg.Scope() {
				declare(o)
			}
		}
		return true
	})
}

func (p *program) mayBeSuspended(f *function) bool {
	for _, a := range f.Awaits {
		if p.suspends(a) || p.ranged[a.Call] && p.keeps(a.Callee) {
			return true
		}
	}
	for _, s := range f.Strays {
		if p.suspends(s.Await) {
			return true
		}
	}
	return false
}

// byHand reports whether a function begins with a prologue already.
func (p *program) byHand(f *function) bool {
	if len(f.Body.List) == 0 {
		return false
	}
	s, ok := f.Body.List[0].(*ast.IfStmt)
	if !ok {
		return false
	}
	call, ok := s.Cond.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	o := p.Info.Uses[sel.Sel]
	return o != nil && o.Pkg() != nil && (o.Name() == "Asked" && o.Pkg().Path() == emit.Lowered || o.Name() == "Decline")
}

// callsGoexit finds a call of what calls runtime.Goexit in tests.
func (p *program) callsGoexit(f *function) (at *ast.CallExpr) {
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
				if o := p.Info.Uses[sel.Sel]; o != nil && o.Pkg() != nil {
					switch o.Pkg().Path() + "." + o.Name() {
					case "testing.FailNow", "testing.Fatal", "testing.Fatalf", "testing.Skip", "testing.SkipNow", "testing.Skipf":
						at = call
					}
				}
			}
		}
		_, isLit := n.(*ast.FuncLit)
		return !isLit
	})
	return at
}

// callsNothing reports whether a function makes no call but those of builtins. A range
// over a function is one.
func (p *program) callsNothing(f *function) bool {
	calls := false
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if s, ok := n.(*ast.RangeStmt); ok {
			_, isFunc := find.Core(p.under(s.X)).(*types.Signature)
			calls = calls || isFunc
		}
		if call, ok := n.(*ast.CallExpr); ok {
			if tv := p.Info.Types[ast.Unparen(call.Fun)]; !tv.IsType() && !tv.IsBuiltin() {
				calls = true
			}
		}
		_, isLit := n.(*ast.FuncLit)
		return !isLit
	})
	return !calls
}

func (p *program) keeps(f *types.Func) bool {
	if f == nil {
		return false
	}
	if own := p.byFunc[f]; own != nil {
		return own.keeps
	}
	fact, _ := p.foreign(f)
	return fact.Keeps
}

func (p *program) recovers(f *types.Func) bool {
	if own := p.byFunc[f]; own != nil {
		return emit.CallsRecover(p.Info, own.Body)
	}
	fact, known := p.foreign(f)
	return !known || fact.Recovers
}

// frameOf returns the frame of a callee. A frame is not embedded in one that it
// contains itself.
func (p *program) frameOf(caller *find.Func, callee *types.Func) (*emit.Frame, bool) {
	if f := p.byFunc[callee]; f != nil {
		if f.frame == nil {
			return nil, false
		}
		return f.frame, !p.reaches(f, caller, map[*function]bool{})
	}
	if fact, _ := p.foreign(callee); fact.Frame != "" {
		return emit.Foreign(callee.Pkg(), fact.Frame, fact.Recv, fact.Size), true
	}
	return nil, false
}

// once reports whether every frame of a function is used for one call: nobody calls it
// by its name, who would have its frame in his own, and use that again.
func (p *program) once(f *find.Func) bool {
	if f.Object == nil {
		return true
	}
	if f.Object.Exported() {
		return false
	}
	for _, caller := range p.funcs {
		for _, a := range caller.Awaits {
			if a.Kind == find.Static && a.Callee.Origin() == f.Object {
				return false
			}
		}
	}
	return true
}

// reaches reports whether static calls lead from one function to another.
func (p *program) reaches(from *function, to *find.Func, seen map[*function]bool) bool {
	if from.Func == to {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	for _, a := range from.Awaits {
		if a.Kind != find.Static {
			continue
		}
		if f := p.byFunc[a.Callee]; f != nil && p.reaches(f, to, seen) {
			return true
		}
	}
	return false
}

// frameName names a function's frame: relayFrame, ConnServeFrame.
func (p *program) frameName(f *function, taken map[string]bool) string {
	parts := strings.FieldsFunc(f.name, func(r rune) bool { return r == '.' })
	for i, s := range parts {
		if i > 0 {
			parts[i] = upper(s)
		}
	}
	name := strings.Join(parts, "") + "Frame"
	for taken[name] || p.nameUsed(name) {
		name += "_"
	}
	taken[name] = true
	return name
}

func upper(s string) string {
	r := []rune(s)
	r[0] = unicode.ToUpper(r[0])
	return string(r)
}
