package find

import (
	"go/ast"
	"go/types"
)

// A Kind says what is known of the callee of an await.
type Kind uint8

const (
	// None is a call that cannot suspend its caller.
	None Kind = iota
	// Primitive is a call of a function of package async that suspends.
	Primitive
	// Static is a call of a declared function or method. Its frame can be a part
	// of the caller's.
	Static
	// Literal is a call of a function literal where it stands.
	Literal
	// Dynamic is a call of a function value or an interface method, whose callee
	// has to be asked for its frame.
	Dynamic
)

func (k Kind) String() string {
	return [...]string{"none", "primitive", "static", "literal", "dynamic"}[k]
}

// Classify says whether a call can suspend its caller, and who is called: nil for
// a literal and a function value. A generic function or method is given as it is
// declared, not as it is instantiated.
//
// A function value whose task is not the first parameter is None, also if it is a
// method expression that was assigned to a variable; a method expression that is
// called where it stands counts as its method.
func Classify(info *types.Info, call *ast.CallExpr) (Kind, *types.Func) {
	fun := ast.Unparen(call.Fun)
	if tv := info.Types[fun]; tv.IsType() || tv.IsBuiltin() {
		// Both have a signature or may look as if: print(t), Handler(f).
		return None, nil
	}
	if lit, ok := fun.(*ast.FuncLit); ok {
		if sig := signature(info.TypeOf(lit)); sig != nil && IsAsync(sig) {
			return Literal, nil
		}
		return None, nil
	}
	f := callee(info, fun)
	switch {
	case f == nil:
		t := info.TypeOf(fun)
		if t == nil {
			return None, nil
		}
		if sig := signature(t); sig != nil && IsAsync(sig) {
			return Dynamic, nil
		}
		return None, nil
	case f.Pkg() != nil && f.Pkg().Path() == Async:
		if primitives[NameInAsync(f)] {
			return Primitive, f
		}
		return None, nil
	case !IsAsync(f.Signature()), IsPoll(f):
		return None, nil
	}
	if recv := f.Signature().Recv(); recv != nil && types.IsInterface(recv.Type()) {
		return Dynamic, f // also an interface that is embedded in a struct
	}
	return Static, f
}

// callee returns the function or method that is named by fun.
func callee(info *types.Info, fun ast.Expr) *types.Func {
	switch x := fun.(type) {
	case *ast.IndexExpr: // f[int], or an element of a slice of functions
		return callee(info, ast.Unparen(x.X))
	case *ast.IndexListExpr:
		return callee(info, ast.Unparen(x.X))
	case *ast.Ident:
		return origin(info.Uses[x])
	case *ast.SelectorExpr:
		return origin(info.Uses[x.Sel])
	}
	return nil
}

func origin(o types.Object) *types.Func {
	f, ok := o.(*types.Func)
	if !ok {
		return nil
	}
	return f.Origin()
}
