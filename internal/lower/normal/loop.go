package normal

import (
	"go/ast"
	"go/token"
	"go/types"

	"rondo.dev/rondo/internal/lower/find"
)

// loop makes a loop without clauses of one that awaits:
//
//	for i := 0; i < n; i++ { body }
//
// becomes
//
//	{
//		i := 0
//		again := false
//		for {
//			if again { i++ }
//			again = true
//			if !(i < n) { break }
//			{ body }
//		}
//	}
//
// so that continue leads to where it did. The body stays a block of its own: what it
// declares may have the names of the loop's variables. A variable that something may
// hold is a new one in each round, a copy of the last.
func (p *Pass) loop(s *ast.ForStmt) []ast.Stmt {
	inForm := s.Init == nil && s.Post == nil && (s.Cond == nil || !p.awaits(s.Cond))
	if inForm || s.Post != nil && p.hides("true", "false") {
		s.Body.List = p.list(s.Body.List)
		return []ast.Stmt{s}
	}
	var around, head []ast.Stmt
	if s.Init != nil {
		around = append(around, p.stmt(s.Init)...)
		head = append(head, p.copies(s, &around)...)
	}
	pos := s.For
	if s.Post != nil {
		again := p.name("again")
		around = append(around, define(pos, ident(pos, "false"), again))
		head = append(head,
			&ast.IfStmt{If: s.Post.Pos(), Cond: ident(s.Post.Pos(), again), Body: block(s.Post.Pos(), s.Post.End(), p.stmt(s.Post)...)},
			set(pos, again, ident(pos, "true")))
	}
	if s.Cond != nil {
		h := p.hoistOf(s.Cond)
		cond := h.expr(s.Cond)
		head = append(head, h.before...)
		head = append(head, leaveUnless(cond))
	}
	return []ast.Stmt{block(pos, s.End(), append(around, p.round(pos, head, s.Body))...)}
}

// round returns the loop that has head and a body in each of its rounds.
func (p *Pass) round(pos token.Pos, head []ast.Stmt, body *ast.BlockStmt) ast.Stmt {
	own := block(body.Lbrace, body.Rbrace, p.list(body.List)...)
	return &ast.ForStmt{For: pos, Body: block(body.Lbrace, body.Rbrace, append(head, own)...)}
}

func leaveUnless(cond ast.Expr) ast.Stmt {
	return &ast.IfStmt{If: cond.Pos(), Cond: not(cond), Body: block(cond.Pos(), cond.End(), &ast.BranchStmt{TokPos: cond.Pos(), Tok: token.BREAK})}
}

// copies makes those variables of the loop new in each round that something may hold.
func (p *Pass) copies(s *ast.ForStmt, around *[]ast.Stmt) (head []ast.Stmt) {
	init, ok := s.Init.(*ast.AssignStmt)
	if !ok || init.Tok != token.DEFINE {
		return nil
	}
	for _, x := range init.Lhs {
		id, ok := x.(*ast.Ident)
		if !ok {
			continue
		}
		v, ok := p.Info.Defs[id].(*types.Var)
		if !ok || v == nil || !p.Held(v) {
			continue
		}
		last := p.name("last")
		pos := id.Pos()
		*around = append(*around, define(pos, &ast.UnaryExpr{OpPos: pos, Op: token.AND, X: ident(pos, id.Name)}, last))
		head = append(head,
			define(pos, &ast.StarExpr{Star: pos, X: ident(pos, last)}, id.Name),
			set(pos, last, &ast.UnaryExpr{OpPos: pos, Op: token.AND, X: ident(pos, id.Name)}))
	}
	return head
}

