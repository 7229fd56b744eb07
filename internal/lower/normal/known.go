package normal

import (
	"go/ast"
	"go/token"
	"go/types"
)

// An Iterator is a method or function All that is known: a loop over it awaits one item
// after the other itself, and needs no coroutine for the iterator to run on.
type Iterator struct {
	// Next is the method that makes the operation which is awaited in each round. A stream
	// has none, and is awaited itself.
	Next string
	// Goes is the type of errors after which the loop goes on, in the package Path, if it
	// is one over items and errors; others end it, and so does io.EOF.
	Path, Goes string
}

// over makes a loop without clauses of a range over a known iterator:
//
//	for v := range c.All(t) { body }
//
// becomes
//
//	for {
//		item, err := c.Recv().Await(t)
//		if !(err == nil) { break }
//		v := item
//		{ body }
//	}
//
// with c and t in variables of their own if they may change. Loops over a stream end with
// io.EOF, or in the round after an error.
func (p *Pass) over(s *ast.RangeStmt, it Iterator) []ast.Stmt {
	r := &ranger{Pass: p, s: s, pos: s.For}
	call := ast.Unparen(s.X).(*ast.CallExpr)
	operands := call.Args
	if it.Next != "" {
		operands = []ast.Expr{ast.Unparen(call.Fun).(*ast.SelectorExpr).X, call.Args[0]}
	}
	h := r.hoistOf(operands...)
	var names []string
	own := &ast.AssignStmt{Tok: token.DEFINE, TokPos: r.pos}
	for _, x := range operands {
		name := p.fixed(x)
		if name == "" {
			name = r.name("x")
			own.Lhs, own.Rhs = append(own.Lhs, r.id(name)), append(own.Rhs, h.expr(x))
		}
		names = append(names, name)
	}
	if r.around = h.before; len(own.Lhs) > 0 {
		r.around = append(r.around, own)
	}
	item, err := "_", r.name("err")
	if s.Key != nil && !isBlank(s.Key) {
		item = r.name("item")
		r.key = r.id(item)
	}
	r.value = r.id(err)
	if it.Next != "" {
		r.operations(names[0], names[1], it, item, err)
	} else {
		r.items(call.Fun, names[0], names[1], item, err)
	}
	return r.made()
}

// fixed returns the name of a variable of the function that keeps its first value, if
// x is one.
func (p *Pass) fixed(x ast.Expr) string {
	if id, ok := ast.Unparen(x).(*ast.Ident); ok {
		if v, ok := p.Info.Uses[id].(*types.Var); ok && v.Parent() != p.Pkg.Scope() && v.Pkg() == p.Pkg && !p.Assigned(v) {
			return id.Name
		}
	}
	return ""
}

// operations awaits an operation in each round.
func (r *ranger) operations(x, task string, it Iterator, item, err string) {
	op := &ast.CallExpr{Fun: r.selector(r.id(x), it.Next), Lparen: r.pos, Rparen: r.pos}
	await := &ast.CallExpr{Fun: r.selector(op, "Await"), Lparen: r.pos, Args: []ast.Expr{r.id(task)}, Rparen: r.pos}
	r.head = append(r.head, define(r.pos, await, item, err))
	end := leaveUnless(r.compare(err, token.EQL, r.id("nil")))
	if it.Goes != "" {
		goes := r.name("goes")
		is := &ast.TypeAssertExpr{X: r.id(err), Lparen: r.pos, Type: &ast.StarExpr{Star: r.pos, X: r.imported(it.Path, it.Goes)}, Rparen: r.pos}
		end = &ast.IfStmt{If: r.pos, Cond: r.compare(err, token.NEQ, r.id("nil")), Body: block(r.pos, r.pos,
			define(r.pos, is, "_", goes), leaveUnless(r.id(goes)))}
	}
	r.head = append(r.head, end)
}

// items awaits a stream in each round, by async.Await, with the type argument that All
// has perhaps.
func (r *ranger) items(all ast.Expr, task, x, item, err string) {
	await := r.imported("rondo.dev/rondo/async", "Await")
	if i, ok := ast.Unparen(all).(*ast.IndexExpr); ok {
		await = &ast.IndexExpr{X: await, Lbrack: r.pos, Index: i.Index, Rbrack: r.pos}
	}
	last := r.name("last")
	r.around = append(r.around, define(r.pos, r.call("error", r.id("nil")), last))
	r.head = append(r.head,
		leaveUnless(r.compare(last, token.EQL, r.id("nil"))),
		define(r.pos, &ast.CallExpr{Fun: await, Lparen: r.pos, Args: []ast.Expr{r.id(task), r.id(x)}, Rparen: r.pos}, item, err),
		leaveUnless(r.compare(err, token.NEQ, r.imported("io", "EOF"))),
		set(r.pos, last, r.id(err)))
}

func (r *ranger) compare(name string, op token.Token, x ast.Expr) ast.Expr {
	return &ast.BinaryExpr{X: r.id(name), OpPos: r.pos, Op: op, Y: x}
}

func (r *ranger) selector(x ast.Expr, name string) *ast.SelectorExpr {
	return &ast.SelectorExpr{X: x, Sel: r.id(name)}
}

// imported writes a name of another package.
func (r *ranger) imported(path, name string) ast.Expr {
	pkg, ok := r.Imports[path]
	if !ok {
		pkg = r.name("pkg")
		r.Imports[path] = pkg
	}
	return r.selector(r.id(pkg), name)
}
