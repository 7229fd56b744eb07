package find

import (
	"go/ast"
	"go/types"
)

// ByTypeArgument reports whether who is called takes a task first because a type argument
// says so: there is nothing in its code that tells.
func ByTypeArgument(info *types.Info, call *ast.CallExpr) bool {
	f := callee(info, ast.Unparen(call.Fun))
	return f != nil && !IsAsync(f.Signature())
}

// MayTake returns the first parameter of a function, a declaration or a literal, that is
// of a type parameter's type, if the function passes it on: with *async.Task for the type
// it is async, as a function value or by an interface, and may suspend its caller.
func MayTake(info *types.Info, n ast.Node) *types.Var {
	var typ *ast.FuncType
	var body *ast.BlockStmt
	switch n := n.(type) {
	case *ast.FuncDecl:
		typ, body = n.Type, n.Body
	case *ast.FuncLit:
		typ, body = n.Type, n.Body
	}
	if body == nil || len(typ.Params.List) == 0 || len(typ.Params.List[0].Names) == 0 {
		return nil
	}
	v, ok := info.Defs[typ.Params.List[0].Names[0]].(*types.Var)
	if !ok || v.Name() == "_" {
		return nil
	}
	if _, ok := types.Unalias(v.Type()).(*types.TypeParam); !ok {
		return nil
	}
	passed := false
	ast.Inspect(body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && len(call.Args) > 0 {
			passed = passed || types.Identical(info.TypeOf(call.Args[0]), v.Type())
		}
		return !passed
	})
	if !passed {
		return nil
	}
	return v
}
