package lower

import (
	"go/ast"
	"go/types"
)

// neverAsked reports whether nobody calls a function without knowing its frame: it has
// one, or never suspends; it is not exported, it is nobody's value, and no interface of
// the package has a method of its name. Such a function needs no prologue, which would
// not come for nothing: what a frame might keep has to be on the heap.
func (p *program) neverAsked(f *function) bool {
	if f.Object == nil || f.Object.Exported() || f.fate == Declined {
		return false
	}
	if p.values == nil {
		p.lookAtUses()
	}
	if f.Type.Recv() != nil && p.methods[f.Object.Name()] {
		return false
	}
	return !p.values[f.Object]
}

// lookAtUses finds the functions that are used as values, and the methods of
// interfaces.
func (p *program) lookAtUses() {
	p.values, p.methods = map[*types.Func]bool{}, map[string]bool{}
	called := map[*ast.Ident]bool{}
	for _, file := range p.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if id := nameOfCallee(n.Fun); id != nil {
					called[id] = true
				}
			case *ast.InterfaceType:
				for _, m := range n.Methods.List {
					for _, name := range m.Names {
						p.methods[name.Name] = true
					}
				}
			}
			return true
		})
	}
	for _, f := range p.funcs {
		for _, a := range f.Awaits {
			if a.Deferred && a.Callee != nil {
				p.values[a.Callee] = true // see lowered.Defers
			}
		}
	}
	for id, o := range p.Info.Uses {
		if f, ok := o.(*types.Func); ok && !called[id] {
			p.values[f.Origin()] = true
		}
	}
}

// nameOfCallee returns the name in a call that tells the callee.
func nameOfCallee(x ast.Expr) *ast.Ident {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		return x
	case *ast.SelectorExpr:
		return x.Sel
	case *ast.IndexExpr:
		return nameOfCallee(x.X)
	case *ast.IndexListExpr:
		return nameOfCallee(x.X)
	}
	return nil
}
