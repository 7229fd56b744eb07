package lower

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"rondo.dev/rondo/internal/lower/find"
)

// A state machine can be suspended in an await alone. On a coroutine the task can be
// suspended in any call by whoever has the *async.Task: a net.Conn made by package
// green does so in Read. So a function that lets its task go somewhere else than into
// awaits has to stay on a coroutine, and with it those who call it. An iterator may keep
// it for those who do nothing with it but range over it: see lowered.Loop.

// findKeepers finds the functions that keep their task, and those who call them.
func (p *program) findKeepers() {
	for _, f := range p.funcs {
		f.quiet = p.callsNothing(f)
		if p.byHand(f) {
			continue
		}
		at, _ := p.keepsTask(f)
		f.keeps = at != nil || slices.ContainsFunc(f.Strays, func(s find.Stray) bool { return f.quiet || p.escapes(s.In, f) })
	}
	for changed := true; changed; {
		changed = false
		for _, f := range p.funcs {
			if f.keeps || p.byHand(f) {
				continue
			}
			for i, a := range f.Awaits {
				if a.Kind == find.Static && p.keeps(a.Callee) && !p.ranged[a.Call] {
					f.keeps, f.keeper, changed = true, &f.Awaits[i], true
					break
				}
			}
		}
	}
}

// keepsTask looks for a use of a task that may keep it, and says what it is.
func (p *program) keepsTask(f *function) (at ast.Node, what string) {
	var stack []ast.Node
	ast.Inspect(f.Node, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		if call, ok := n.(*ast.CallExpr); ok && at == nil {
			if w := p.passedOn(call); w != "" {
				at, what = n, w
			}
		}
		if x, ok := n.(ast.Expr); ok && at == nil && p.isTask(x) && len(stack) > 0 {
			if w := p.kept(x, stack); w != "" {
				at, what = n, w
			}
		}
		stack = append(stack, n)
		return true
	})
	return at, what
}

// inAsync reports whether the innermost function of a stack is async.
func (p *program) inAsync(stack []ast.Node) bool {
	for _, n := range slices.Backward(stack) {
		switch n := n.(type) {
		case *ast.FuncLit:
			sig, _ := p.Info.TypeOf(n).(*types.Signature)
			return sig != nil && find.IsAsync(sig)
		case *ast.FuncDecl:
			return true // the one that is looked at
		}
	}
	return true
}

// isTask reports whether an expression is a value of type *async.Task.
func (p *program) isTask(x ast.Expr) bool {
	tv, ok := p.Info.Types[x]
	if !ok {
		if id, isID := x.(*ast.Ident); isID {
			if v, isVar := p.Info.Uses[id].(*types.Var); isVar && !v.IsField() {
				return find.IsTask(v.Type())
			}
		}
		return false
	}
	return tv.IsValue() && find.IsTask(tv.Type)
}

// kept says how a use of a task keeps it, "" if it does not.
func (p *program) kept(x ast.Expr, stack []ast.Node) string {
	i := len(stack) - 1
	for i >= 0 {
		if _, ok := stack[i].(*ast.ParenExpr); !ok {
			break
		}
		i--
	}
	switch up := stack[i].(type) {
	case *ast.CallExpr:
		return p.passed(x, up)
	case *ast.SelectorExpr:
		if up.Sel.Name == "Core" {
			return "it uses the core of its task"
		}
		if s := p.Info.Selections[up]; s != nil && s.Kind() == types.MethodVal && !isCalled(up, stack[:i]) && up.Sel.Name != "Err" && up.Sel.Name != "Cause" {
			return "it makes a function value of a method of its task"
		}
		return ""
	case *ast.BinaryExpr, *ast.StarExpr, *ast.ExprStmt:
		return ""
	case *ast.AssignStmt:
		return p.assigned(x, up)
	case *ast.ValueSpec:
		return ""
	case *ast.Field:
		return ""
	case *ast.KeyValueExpr, *ast.CompositeLit:
		return "it stores its task"
	case *ast.ReturnStmt:
		if p.inAsync(stack) {
			return "" // to an async function, which is judged on its own
		}
		return "a function that is not async returns its task"
	case *ast.SendStmt:
		return "it sends its task"
	case *ast.UnaryExpr:
		if up.Op == token.AND {
			return "it takes the address of its task"
		}
		return ""
	case *ast.FuncType, *ast.FieldList:
		return ""
	}
	return "it keeps its task"
}

