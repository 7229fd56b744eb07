package normal

import (
	"go/ast"
	"go/token"
	"go/types"
)

// acts reports whether evaluating n does something that has an order.
func (p *Pass) acts(n ast.Node) bool {
	return p.contains(n, func(x ast.Expr) bool {
		switch x := x.(type) {
		case *ast.UnaryExpr:
			return x.Op == token.ARROW
		case *ast.CallExpr:
			return p.isCall(x)
		}
		return false
	})
}

// early reports whether the value of x itself, and not only what it is made of, is
// taken before calls that come later: what acts is, and what the go command's compiler
// computes in a call of its runtime, or might, or copies.
func (p *Pass) early(x ast.Expr) bool {
	if p.isCopied(x) {
		return true
	}
	switch x := x.(type) {
	case *ast.UnaryExpr:
		return x.Op == token.ARROW
	case *ast.BinaryExpr:
		return x.Op == token.LAND || x.Op == token.LOR
	case *ast.SliceExpr:
		return true
	case *ast.CompositeLit:
		_, isMap := p.under(x).(*types.Map)
		return isMap // its entries are stored one by one
	case *ast.TypeAssertExpr:
		return x.Type != nil && !isDirect(p.under(x.Type))
	case *ast.CallExpr:
		if p.Info.Types[ast.Unparen(x.Fun)].IsType() {
			return p.splitsText(x)
		}
		return p.isCall(x) || p.isBuiltin(x)
	}
	return false
}

// contains reports whether is holds for an expression in n, outside of literals.
func (p *Pass) contains(n ast.Node, is func(ast.Expr) bool) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if x, ok := n.(ast.Expr); ok && !found {
			found = is(x)
		}
		_, isLit := n.(*ast.FuncLit)
		return !isLit && !found
	})
	return found
}

// isCall reports whether a call is one: not a conversion, a constant, or a builtin
// without effects.
func (p *Pass) isCall(call *ast.CallExpr) bool {
	if p.Info.Types[ast.Unparen(call.Fun)].IsType() || p.Info.Types[call].Value != nil {
		return false
	}
	if p.Info.Types[ast.Unparen(call.Fun)].IsBuiltin() {
		switch name := ast.Unparen(call.Fun).(type) {
		case *ast.Ident:
			switch name.Name {
			case "len", "cap", "min", "max", "real", "imag", "complex", "new", "make":
				return false
			}
		case *ast.SelectorExpr:
			return false // of package unsafe
		}
	}
	return true
}

// mayAct reports whether x is a receive or a call, of a predeclared function too: then
// the length of an array that it is a part of is no constant.
func (p *Pass) mayAct(x ast.Expr) bool {
	call, ok := x.(*ast.CallExpr)
	return p.acts(x) || ok && p.isBuiltin(call)
}

// isBuiltin reports whether a call is one of a predeclared function, and no constant.
func (p *Pass) isBuiltin(call *ast.CallExpr) bool {
	_, isName := ast.Unparen(call.Fun).(*ast.Ident)
	return isName && p.Info.Types[ast.Unparen(call.Fun)].IsBuiltin() && p.Info.Types[call].Value == nil
}

// under returns the underlying type of an expression, an invalid one if it is of cgo.
func (p *Pass) under(x ast.Expr) types.Type {
	if t := p.Info.TypeOf(x); t != nil {
		return t.Underlying()
	}
	return types.Typ[types.Invalid]
}

// splitsText reports whether a conversion makes bytes or runes of a text.
func (p *Pass) splitsText(call *ast.CallExpr) bool {
	if _, ok := p.under(call).(*types.Slice); !ok || len(call.Args) != 1 {
		return false
	}
	from, ok := p.under(call.Args[0]).(*types.Basic)
	return ok && from.Info()&types.IsString != 0
}

// isDirect reports whether a value of type t is kept in an interface as it is: it is a
// pointer, by whatever name.
func isDirect(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return t.Kind() == types.UnsafePointer
	case *types.Pointer, *types.Chan, *types.Map, *types.Signature:
		return true
	case *types.Struct:
		return t.NumFields() == 1 && isDirect(t.Field(0).Type())
	case *types.Array:
		return t.Len() == 1 && isDirect(t.Elem())
	}
	return false
}
