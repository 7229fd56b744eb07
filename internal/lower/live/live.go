// Package live finds out which variables of an async function live across an await:
// those make up its frame. It is the compiler's pass between graph and emit.
package live

import (
	"go/ast"
	"go/token"
	"go/types"

	"rondo.dev/rondo/internal/lower/graph"
)

// Vars is what is known of the variables of one function.
type Vars struct {
	// Across are those that live across an await.
	Across map[*types.Var]bool
	// Held are those that something else may hold: their address is taken, or they
	// are captured by a function literal and assigned more than once.
	Held map[*types.Var]bool
	// Read are those that are read anywhere.
	Read map[*types.Var]bool
	// Blocks are those in which a variable occurs or has a value that is read later,
	// there or in one that comes after. Two variables that have none in common can
	// have one place.
	Blocks map[*types.Var]map[*graph.Block]bool
	// Block is the only block that a variable occurs in, if there is only one.
	Block map[*types.Var]*graph.Block
	// Declared is the block that declares a variable, nil for those of the signature.
	Declared map[*types.Var]*graph.Block
	// Order has all that are declared in the function, parameters and results first.
	Order []*types.Var
	// Binds has the variables of type switches by clause.
	Binds map[*ast.CaseClause]*types.Var
}

// In analyses a function. Only variables that are declared in the function itself
// are looked at, and of those only the ones that blocks declare: what is declared
// inside a node is the node's own business. outside are the variables of functions
// around a literal that it uses.
func In(info *types.Info, g *graph.Graph, writes *Writes, outside []*types.Var) *Vars {
	a := &analysis{
		info: info,
		g:    g,
		own:  map[*types.Var]bool{},
		v: &Vars{
			Across: map[*types.Var]bool{},
			Held:   map[*types.Var]bool{},
			Read:   map[*types.Var]bool{},
			Blocks: map[*types.Var]map[*graph.Block]bool{},
			Block:  map[*types.Var]*graph.Block{},
			Binds:  map[*ast.CaseClause]*types.Var{},

			Declared: map[*types.Var]*graph.Block{},
		},
	}
	for _, v := range outside {
		a.declare(v)
	}
	a.declared()
	for _, v := range a.v.Order {
		a.v.Held[v] = writes.Held(v)
	}
	a.flow()
	return a.v
}

type set map[*types.Var]bool

type analysis struct {
	info *types.Info
	g    *graph.Graph
	own  set
	in   *graph.Block // that is looked at for declarations
	v    *Vars
}

func (a *analysis) declare(o types.Object) {
	if v, ok := o.(*types.Var); ok && v != nil && v.Name() != "_" && !a.own[v] {
		a.own[v] = true
		a.v.Order = append(a.v.Order, v)
		a.v.Declared[v] = a.in
	}
}

// declared collects the variables that blocks declare.
func (a *analysis) declared() {
	sig := a.g.Func.Type
	if r := a.receiver(); r != nil {
		a.declare(r)
	}
	for v := range sig.Params().Variables() {
		a.declare(v)
	}
	for v := range sig.Results().Variables() {
		if v.Name() != "" {
			a.declare(v)
		}
	}
	for _, b := range a.g.Blocks {
		a.in = b
		if s := b.Landing; s != nil && s.Tok == token.DEFINE {
			a.defines(s.Left)
		}
		if l := b.Round; l != nil {
			a.defines(variables(l))
		}
		if s := b.Bind; s != nil {
			if v, ok := a.info.Implicits[s.Clause].(*types.Var); ok {
				a.declare(v)
				a.v.Binds[s.Clause] = v
			}
		}
		for _, s := range b.Nodes {
			a.declaredIn(s)
		}
		if s, ok := b.End.(*graph.Switch); ok {
			if s, ok := s.Stmt.(*ast.SelectStmt); ok {
				for _, c := range s.Body.List {
					a.declaredIn(c.(*ast.CommClause).Comm)
				}
			}
		}
	}
}

func (a *analysis) declaredIn(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		if s.Tok == token.DEFINE {
			a.defines(s.Lhs)
		}
	case *ast.DeclStmt:
		for _, spec := range s.Decl.(*ast.GenDecl).Specs {
			if spec, ok := spec.(*ast.ValueSpec); ok {
				for _, name := range spec.Names {
					a.declare(a.info.Defs[name])
				}
			}
		}
	}
}

func (a *analysis) defines(list []ast.Expr) {
	for _, x := range list {
		if id, ok := x.(*ast.Ident); ok {
			a.declare(a.info.Defs[id])
		}
	}
}

// receiver returns the method's receiver, if it has one with a name.
func (a *analysis) receiver() *types.Var {
	if _, ok := a.g.Func.Node.(*ast.FuncDecl); !ok {
		return nil
	}
	if r := a.g.Func.Type.Recv(); r != nil && r.Name() != "" {
		return r
	}
	return nil
}

// variable returns the variable that an expression names, if it is one of ours.
func (a *analysis) variable(x ast.Expr) *types.Var {
	id, ok := x.(*ast.Ident)
	if !ok {
		return nil
	}
	v, ok := a.info.ObjectOf(id).(*types.Var)
	if !ok || !a.own[v] {
		return nil
	}
	return v
}
