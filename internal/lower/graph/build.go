package graph

import (
	"fmt"
	"go/ast"
	"go/token"

	"rondo.dev/rondo/internal/lower/find"
)

// An Error is why a function has no graph: it is not in normal form.
type Error struct {
	Pos    token.Pos
	Reason string
}

func (e *Error) Error() string { return e.Reason }

// A Way says what is known of the calls of a function.
type Way struct {
	// Suspends says which awaits are awaits: the others cannot suspend after all, and
	// are calls like any other.
	Suspends func(find.Await) bool
	// Ranged says which ranges run on their own even if they have no await inside.
	Ranged func(*ast.RangeStmt) bool
}

// Build makes the graph of a function.
func Build(f *find.Func, way Way) (g *Graph, err error) {
	b := &builder{
		way:    way,
		graph:  &Graph{Func: f, Jumps: map[*ast.BranchStmt]*Block{}, Returns: map[*ast.ReturnStmt]*Block{}},
		awaits: map[*ast.CallExpr]find.Await{},
		labels: map[string]*Block{},
		leaves: map[leave]*Block{},
	}
	for _, a := range f.Awaits {
		if !a.Deferred && way.Suspends(a) {
			b.awaits[a.Call] = a
		}
	}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *Error:
			g, err = nil, e
		default:
			panic(e)
		}
	}()
	b.at = b.block("entry")
	b.place(b.at)
	b.list(f.Body.List)
	b.end(&Return{At: f.Body.Rbrace})
	b.graph.Blocks = append(b.graph.Blocks, b.last...)
	b.graph.Blocks = reachable(b.graph.Blocks)
	return b.graph, nil
}

type builder struct {
	way    Way
	graph  *Graph
	awaits map[*ast.CallExpr]find.Await
	at     *Block            // what is being filled; nil after a jump
	labels map[string]*Block // by label, where goto leads
	outer  *target           // what break and continue lead out of
	loop   *Loop             // the innermost one around
	leaves map[leave]*Block
	last   []*Block // to be placed behind all others
}

// A target is a statement around the one at hand that is taken apart.
type target struct {
	outer     *target
	label     string
	breaks    *Block
	continues *Block // nil if it is no loop
	around    *Loop  // around the statement
	inside    *Loop  // around its body
}

func refuse(pos token.Pos, format string, args ...any) {
	panic(&Error{pos, fmt.Sprintf(format, args...)})
}

func (b *builder) block(name string) *Block { return &Block{Name: name} }

// place puts a block behind the others and goes on in it.
func (b *builder) place(x *Block) {
	if b.at != nil && b.at != x {
		b.end(&Jump{x})
	}
	b.graph.Blocks = append(b.graph.Blocks, x)
	b.at = x
}

// end ends the block at hand.
func (b *builder) end(e End) {
	if b.at != nil {
		b.at.End = e
		b.at = nil
	}
}

// here returns the block at hand, or one that cannot be reached.
func (b *builder) here() *Block {
	if b.at == nil {
		b.place(b.block("dead"))
	}
	return b.at
}

func (b *builder) node(s ast.Stmt) {
	x := b.here()
	x.Nodes = append(x.Nodes, s)
	if sides := append(b.jumps(s), b.returns(s)...); len(sides) > 0 {
		// What follows is a block of its own, so that sides leave at an end.
		x.Sides = sides
		b.place(b.block("next"))
	}
}

func (b *builder) list(list []ast.Stmt) {
	for _, s := range list {
		b.stmt(s, "")
	}
}

func (b *builder) stmt(s ast.Stmt, label string) {
	switch s := s.(type) {
	case *ast.EmptyStmt:
		return
	case *ast.DeclStmt:
		if s.Decl.(*ast.GenDecl).Tok != token.VAR {
			b.graph.Decls = append(b.graph.Decls, s)
			return
		}
	case *ast.LabeledStmt:
		b.labeled(s)
		return
	case *ast.ReturnStmt:
		if b.suspends(s) {
			if len(s.Results) != 1 {
				refuse(s.Pos(), "an await in a return statement is not in normal form")
			}
			b.await(s, s.Results[0], nil, token.ILLEGAL).Returns = true
			if to := b.leave(nil, nil); to != nil {
				b.end(&Jump{to})
			}
			b.end(&Return{At: s.Pos()})
			return
		}
		b.here()
		b.end(&Return{s, s.Pos(), b.returned(s)})
		return
	case *ast.BranchStmt:
		b.here()
		b.end(&Jump{b.goal(s)})
		return
	case *ast.BlockStmt:
		// Also without an await: what is declared in it has a name of its own.
		if b.suspends(s) {
			b.list(s.List)
			return
		}
	}
	if !b.suspends(s) {
		b.node(s)
		return
	}
	switch s := s.(type) {
	case *ast.ExprStmt:
		b.await(s, s.X, nil, token.ILLEGAL)
	case *ast.AssignStmt:
		if len(s.Rhs) != 1 || s.Tok != token.ASSIGN && s.Tok != token.DEFINE {
			refuse(s.Pos(), "an await in an assignment is not in normal form")
		}
		b.await(s, s.Rhs[0], s.Lhs, s.Tok)
	case *ast.IfStmt:
		b.ifelse(s)
	case *ast.ForStmt:
		b.repeat(s, label)
	case *ast.SwitchStmt:
		b.inits(s.Init)
		if s.Tag != nil {
			b.pure(s.Tag)
		}
		b.choice(s, s.Body, label, false)
	case *ast.TypeSwitchStmt:
		b.inits(s.Init)
		b.pure(s.Assign)
		b.choice(s, s.Body, label, false)
	case *ast.SelectStmt:
		b.choice(s, s.Body, label, true)
	case *ast.RangeStmt:
		b.ranges(s, label)
	default:
		refuse(s.Pos(), "an await in %s is not in normal form", kind(s))
	}
}