func isCalled(x ast.Expr, stack []ast.Node) bool {
	for i := len(stack) - 1; i >= 0; i-- {
		switch up := stack[i].(type) {
		case *ast.ParenExpr:
		case *ast.CallExpr:
			return ast.Unparen(up.Fun) == x
		default:
			return false
		}
	}
	return false
}

// passed says whether the callee keeps a task that it gets.
func (p *program) passed(x ast.Expr, call *ast.CallExpr) string {
	if tv := p.Info.Types[call.Fun]; tv.IsType() {
		return converted(tv.Type)
	}
	sig, _ := p.Info.TypeOf(call.Fun).Underlying().(*types.Signature)
	if sig == nil {
		return "" // a builtin, or a type parameter's function
	}
	index := -1
	for i, arg := range call.Args {
		if ast.Unparen(arg) == ast.Unparen(x) {
			index = i
		}
	}
	if index < 0 {
		return ""
	}
	if index == 0 && find.IsAsync(sig) {
		if find.ByTypeArgument(p.Info, call) {
			return "it passes its task to a function that is async by a type argument only"
		}
		return "" // it is judged on its own
	}
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && index == 1 {
		if s := p.Info.Selections[sel]; s != nil && s.Kind() == types.MethodExpr {
			return ""
		}
	}
	return kept(sig, index, call.Ellipsis.IsValid())
}

// under returns the underlying type of an expression, an invalid one if it is of cgo.
func (p *program) under(x ast.Expr) types.Type {
	if t := p.Info.TypeOf(x); t != nil {
		return t.Underlying()
	}
	return types.Typ[types.Invalid]
}

// passedOn says whether a callee keeps a task that it gets with all its arguments from
// one other call.
func (p *program) passedOn(call *ast.CallExpr) string {
	if len(call.Args) != 1 {
		return ""
	}
	tuple, isTuple := p.Info.TypeOf(call.Args[0]).(*types.Tuple)
	sig, _ := p.under(call.Fun).(*types.Signature)
	if !isTuple || sig == nil {
		return ""
	}
	for i := range tuple.Len() {
		if i == 0 && find.IsAsync(sig) || !find.IsTask(tuple.At(i).Type()) {
			continue
		}
		if w := kept(sig, i, false); w != "" {
			return w
		}
	}
	return ""
}

// kept says whether a function keeps a task that is one of its arguments.
func kept(sig *types.Signature, index int, ellipsis bool) string {
	params := sig.Params()
	var t types.Type
	switch {
	case sig.Variadic() && index >= params.Len()-1:
		t = params.At(params.Len() - 1).Type()
		if s, ok := t.(*types.Slice); ok && !ellipsis {
			t = s.Elem()
		}
	case index < params.Len():
		t = params.At(index).Type()
	default:
		return ""
	}
	if find.IsTask(t) {
		return "it passes its task to a function that is not async"
	}
	return converted(t)
}

// converted says whether a task is kept that becomes a value of type t: as a context
// it is one like any other.
func converted(t types.Type) string {
	if i, ok := t.Underlying().(*types.Interface); ok && i.NumMethods() > 0 || find.IsTask(t) {
		return ""
	}
	return "it passes its task as something else than a context"
}

// assigned says whether a task is kept by what it is assigned to.
func (p *program) assigned(x ast.Expr, s *ast.AssignStmt) string {
	for i, r := range s.Rhs {
		if ast.Unparen(r) != ast.Unparen(x) || len(s.Lhs) != len(s.Rhs) {
			continue
		}
		id, ok := ast.Unparen(s.Lhs[i]).(*ast.Ident)
		if !ok {
			return "it stores its task"
		}
		if v, ok := p.Info.ObjectOf(id).(*types.Var); ok && (v.Parent() == p.Pkg.Scope() || v.Pkg() != p.Pkg) {
			return "it stores its task"
		}
		if t := p.Info.TypeOf(id); t != nil && id.Name != "_" {
			return converted(t)
		}
	}
	return ""
}
