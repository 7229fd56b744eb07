package live

import (
	"go/ast"
	"go/token"
	"go/types"

	"rondo.dev/rondo/internal/lower/find"
)

// Writes is what a package does to its local variables, seen once for all of its
// functions.
type Writes struct {
	info     *types.Info
	count    map[*types.Var]int // assignments, the declaration's value included
	address  map[*types.Var]bool
	captured map[*types.Var]bool
}

// Held reports whether a variable has to have an address of its own: it is taken, or
// the variable is captured and assigned more than once. One that is captured but
// keeps its first value can be copied instead.
func (w *Writes) Held(v *types.Var) bool {
	return w.address[v] || w.captured[v] && w.count[v] > 1
}

// Shared reports whether something beside its function may hold a variable.
func (w *Writes) Shared(v *types.Var) bool { return w.address[v] || w.captured[v] }

// Assigned reports whether a variable has other values than its first.
func (w *Writes) Assigned(v *types.Var) bool { return w.address[v] || w.count[v] > 1 }

// WritesOf looks at a package's files.
func WritesOf(info *types.Info, files []*ast.File) *Writes {
	w := &Writes{info, map[*types.Var]int{}, map[*types.Var]bool{}, map[*types.Var]bool{}}
	for _, f := range files {
		ast.Inspect(f, w.visit)
	}
	return w
}

func (w *Writes) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncDecl:
		if n.Recv != nil {
			w.parameters(n.Recv, 1)
		}
		w.function(n.Type)
	case *ast.FuncLit:
		w.function(n.Type)
		w.captures(n)
	case *ast.AssignStmt:
		for _, x := range n.Lhs {
			w.write(x)
		}
	case *ast.IncDecStmt:
		w.write(n.X)
	case *ast.RangeStmt:
		w.write(n.Key)
		w.write(n.Value)
	case *ast.ValueSpec:
		for _, name := range n.Names {
			w.write(name)
		}
	case *ast.CaseClause:
		if v, ok := w.info.Implicits[n].(*types.Var); ok {
			w.count[v]++ // the value that is switched on
		}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			w.hold(n.X)
		}
	case *ast.SliceExpr:
		if t := w.info.TypeOf(n.X); t != nil {
			if _, ok := find.Core(t).(*types.Array); ok {
				w.hold(n.X)
			}
		}
	case *ast.SelectorExpr:
		if s := w.info.Selections[n]; s != nil && s.Kind() == types.MethodVal && w.takesAddress(n, s) {
			w.hold(n.X)
		}
	}
	return true
}

func (w *Writes) function(t *ast.FuncType) {
	w.parameters(t.Params, 1)
	if t.Results != nil {
		w.parameters(t.Results, 2) // return statements write them too
	}
}

func (w *Writes) parameters(list *ast.FieldList, writes int) {
	for _, f := range list.List {
		for _, name := range f.Names {
			if v, ok := w.info.Defs[name].(*types.Var); ok {
				w.count[v] += writes
			}
		}
	}
}

func (w *Writes) variable(x ast.Expr) *types.Var {
	if x == nil {
		return nil
	}
	if id, ok := ast.Unparen(x).(*ast.Ident); ok {
		v, _ := w.info.ObjectOf(id).(*types.Var)
		return v
	}
	return nil
}

// write counts an assignment to x: to a part of a variable too.
func (w *Writes) write(x ast.Expr) {
	if x == nil {
		return
	}
	if v := w.root(x); v != nil {
		w.count[v]++
		if w.variable(x) == nil {
			w.count[v]++ // a part: it had another value before
		}
	}
}

// captures notes the variables that a literal uses and does not declare.
func (w *Writes) captures(lit *ast.FuncLit) {
	for _, v := range Captures(w.info, lit) {
		w.captured[v] = true
	}
}

// Captures returns the variables of the functions around a literal that it uses.
func Captures(info *types.Info, lit *ast.FuncLit) (list []*types.Var) {
	seen := map[*types.Var]bool{}
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		v, ok := info.Uses[id].(*types.Var)
		if !ok || v.IsField() || v.Pkg() == nil || v.Parent() == v.Pkg().Scope() || seen[v] {
			return true
		}
		if v.Pos() < lit.Pos() || v.Pos() >= lit.End() {
			seen[v] = true
			list = append(list, v)
		}
		return true
	})
	return list
}

// takesAddress reports whether a method is called with the address of what stands
// before the dot.
func (w *Writes) takesAddress(x *ast.SelectorExpr, s *types.Selection) bool {
	recv := s.Obj().(*types.Func).Signature().Recv()
	if _, ok := recv.Type().(*types.Pointer); !ok {
		return false
	}
	// A pointer on the way to the method's embedded receiver holds it, not us.
	t := w.info.TypeOf(x.X)
	for _, i := range s.Index()[:len(s.Index())-1] {
		if isPointer(t) {
			return false
		}
		t = t.Underlying().(*types.Struct).Field(i).Type()
	}
	return !isPointer(t)
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

func (w *Writes) hold(x ast.Expr) {
	if v := w.root(x); v != nil {
		w.address[v] = true
	}
}

// root returns the variable that x is, or is a part of.
func (w *Writes) root(x ast.Expr) *types.Var {
	for {
		switch y := ast.Unparen(x).(type) {
		case *ast.Ident:
			return w.variable(y)
		case *ast.SelectorExpr:
			s := w.info.Selections[y]
			if s == nil || s.Kind() != types.FieldVal || s.Indirect() {
				return nil
			}
			x = y.X
		case *ast.IndexExpr:
			t := w.info.TypeOf(y.X)
			if t == nil {
				return nil
			}
			if _, ok := find.Core(t).(*types.Array); !ok {
				return nil
			}
			x = y.X
		default:
			return nil
		}
	}
}
