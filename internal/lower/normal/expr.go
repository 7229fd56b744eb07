package normal

import (
	"go/ast"
	"go/token"
	"go/types"

	"rondo.dev/rondo/internal/lower/find"
)

// A hoist takes the awaits out of the expressions of one statement. They are visited
// in the order in which they are evaluated; before collects what has to happen first.
type hoist struct {
	*Pass
	before []ast.Stmt
	left   int  // awaits that are still to come
	again  bool // what is evaluated may be evaluated a second time
}

// hoistOf prepares for the expressions of a statement, all of them.
func (p *Pass) hoistOf(exprs ...ast.Expr) *hoist {
	h := &hoist{Pass: p}
	for _, x := range exprs {
		if h.left += p.count(x); x != nil {
			p.mark(x)
		}
	}
	return h
}

// keep evaluates x into a variable.
func (h *hoist) keep(x ast.Expr, name string) ast.Expr {
	n := h.name(name)
	h.before = append(h.before, define(x.Pos(), x, n))
	return ident(x.Pos(), n)
}

// expr returns what stands for x once before has happened.
func (h *hoist) expr(x ast.Expr) ast.Expr {
	if x == nil {
		return nil
	}
	if !h.awaits(x) {
		if h.contains(x, h.matters) {
			return h.ordered(x)
		}
		return x
	}
	switch x := x.(type) {
	case *ast.UnaryExpr:
		y := &ast.UnaryExpr{OpPos: x.OpPos, Op: x.Op, X: h.expr(x.X)}
		if x.Op == token.ARROW && (h.left > 0 || h.again) {
			return h.keep(y, "got")
		}
		return h.done(x, y)
	case *ast.TypeAssertExpr:
		return h.done(x, &ast.TypeAssertExpr{X: h.expr(x.X), Lparen: x.Lparen, Type: x.Type, Rparen: x.Rparen})
	case *ast.BinaryExpr:
		if x.Op == token.LAND || x.Op == token.LOR {
			return h.logical(x)
		}
		return h.done(x, &ast.BinaryExpr{X: h.expr(x.X), OpPos: x.OpPos, Op: x.Op, Y: h.expr(x.Y)})
	case *ast.CallExpr:
		return h.call(x)
	}
	return h.done(x, h.inside(x))
}

// done evaluates x, whose awaits are behind it in y, if that has to be before those to come.
func (h *hoist) done(x, y ast.Expr) ast.Expr {
	if t, ok := h.Info.TypeOf(x).(*types.Tuple); ok && t.Len() != 1 || h.left == 0 || !h.early(x) {
		return y
	}
	return h.typed(x, y)
}

// typed evaluates x, as y, into a variable of its type: if that is not to be had by :=,
// and has no name here either, y stays where it is.
func (h *hoist) typed(x, y ast.Expr) ast.Expr {
	if lit, ok := y.(*ast.CompositeLit); ok && lit.Type == nil {
		if whole := h.whole(x, lit); whole != nil {
			return h.keep(whole, "v")
		}
		return y
	}
	if b, ok := ast.Unparen(x).(*ast.BinaryExpr); ok && (b.Op == token.SHL || b.Op == token.SHR) && h.Info.Types[b.X].Value != nil {
		return y
	}
	if value, ok := h.truth(x); ok {
		return h.keep(value(y), "v")
	}
	return y
}

// entry returns what stands for an entry of a map literal: they are stored one after the
// other.
func (h *hoist) entry(x *ast.KeyValueExpr) ast.Expr {
	key, value := h.expr(x.Key), h.expr(x.Value)
	return &ast.KeyValueExpr{Key: h.stored(x.Key, key), Colon: x.Colon, Value: h.stored(x.Value, value)}
}

func (h *hoist) stored(x, y ast.Expr) ast.Expr {
	if id, ok := y.(*ast.Ident); h.left == 0 || h.Info.Types[x].Value != nil || h.Info.Types[x].IsNil() || ok && id != x {
		return y
	}
	return h.typed(x, y)
}

// matters reports whether it makes a difference when the value of x itself is taken.
func (h *hoist) matters(x ast.Expr) bool {
	return h.left > 0 && h.early(x) || h.again && h.early(x) && h.acts(x)
}