// ranging makes a loop without clauses of a range that awaits, if what is ranged over
// can be had piece by piece.
func (p *Pass) ranging(s *ast.RangeStmt) []ast.Stmt {
	r := &ranger{Pass: p, s: s, pos: s.For}
	if p.hides("true", "false", "len", "make", "append") {
		return p.apart(s)
	}
	if it, ok := p.Iterator(s); ok && !p.hides("nil", "error") {
		return p.over(s, it)
	}
	switch u := find.Core(p.under(s.X)).(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsString != 0:
			r.text()
		case u.Kind() == types.Invalid:
			return p.apart(s) // of cgo
		case p.Info.Types[s.X].Value != nil && s.Tok == token.ASSIGN:
			return p.apart(s) // the constant has the variable's type
		default:
			r.integer()
		}
	case *types.Slice, *types.Array, *types.Pointer:
		r.indexed()
	case *types.Chan:
		r.channel()
	case *types.Map:
		key := p.spell(u.Key(), s.For)
		if key == nil || !reflexive(u.Key()) {
			return p.apart(s) // keys that have no name here, or may not be found again
		}
		r.table(key)
	default:
		return p.apart(s)
	}
	return r.made()
}

// A ranger collects what a range loop consists of.
type ranger struct {
	*Pass
	s          *ast.RangeStmt
	pos        token.Pos
	around     []ast.Stmt // before the loop
	head       []ast.Stmt // at the beginning of each round
	key, value ast.Expr   // of a round
}

// made returns the loop that was collected.
func (r *ranger) made() []ast.Stmt {
	head := r.head
	if bind := r.bind(); bind != nil {
		head = append(head, r.stmt(bind)...)
	}
	return []ast.Stmt{block(r.pos, r.s.End(), append(r.around, r.round(r.pos, head, r.s.Body))...)}
}

func (r *ranger) id(name string) *ast.Ident { return ident(r.pos, name) }

// subject evaluates what is ranged over.
func (r *ranger) subject() string {
	h := r.hoistOf(r.s.X)
	x := h.expr(r.s.X)
	name := r.name("x")
	r.around = append(append(r.around, h.before...), define(r.pos, x, name))
	return name
}

// counter makes a variable that counts up to a limit.
func (r *ranger) counter(zero ast.Expr, limit ast.Expr) string {
	i, again := r.name("i"), r.name("again")
	r.around = append(r.around, define(r.pos, zero, i), define(r.pos, r.id("false"), again))
	r.head = append(r.head,
		&ast.IfStmt{If: r.pos, Cond: r.id(again), Body: block(r.pos, r.pos, &ast.IncDecStmt{X: r.id(i), TokPos: r.pos, Tok: token.INC})},
		set(r.pos, again, r.id("true")),
		leaveUnless(&ast.BinaryExpr{X: r.id(i), OpPos: r.pos, Op: token.LSS, Y: limit}))
	return i
}

func (r *ranger) number(s string) ast.Expr {
	return &ast.BasicLit{ValuePos: r.pos, Kind: token.INT, Value: s}
}

func (r *ranger) call(fun string, args ...ast.Expr) ast.Expr {
	return &ast.CallExpr{Fun: r.id(fun), Lparen: r.pos, Args: args, Rparen: r.pos}
}

func (r *ranger) integer() {
	n := r.subject()
	r.key = r.id(r.counter(&ast.BinaryExpr{X: r.id(n), OpPos: r.pos, Op: token.SUB, Y: r.id(n)}, r.id(n)))
}

func (r *ranger) indexed() {
	n := r.name("n")
	if r.unevaluated() {
		r.around = append(r.around, define(r.pos, r.call("len", r.s.X), n))
		r.key = r.id(r.counter(r.number("0"), r.id(n)))
		return
	}
	x := r.subject()
	r.around = append(r.around, define(r.pos, r.call("len", r.id(x)), n))
	i := r.counter(r.number("0"), r.id(n))
	r.key = r.id(i)
	r.value = &ast.IndexExpr{X: r.id(x), Lbrack: r.pos, Index: r.id(i), Rbrack: r.pos}
}

// unevaluated reports whether what is ranged over is an array of which a constant
// length is all that is asked for: it may be behind a nil pointer.
func (r *ranger) unevaluated() bool {
	_, isSlice := r.Info.TypeOf(r.s.X).Underlying().(*types.Slice)
	return !isSlice && r.s.Value == nil && !r.contains(r.s.X, r.mayAct)
}

