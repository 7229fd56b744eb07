package live

import (
	"go/ast"
	"go/token"
	"go/types"

	"rondo.dev/rondo/internal/lower/find"
	"rondo.dev/rondo/internal/lower/graph"
)

// facts are what a block does with variables: those it reads before it writes
// them, and those it writes in any case.
type facts struct{ reads, writes set }

// flow goes backwards through the graph until nothing changes: a variable is live
// where something that may come reads it.
func (a *analysis) flow() {
	of := map[*graph.Block]*facts{}
	for _, b := range a.g.Blocks {
		of[b] = a.facts(b)
	}
	live := map[*graph.Block]set{}
	for changed := true; changed; {
		changed = false
		for i := len(a.g.Blocks) - 1; i >= 0; i-- {
			b := a.g.Blocks[i]
			in := set{}
			for _, s := range b.Succs() {
				for v := range live[s] {
					if !of[b].writes[v] {
						in[v] = true
					}
				}
			}
			for v := range of[b].reads {
				in[v] = true
			}
			if len(in) != len(live[b]) {
				live[b], changed = in, true
			}
		}
	}
	for _, b := range a.g.Blocks {
		for v := range live[b] {
			a.within(v, b)
		}
		if b.Landing == nil {
			continue
		}
		for v := range live[b] {
			a.v.Across[v] = true
		}
		if v := a.task(b.Landing); v != nil {
			a.v.Across[v] = true // it is needed to go on with the await
			a.within(v, b)
		}
	}
	a.blocks(live)
}

func (a *analysis) within(v *types.Var, b *graph.Block) {
	if a.v.Blocks[v] == nil {
		a.v.Blocks[v] = map[*graph.Block]bool{}
	}
	a.v.Blocks[v][b] = true
}

// task returns the variable that an await passes for its task.
func (a *analysis) task(s *graph.Suspend) *types.Var {
	if s.Loop != nil {
		return nil
	}
	for _, arg := range s.Await.Call.Args {
		if v := a.variable(ast.Unparen(arg)); v != nil && find.IsTask(v.Type()) {
			return v
		}
	}
	return nil
}

// blocks finds the variables that occur in one block alone, and do not come from
// its last run.
func (a *analysis) blocks(live map[*graph.Block]set) {
	in := map[*types.Var]map[*graph.Block]bool{}
	for _, b := range a.g.Blocks {
		occurs := func(v *types.Var, where *graph.Block) {
			if in[v] == nil {
				in[v] = map[*graph.Block]bool{}
			}
			in[v][where] = true
			a.within(v, b)
		}
		a.walk(b, func(x ast.Node) {
			if id, ok := x.(*ast.Ident); ok {
				if v := a.variable(id); v != nil {
					occurs(v, b)
				}
			}
		})
		if b.Bind != nil {
			if v := a.v.Binds[b.Bind.Clause]; v != nil {
				occurs(v, nil) // it is declared in the block that has the switch
			}
		}
	}
	for v, blocks := range in {
		for b := range blocks {
			if len(blocks) == 1 && b != nil && !live[b][v] {
				a.v.Block[v] = b
			}
		}
	}
}

// walk calls f for all nodes of a block's syntax, those of function literals too.
func (a *analysis) walk(b *graph.Block, f func(ast.Node)) {
	each := func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if n != nil {
				f(n)
			}
			return true
		})
	}
	if s := b.Landing; s != nil {
		for _, x := range s.Left {
			each(x)
		}
	}
	for _, x := range variables(b.Round) {
		each(x)
	}
	for _, s := range b.Nodes {
		each(s)
	}
	for _, x := range endExprs(b.End) {
		each(x)
	}
}

// endExprs returns what the end of a block evaluates.
func endExprs(e graph.End) (list []ast.Node) {
	switch e := e.(type) {
	case *graph.Branch:
		list = append(list, e.Cond)
	case *graph.Suspend:
		switch {
		case e.Loop == nil:
			list = append(list, e.Await.Call)
		case e.How == graph.Begin:
			list = append(list, e.Loop.Stmt.X)
		}
	case *graph.Return:
		if e.Stmt != nil {
			list = append(list, e.Stmt)
		}
	case *graph.Switch:
		switch s := e.Stmt.(type) {
		case *ast.SwitchStmt:
			if s.Tag != nil {
				list = append(list, s.Tag)
			}
			for _, c := range s.Body.List {
				for _, x := range c.(*ast.CaseClause).List {
					list = append(list, x)
				}
			}
		case *ast.TypeSwitchStmt:
			list = append(list, s.Assign)
		case *ast.SelectStmt:
			for _, c := range s.Body.List {
				if c := c.(*ast.CommClause).Comm; c != nil {
					list = append(list, c)
				}
			}
		}
	}
	return list
}

// variables are those of a round of a loop.
func variables(l *graph.Loop) (list []ast.Expr) {
	if l == nil {
		return nil
	}
	for _, x := range []ast.Expr{l.Stmt.Key, l.Stmt.Value} {
		if x != nil {
			list = append(list, x)
		}
	}
	return list
}

// facts collects what a block does, in its order.
func (a *analysis) facts(b *graph.Block) *facts {
	f := &facts{set{}, set{}}
	if s := b.Landing; s != nil {
		a.writes(f, s.Left)
	}
	a.writes(f, variables(b.Round))
	if s := b.Bind; s != nil {
		if v := a.v.Binds[s.Clause]; v != nil {
			f.writes[v] = true
		}
	}
	for _, s := range b.Nodes {
		a.node(f, s)
	}
	for _, x := range endExprs(b.End) {
		if s, ok := x.(*ast.AssignStmt); ok && s.Tok == token.DEFINE {
			x = s.Rhs[0] // what a clause of a select receives is not written in any case
		}
		a.reads(f, x)
	}
	return f
}

func (a *analysis) node(f *facts, s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		for _, x := range s.Rhs {
			a.reads(f, x)
		}
		if s.Tok == token.ASSIGN || s.Tok == token.DEFINE {
			a.writes(f, s.Lhs)
			return
		}
		for _, x := range s.Lhs {
			a.reads(f, x)
		}
	case *ast.DeclStmt:
		for _, spec := range s.Decl.(*ast.GenDecl).Specs {
			spec, ok := spec.(*ast.ValueSpec)
			if !ok {
				continue
			}
			for _, x := range spec.Values {
				a.reads(f, x)
			}
			for _, name := range spec.Names {
				a.writes(f, []ast.Expr{name})
			}
		}
	default:
		a.reads(f, s)
	}
}

// writes notes the variables among what is assigned to; the rest is evaluated.
func (a *analysis) writes(f *facts, left []ast.Expr) {
	for _, x := range left {
		// What is held is written through its address, which is read.
		if v := a.variable(x); v == nil || a.v.Held[v] && a.info.Defs[x.(*ast.Ident)] == nil {
			a.reads(f, x)
		}
	}
	for _, x := range left {
		if v := a.variable(x); v != nil {
			f.writes[v] = true
		}
	}
}

func (a *analysis) reads(f *facts, n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if v := a.variable(id); v != nil {
				a.v.Read[v] = true
				if !f.writes[v] {
					f.reads[v] = true
				}
			}
		}
		return true
	})
}