// ordered evaluates an expression without awaits before one that comes later: what
// matters in it, not the variables around.
func (h *hoist) ordered(x ast.Expr) ast.Expr {
	if h.matters(x) {
		if t, ok := h.Info.TypeOf(x).(*types.Tuple); ok && t.Len() != 1 {
			return x // stands alone, nothing is evaluated after it
		}
		if lit, ok := x.(*ast.CompositeLit); ok && lit.Type == nil {
			if whole := h.whole(x, lit); whole != nil {
				return h.keep(whole, "v")
			}
			return h.inside(x)
		}
		if value, ok := h.truth(x); ok {
			return h.keep(value(x), "v")
		}
		return h.keep(x, "v")
	}
	switch x := x.(type) {
	case *ast.BinaryExpr:
		return &ast.BinaryExpr{X: h.expr(x.X), OpPos: x.OpPos, Op: x.Op, Y: h.expr(x.Y)}
	case *ast.UnaryExpr:
		return &ast.UnaryExpr{OpPos: x.OpPos, Op: x.Op, X: h.expr(x.X)}
	case *ast.TypeAssertExpr:
		return &ast.TypeAssertExpr{X: h.expr(x.X), Lparen: x.Lparen, Type: x.Type, Rparen: x.Rparen}
	case *ast.CallExpr:
		return h.args(x)
	}
	return h.inside(x)
}

// whole returns the literal that stands for x, whose type another one around it says, with
// its type; nil if that has no name here.
func (h *hoist) whole(x ast.Expr, lit *ast.CompositeLit) ast.Expr {
	typ := h.spell(h.Info.TypeOf(x), x.Pos())
	if typ == nil {
		return nil
	}
	return &ast.CompositeLit{Type: typ, Lbrace: lit.Lbrace, Elts: lit.Elts, Rbrace: lit.Rbrace}
}

// inside goes on inside of an expression that does nothing itself.
func (h *hoist) inside(x ast.Expr) ast.Expr {
	switch x := x.(type) {
	case *ast.ParenExpr:
		return &ast.ParenExpr{Lparen: x.Lparen, X: h.expr(x.X), Rparen: x.Rparen}
	case *ast.SelectorExpr:
		return &ast.SelectorExpr{X: h.expr(x.X), Sel: x.Sel}
	case *ast.StarExpr:
		return &ast.StarExpr{Star: x.Star, X: h.expr(x.X)}
	case *ast.IndexExpr:
		return &ast.IndexExpr{X: h.expr(x.X), Lbrack: x.Lbrack, Index: h.expr(x.Index), Rbrack: x.Rbrack}
	case *ast.SliceExpr:
		return &ast.SliceExpr{X: h.expr(x.X), Lbrack: x.Lbrack, Low: h.expr(x.Low), High: h.expr(x.High), Max: h.expr(x.Max), Slice3: x.Slice3, Rbrack: x.Rbrack}
	case *ast.KeyValueExpr:
		return &ast.KeyValueExpr{Key: h.expr(x.Key), Colon: x.Colon, Value: h.expr(x.Value)}
	case *ast.CompositeLit:
		c := &ast.CompositeLit{Type: x.Type, Lbrace: x.Lbrace, Rbrace: x.Rbrace}
		_, isMap := h.under(x).(*types.Map)
		for _, e := range x.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok && isMap {
				c.Elts = append(c.Elts, h.entry(kv))
			} else {
				c.Elts = append(c.Elts, h.expr(e))
			}
		}
		return c
	}
	return x
}

// logical makes an if of && and ||, where the right side awaits or must not be
// evaluated later.
func (h *hoist) logical(x *ast.BinaryExpr) ast.Expr {
	if !h.awaits(x.Y) && h.left == h.count(x.X) && !(h.again && h.acts(x.Y)) {
		return &ast.BinaryExpr{X: h.expr(x.X), OpPos: x.OpPos, Op: x.Op, Y: x.Y}
	}
	value, ok := h.truth(x)
	if !ok {
		return x
	}
	first := value(h.expr(x.X))
	name := h.Pass.name("is")
	h.before = append(h.before, define(x.Pos(), first, name))
	outer := h.before
	h.before = nil
	right := value(h.expr(x.Y))
	body := append(h.before, set(x.Y.Pos(), name, right))
	h.before = outer
	var cond ast.Expr = ident(x.OpPos, name)
	if x.Op == token.LOR {
		cond = not(cond)
	}
	h.before = append(h.before, &ast.IfStmt{If: x.OpPos, Cond: cond, Body: block(x.Y.Pos(), x.Y.End(), body...)})
	return ident(x.Pos(), name)
}

// truth returns what gives a part of x the type of x, a truth that may have another one
// than bool; false if that has no name here.
func (h *hoist) truth(x ast.Expr) (value func(ast.Expr) ast.Expr, ok bool) {
	t := h.Info.TypeOf(x)
	if b, ok := h.under(x).(*types.Basic); !ok || b.Info()&types.IsBoolean == 0 {
		return func(x ast.Expr) ast.Expr { return x }, true
	}
	if _, predeclared := types.Unalias(t).(*types.Basic); predeclared {
		return func(x ast.Expr) ast.Expr { return x }, true
	}
	typ := h.spell(t, x.Pos())
	return func(x ast.Expr) ast.Expr {
		return &ast.CallExpr{Fun: typ, Lparen: x.Pos(), Args: []ast.Expr{x}, Rparen: x.End()}
	}, typ != nil
}