// text takes one character a round, by an inner loop that ends after the first.
func (r *ranger) text() {
	x := r.subject()
	at, next, c := r.name("at"), r.name("next"), r.name("c")
	r.around = append(r.around, define(r.pos, r.number("0"), next))
	i, char := r.name("i"), r.name("c")
	length := r.call("len", r.id(x))
	rest := &ast.SliceExpr{X: r.id(x), Lbrack: r.pos, Low: r.id(at), Rbrack: r.pos}
	r.head = append(r.head,
		leaveUnless(&ast.BinaryExpr{X: r.id(next), OpPos: r.pos, Op: token.LSS, Y: length}),
		define(r.pos, r.id(next), at),
		set(r.pos, next, length),
		define(r.pos, &ast.BasicLit{ValuePos: r.pos, Kind: token.CHAR, Value: "' '"}, c),
		&ast.RangeStmt{For: r.pos, Key: r.id(i), Value: r.id(char), Tok: token.DEFINE, TokPos: r.pos, X: rest, Body: block(r.pos, r.pos,
			&ast.IfStmt{If: r.pos, Cond: &ast.BinaryExpr{X: r.id(i), OpPos: r.pos, Op: token.GTR, Y: r.number("0")}, Body: block(r.pos, r.pos,
				set(r.pos, next, &ast.BinaryExpr{X: r.id(at), OpPos: r.pos, Op: token.ADD, Y: r.id(i)}),
				&ast.BranchStmt{TokPos: r.pos, Tok: token.BREAK})},
			set(r.pos, c, r.id(char)))},
		set(r.pos, "_", r.id(c)))
	r.key, r.value = r.id(at), r.id(c)
}

func (r *ranger) channel() {
	x := r.subject()
	v, ok := r.name("v"), r.name("ok")
	r.head = append(r.head,
		define(r.pos, &ast.UnaryExpr{OpPos: r.pos, Op: token.ARROW, X: r.id(x)}, v, ok),
		leaveUnless(r.id(ok)),
		set(r.pos, "_", r.id(v)))
	r.key = r.id(v)
}

// table takes the keys first, and leaves those out that have been deleted when their
// turn comes.
func (r *ranger) table(keyType ast.Expr) {
	x := r.subject()
	keys, k, v, ok := r.name("keys"), r.name("k"), r.name("v"), r.name("ok")
	r.around = append(r.around,
		define(r.pos, r.call("make", &ast.ArrayType{Lbrack: r.pos, Elt: keyType}, r.number("0"), r.call("len", r.id(x))), keys),
		&ast.RangeStmt{For: r.pos, Key: r.id(k), Tok: token.DEFINE, TokPos: r.pos, X: r.id(x), Body: block(r.pos, r.pos,
			set(r.pos, keys, r.call("append", r.id(keys), r.id(k))))})
	i := r.counter(r.number("0"), r.call("len", r.id(keys)))
	key := &ast.IndexExpr{X: r.id(keys), Lbrack: r.pos, Index: r.id(i), Rbrack: r.pos}
	r.head = append(r.head,
		define(r.pos, &ast.IndexExpr{X: r.id(x), Lbrack: r.pos, Index: key, Rbrack: r.pos}, v, ok),
		&ast.IfStmt{If: r.pos, Cond: not(r.id(ok)), Body: block(r.pos, r.pos, &ast.BranchStmt{TokPos: r.pos, Tok: token.CONTINUE})},
		set(r.pos, "_", r.id(v)))
	r.key, r.value = key, r.id(v)
}

// bind assigns the round's key and value to the user's variables.
func (r *ranger) bind() ast.Stmt {
	a := &ast.AssignStmt{Tok: r.s.Tok, TokPos: r.s.TokPos}
	named := false
	add := func(to, from ast.Expr) {
		if to == nil || isBlank(to) {
			return
		}
		named = true
		a.Lhs = append(a.Lhs, to)
		a.Rhs = append(a.Rhs, from)
	}
	add(r.s.Key, r.key)
	add(r.s.Value, r.value)
	if !named {
		return nil
	}
	return a
}

func isBlank(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == "_"
}
