// Package normal brings async functions into normal form, Go to Go: an await stands as
// a statement of its own, with a call as its right side, and its task is a variable;
// a loop with an await inside has a condition at most, or is a range that has to run on
// its own and declares its variables. It is the compiler's pass between find and graph.
//
// What is evaluated before what stays as it was. Calls, receive operations and the
// sides of && and || have an order in the language; so whatever of them stands before
// an await is evaluated into a variable before it. The rest has none; it is evaluated
// when the go command's own compiler would do so: see early.
//
// What can't be brought into the form is left alone: graph refuses it, with a reason.
package normal

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// A Pass is what functions are brought into the form with.
type Pass struct {
	Pkg  *types.Package
	Info *types.Info
	// Suspends reports whether a call is an await.
	Suspends func(*ast.CallExpr) bool
	// Primitive reports whether it is one of package async.
	Primitive func(*ast.CallExpr) bool
	// Ranged reports whether a range has to run on its own even if it has no await inside.
	Ranged func(*ast.RangeStmt) bool
	// Iterator tells of a range over an iterator that is known.
	Iterator func(*ast.RangeStmt) (Iterator, bool)
	// Held reports whether a variable is captured or has its address taken.
	Held func(*types.Var) bool
	// Assigned reports whether a variable has other values than its first.
	Assigned func(*types.Var) bool

	// Imports are the packages that the file at hand has to import, with the names that
	// they have there; File begins with none.
	Imports map[string]string

	copied map[ast.Expr]bool // see mark
	taken  map[string]bool
	goesTo map[string]bool // labels that goto statements of the function name
	hidden map[string]bool // predeclared names that mean something else somewhere
}

// File rewrites the bodies of functions of a file, in place, and reports whether any of
// them awaits. If so, what Info knows of the file no longer holds, and its comments are
// lost.
func (p *Pass) File(f *ast.File, bodies []*ast.BlockStmt) (changed bool) {
	p.taken, p.hidden, p.Imports = map[string]bool{}, map[string]bool{}, map[string]string{}
	p.copied = map[ast.Expr]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			p.taken[id.Name] = true
			if o := p.Info.ObjectOf(id); o != nil && o.Parent() != nil && o.Parent() != types.Universe && types.Universe.Lookup(id.Name) != nil {
				p.hidden[id.Name] = true
			}
		}
		return true
	})
	for _, body := range bodies {
		if p.awaits(body) {
			p.goesTo = gotos(body)
			body.List = p.list(body.List)
			f.Comments = nil
			changed = true
		}
	}
	return changed
}

// gotos returns the labels that goto statements of a function name.
func gotos(body *ast.BlockStmt) map[string]bool {
	labels := map[string]bool{}
	ast.Inspect(body, func(n ast.Node) bool {
		if b, ok := n.(*ast.BranchStmt); ok && b.Tok == token.GOTO {
			labels[b.Label.Name] = true
		}
		_, isLit := n.(*ast.FuncLit)
		return !isLit
	})
	return labels
}

// hides reports whether a predeclared name may mean something else in the file.
func (p *Pass) hides(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return p.hidden[n] })
}

// name returns a name that nothing in the file has.
func (p *Pass) name(want string) string {
	for i := 1; ; i++ {
		n := fmt.Sprintf("%s%d", want, i)
		if !p.taken[n] {
			p.taken[n] = true
			return n
		}
	}
}

// awaits reports whether n has an await inside that is its function's own.
func (p *Pass) awaits(n ast.Node) bool { return p.count(n) > 0 }

// count counts the awaits inside of n that are its function's own.
func (p *Pass) count(n ast.Node) (awaits int) {
	ast.Inspect(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && p.Suspends(call) {
			awaits++
		}
		if s, ok := n.(*ast.RangeStmt); ok && p.Ranged(s) {
			awaits++
		}
		_, isLit := n.(*ast.FuncLit)
		return !isLit
	})
	return awaits
}

// define returns a := statement.
func define(pos token.Pos, x ast.Expr, names ...string) ast.Stmt {
	s := &ast.AssignStmt{Tok: token.DEFINE, TokPos: pos, Rhs: []ast.Expr{x}}
	for _, n := range names {
		s.Lhs = append(s.Lhs, ident(pos, n))
	}
	return s
}

func ident(pos token.Pos, name string) *ast.Ident { return &ast.Ident{NamePos: pos, Name: name} }

func set(pos token.Pos, name string, x ast.Expr) ast.Stmt {
	return &ast.AssignStmt{Lhs: []ast.Expr{ident(pos, name)}, Tok: token.ASSIGN, TokPos: pos, Rhs: []ast.Expr{x}}
}

func not(x ast.Expr) ast.Expr {
	return &ast.UnaryExpr{OpPos: x.Pos(), Op: token.NOT, X: &ast.ParenExpr{Lparen: x.Pos(), X: x, Rparen: x.End()}}
}

func block(pos, end token.Pos, list ...ast.Stmt) *ast.BlockStmt {
	return &ast.BlockStmt{Lbrace: pos, List: list, Rbrace: end}
}
