package lower

import (
	"go/ast"
	"go/types"
	"slices"
)

// An iterator, or any literal that awaits without being async, keeps the task for
// whoever calls it later, if it goes elsewhere than into calls.

// escapes reports whether a literal may be called by others than the function it stands
// in and those whom that calls.
func (p *program) escapes(lit ast.Node, f *function) (does bool) {
	var stack []ast.Node
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		if n == lit {
			does = p.leaves(lit.(ast.Expr), stack, f)
			for i, around := range stack {
				if x, isLit := around.(*ast.FuncLit); isLit {
					does = does || p.leaves(x, stack[:i], f)
				}
			}
		}
		stack = append(stack, n)
		return true
	})
	return does
}

// leaves reports whether a value goes elsewhere than into a call or a variable of the
// function that is only called.
func (p *program) leaves(x ast.Expr, stack []ast.Node, f *function) bool {
	i := len(stack) - 1
	for {
		if _, ok := stack[i].(*ast.ParenExpr); !ok {
			break
		}
		i--
	}
	switch up := stack[i].(type) {
	case *ast.CallExpr, *ast.RangeStmt, *ast.ExprStmt:
		return false
	case *ast.AssignStmt:
		for i, r := range up.Rhs {
			if ast.Unparen(r) == ast.Unparen(x) && len(up.Lhs) == len(up.Rhs) {
				return p.variableLeaves(up.Lhs[i], f)
			}
		}
		_, isLit := x.(*ast.FuncLit)
		return isLit // else it is assigned to
	case *ast.ValueSpec:
		for i, r := range up.Values {
			if ast.Unparen(r) == ast.Unparen(x) {
				return p.variableLeaves(up.Names[i], f)
			}
		}
	}
	return true
}

func (p *program) variableLeaves(x ast.Expr, f *function) (does bool) {
	id, ok := ast.Unparen(x).(*ast.Ident)
	if !ok {
		return true
	}
	v, ok := p.Info.ObjectOf(id).(*types.Var)
	if !ok {
		return id.Name != "_"
	}
	if p.leaving[v] {
		return false // it is being looked at
	}
	p.leaving[v] = true
	defer delete(p.leaving, v)
	var stack []ast.Node
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		if id, ok := n.(*ast.Ident); ok && p.Info.Uses[id] == v {
			captured := slices.ContainsFunc(stack, func(n ast.Node) bool { _, isLit := n.(*ast.FuncLit); return isLit })
			does = does || captured || p.leaves(id, stack, f)
		}
		stack = append(stack, n)
		return true
	})
	return does || v.Pos() < f.Body.Pos() || v.Pos() >= f.Body.End()
}