// await ends the block with an await and begins the one behind.
func (b *builder) await(s ast.Stmt, x ast.Expr, left []ast.Expr, tok token.Token) *Suspend {
	call, _ := ast.Unparen(x).(*ast.CallExpr)
	a, ok := b.awaits[call]
	if !ok {
		refuse(s.Pos(), "an await inside an expression is not in normal form")
	}
	for _, arg := range call.Args {
		b.pure(arg)
	}
	b.pure(call.Fun)
	next := b.block("done")
	e := &Suspend{Await: a, Left: left, Tok: tok, Stmt: s, Next: next}
	next.Landing = e
	b.here()
	b.end(e)
	b.place(next)
	return e
}

func (b *builder) inits(s ast.Stmt) {
	if s != nil {
		b.stmt(s, "")
	}
}

// pure refuses an await where the normal form has none.
func (b *builder) pure(x ast.Node) {
	if b.suspends(x) {
		refuse(x.Pos(), "an await inside an expression is not in normal form")
	}
}

func (b *builder) ifelse(s *ast.IfStmt) {
	b.inits(s.Init)
	b.pure(s.Cond)
	then, after := b.block("then"), b.block("after")
	otherwise := after
	if s.Else != nil {
		otherwise = b.block("otherwise")
	}
	b.here()
	b.end(&Branch{s.Cond, then, otherwise})
	b.place(then)
	b.list(s.Body.List)
	b.end(&Jump{after})
	if s.Else != nil {
		b.place(otherwise)
		b.stmt(s.Else, "")
		b.end(&Jump{after})
	}
	b.place(after)
}

func (b *builder) repeat(s *ast.ForStmt, label string) {
	if s.Init != nil || s.Post != nil {
		refuse(s.Pos(), "an await in a loop with three clauses is not in normal form")
	}
	loop, after := b.block("loop"), b.block("after")
	b.place(loop)
	if s.Cond != nil {
		b.pure(s.Cond)
		body := b.block("body")
		b.end(&Branch{s.Cond, body, after})
		b.place(body)
	}
	b.outer = &target{b.outer, label, after, loop, b.loop, b.loop}
	b.list(s.Body.List)
	b.outer = b.outer.outer
	b.end(&Jump{loop})
	b.place(after)
}

// choice takes a switch, a type switch or a select apart.
func (b *builder) choice(s ast.Stmt, body *ast.BlockStmt, label string, isSelect bool) {
	after := b.block("after")
	e := &Switch{Stmt: s}
	if !isSelect {
		e.None = after
	}
	for _, c := range body.List {
		clause := b.block("clause")
		if c, ok := c.(*ast.CommClause); ok && c.Comm != nil {
			b.pure(c.Comm)
		}
		if c, ok := c.(*ast.CaseClause); ok {
			if c.List == nil {
				e.None = nil
			}
			for _, x := range c.List {
				b.pure(x)
			}
			if _, ok := s.(*ast.TypeSwitchStmt); ok {
				clause.Bind = &Bind{c}
			}
		}
		e.Clauses = append(e.Clauses, clause)
	}
	b.here()
	b.end(e)
	b.outer = &target{b.outer, label, after, nil, b.loop, b.loop}
	for i, c := range body.List {
		b.place(e.Clauses[i])
		list := clauseBody(c)
		if n := len(list); n > 0 && isFallthrough(list[n-1]) {
			b.list(list[:n-1])
			b.end(&Jump{e.Clauses[i+1]})
			continue
		}
		b.list(list)
		b.end(&Jump{after})
	}
	b.outer = b.outer.outer
	b.place(after)
}

func clauseBody(s ast.Stmt) []ast.Stmt {
	if c, ok := s.(*ast.CaseClause); ok {
		return c.Body
	}
	return s.(*ast.CommClause).Body
}

func isFallthrough(s ast.Stmt) bool {
	b, ok := s.(*ast.BranchStmt)
	return ok && b.Tok == token.FALLTHROUGH
}

// suspends reports whether n has an await of this function inside.
func (b *builder) suspends(n ast.Node) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if _, ok := b.awaits[call]; ok {
				found = true
			}
		}
		if s, ok := n.(*ast.RangeStmt); ok && b.way.Ranged(s) {
			found = true
		}
		_, isLit := n.(*ast.FuncLit)
		return !isLit && !found
	})
	return found
}

func kind(s ast.Stmt) string {
	switch s.(type) {
	case *ast.ReturnStmt:
		return "a return statement"
	case *ast.DeclStmt:
		return "a declaration"
	case *ast.SendStmt:
		return "a send statement"
	case *ast.IncDecStmt:
		return "an increment"
	case *ast.DeferStmt:
		return "a defer statement"
	case *ast.GoStmt:
		return "a go statement"
	}
	return fmt.Sprintf("a %T", s)
}
