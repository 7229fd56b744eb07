package normal

import (
	"go/ast"
	"go/token"
	"go/types"
)

// The go command's compiler copies some operands before the calls that come later: what
// becomes an interface, unless it fits into a word or is a text or a slice; and the key
// that is looked up in a map, unless the map's keys are words or texts. What has an
// address is read at its address, and later.

// mark finds the operands in an expression that are copied.
func (p *Pass) mark(n ast.Expr) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			p.markArgs(x)
		case *ast.CompositeLit:
			p.markElements(x)
		case *ast.BinaryExpr:
			if x.Op == token.EQL || x.Op == token.NEQ {
				p.becomes(x.X, p.Info.TypeOf(x.Y))
				p.becomes(x.Y, p.Info.TypeOf(x.X))
			}
		case *ast.IndexExpr:
			if m, ok := p.under(x.X).(*types.Map); ok && !p.becomes(x.Index, m.Key()) && !isFastKey(m.Key()) {
				p.copied[x.Index] = true
			}
		}
		return true
	})
}

func (p *Pass) markArgs(call *ast.CallExpr) {
	if tv := p.Info.Types[call.Fun]; tv.IsType() {
		if len(call.Args) == 1 {
			p.becomes(call.Args[0], tv.Type)
		}
		return
	}
	sig, ok := p.under(call.Fun).(*types.Signature)
	if !ok {
		return
	}
	params := sig.Params()
	for i, arg := range call.Args {
		switch {
		case sig.Variadic() && i >= params.Len()-1:
			if s, ok := params.At(params.Len() - 1).Type().(*types.Slice); ok && !call.Ellipsis.IsValid() {
				p.becomes(arg, s.Elem())
			}
		case i < params.Len():
			p.becomes(arg, params.At(i).Type())
		}
	}
}

func (p *Pass) markElements(x *ast.CompositeLit) {
	for i, e := range x.Elts {
		kv, isKeyed := e.(*ast.KeyValueExpr)
		if isKeyed {
			e = kv.Value
		}
		switch t := p.under(x).(type) {
		case *types.Slice:
			p.becomes(e, t.Elem())
		case *types.Array:
			p.becomes(e, t.Elem())
		case *types.Struct:
			if isKeyed {
				p.becomes(e, p.Info.TypeOf(kv.Key))
			} else {
				p.becomes(e, t.Field(i).Type())
			}
		}
	}
}

// becomes notes that x is converted to a type, and reports whether that is an interface.
func (p *Pass) becomes(x ast.Expr, to types.Type) bool {
	from := p.Info.TypeOf(x)
	if from == nil || to == nil || !isInterface(to) || isInterface(from) {
		return false
	}
	if b, ok := from.(*types.Basic); !ok || b.Kind() != types.UntypedNil {
		if needsAddress(from) {
			p.copied[x] = true
		}
	}
	return true
}

// isInterface reports whether a type is one, and no type parameter.
func isInterface(t types.Type) bool {
	_, isParam := types.Unalias(t).(*types.TypeParam)
	return types.IsInterface(t) && !isParam
}

// isCopied reports whether x, which is marked, is copied.
func (p *Pass) isCopied(x ast.Expr) bool {
	return p.copied[x] && p.Info.Types[x].Value == nil && !p.hasAddress(x) && !p.isStatic(x)
}

// isStatic reports whether x is a literal of constants.
func (p *Pass) isStatic(x ast.Expr) bool {
	lit, ok := ast.Unparen(x).(*ast.CompositeLit)
	if !ok {
		return p.Info.Types[x].Value != nil
	}
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			e = kv.Value
		}
		if !p.isStatic(e) {
			return false
		}
	}
	return true
}

// hasAddress reports whether x is a variable, or a part of one.
func (p *Pass) hasAddress(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		_, isVar := p.Info.ObjectOf(x).(*types.Var)
		return isVar
	case *ast.StarExpr:
		return true
	case *ast.SelectorExpr:
		if s := p.Info.Selections[x]; s != nil {
			return s.Kind() == types.FieldVal && (s.Indirect() || p.hasAddress(x.X))
		}
		_, isVar := p.Info.Uses[x.Sel].(*types.Var) // of another package
		return isVar
	case *ast.IndexExpr:
		switch p.under(x.X).(type) {
		case *types.Slice, *types.Pointer:
			return true
		case *types.Array:
			return p.hasAddress(x.X)
		}
	}
	return false
}

// sizes decide what fits into a word.
var sizes = types.SizesFor("gc", "amd64")

// needsAddress reports whether a value of type t becomes an interface by its address.
func needsAddress(t types.Type) bool {
	u := t.Underlying()
	if _, isParam := types.Unalias(t).(*types.TypeParam); isParam {
		return true
	}
	for {
		switch t := u.(type) {
		case *types.Struct:
			if t.NumFields() == 1 {
				u = t.Field(0).Type().Underlying()
				continue
			}
		case *types.Array:
			if t.Len() == 1 {
				u = t.Elem().Underlying()
				continue
			}
		case *types.Slice:
			return false
		case *types.Basic:
			if t.Info()&types.IsString != 0 {
				return false
			}
			if t.Kind() == types.UnsafePointer {
				return true
			}
			size := sizes.Sizeof(types.Default(t))
			return size == 1 || sizes.Alignof(types.Default(t)) != size
		}
		return true
	}
}

// isFastKey reports whether maps with such keys look them up by their value.
func isFastKey(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return t.Info()&(types.IsInteger|types.IsString) != 0 && (t.Info()&types.IsString != 0 || sizes.Sizeof(t) >= 4) || t.Kind() == types.UnsafePointer
	case *types.Pointer, *types.Chan:
		return true
	}
	return false
}