// args returns a call whose operands have been taken care of.
func (h *hoist) args(x *ast.CallExpr) *ast.CallExpr {
	c := &ast.CallExpr{Fun: x.Fun, Lparen: x.Lparen, Ellipsis: x.Ellipsis, Rparen: x.Rparen}
	if _, isLit := ast.Unparen(x.Fun).(*ast.FuncLit); !isLit {
		c.Fun = h.expr(x.Fun)
	}
	if len(x.Args) == 1 {
		if t, ok := h.Info.TypeOf(x.Args[0]).(*types.Tuple); ok && t.Len() > 1 {
			if h.awaits(x.Args[0]) || h.Suspends(x) || h.left > 0 {
				var names []string
				for range t.Len() {
					names = append(names, h.name("v"))
				}
				s := define(x.Args[0].Pos(), h.bare(x.Args[0]), names...)
				h.before = append(h.before, s)
				for _, n := range names {
					c.Args = append(c.Args, ident(x.Args[0].Pos(), n))
				}
				return c
			}
		}
	}
	for _, arg := range x.Args {
		c.Args = append(c.Args, h.expr(arg))
	}
	return c
}

// bare returns an await, its operands taken care of, to stand as a statement. Those of
// a primitive are evaluated right before it, so only awaits among them matter; others may
// be called a second time, with what was evaluated the first time.
func (h *hoist) bare(x ast.Expr) ast.Expr {
	call, ok := ast.Unparen(x).(*ast.CallExpr)
	if !ok || !h.Suspends(call) {
		return h.expr(x)
	}
	left, again := h.left, h.again
	h.left = h.count(call) - 1
	h.again = !h.Primitive(call)
	c := h.args(call)
	h.task(call, c)
	h.left, h.again = left-h.count(call), again
	return h.method(c)
}

// method makes a method call of an await that is called by a method expression: of
// T.Method(x, t) that is T(x).Method(t).
func (h *hoist) method(call *ast.CallExpr) *ast.CallExpr {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if s := h.Info.Selections[sel]; !ok || s == nil || s.Kind() != types.MethodExpr || len(call.Args) < 2 {
		return call
	}
	recv := &ast.CallExpr{Fun: &ast.ParenExpr{Lparen: sel.Pos(), X: sel.X, Rparen: sel.Pos()}, Lparen: call.Lparen, Args: call.Args[:1], Rparen: call.Lparen}
	return &ast.CallExpr{Fun: &ast.SelectorExpr{X: recv, Sel: sel.Sel}, Lparen: call.Lparen, Args: call.Args[1:], Ellipsis: call.Ellipsis, Rparen: call.Rparen}
}

// task makes a variable of the task that an await gets: it is needed again when the
// await is resumed.
func (h *hoist) task(call, c *ast.CallExpr) {
	i := h.taskArg(call)
	if i < 0 || i >= len(c.Args) {
		return
	}
	if _, isIdent := ast.Unparen(c.Args[i]).(*ast.Ident); isIdent {
		return
	}
	if fun, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && h.acts(fun.X) {
		// What is awaited is evaluated before.
		s := h.Info.Selections[fun]
		if s == nil || s.Kind() != types.MethodVal {
			return
		}
		_, byPointer := s.Obj().(*types.Func).Signature().Recv().Type().(*types.Pointer)
		if _, isPointer := h.Info.TypeOf(fun.X).Underlying().(*types.Pointer); byPointer && !isPointer {
			return
		}
		now := ast.Unparen(c.Fun).(*ast.SelectorExpr)
		c.Fun = &ast.SelectorExpr{X: h.keep(now.X, "v"), Sel: now.Sel}
	}
	c.Args[i] = h.keep(c.Args[i], "t")
}

// taskArg returns which argument is the task.
func (h *hoist) taskArg(call *ast.CallExpr) int {
	for i, arg := range call.Args {
		if i < 2 && find.IsTask(h.Info.TypeOf(arg)) {
			return i
		}
	}
	return -1
}

// call returns what stands for the value of a call.
func (h *hoist) call(x *ast.CallExpr) ast.Expr {
	if h.Suspends(x) {
		c := h.bare(x)
		if t, ok := h.Info.TypeOf(x).(*types.Tuple); ok && t.Len() != 1 {
			return c // it has no single value, and stands where that is fine
		}
		return h.keep(c, "v")
	}
	c := h.args(x)
	if (h.left > 0 || h.again) && h.isCall(x) {
		if t, ok := h.Info.TypeOf(x).(*types.Tuple); !ok || t.Len() == 1 {
			return h.keep(c, "v")
		}
	}
	return c
}
