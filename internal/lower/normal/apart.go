package normal

import (
	"go/ast"
	"go/token"
	"go/types"
)

// apart brings a range into the form that runs on its own: its variables are those of
// each round. The call that makes an iterator is its own, too.
func (p *Pass) apart(s *ast.RangeStmt) []ast.Stmt {
	h := p.hoistOf(s.X)
	if call, ok := ast.Unparen(s.X).(*ast.CallExpr); ok && p.Suspends(call) {
		h.left--
		s.X = h.args(call)
	} else {
		s.X = h.expr(s.X)
	}
	own := p.list(s.Body.List)
	if s.Tok != token.ASSIGN {
		s.Body.List = own
		return behind(h.before, s)
	}
	r := &ranger{Pass: p, s: s, pos: s.For}
	r.constant()
	variable := func(x ast.Expr) (to *ast.Ident, from ast.Expr) {
		if x == nil || isBlank(x) {
			return nil, nil
		}
		name := p.name("v")
		return r.id(name), r.id(name)
	}
	key, fromKey := variable(s.Key)
	value, fromValue := variable(s.Value)
	r.key, r.value = fromKey, fromValue
	body := own
	if bind := r.bind(); bind != nil {
		body = append(p.stmt(bind), block(s.Body.Lbrace, s.Body.Rbrace, own...))
	}
	s.Body.List = body
	s.Key, s.Value, s.Tok = nil, nil, token.DEFINE
	switch {
	case key == nil && value == nil:
		s.Tok = token.ILLEGAL
	case key == nil:
		s.Key, s.Value = r.id("_"), value
	case value == nil:
		s.Key = key
	default:
		s.Key, s.Value = key, value
	}
	return behind(h.before, s)
}

// constant gives a constant number of rounds the type of the variable that counts them.
func (r *ranger) constant() {
	if r.Info.Types[r.s.X].Value == nil || isBlank(r.s.Key) {
		return
	}
	if t := r.spell(r.Info.TypeOf(r.s.Key), r.pos); t != nil {
		r.s.X = &ast.CallExpr{Fun: t, Lparen: r.pos, Args: []ast.Expr{r.s.X}, Rparen: r.pos}
	}
}

// reflexive reports whether a value of type t equals itself.
func reflexive(t types.Type) bool {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return false
	}
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return t.Info()&(types.IsFloat|types.IsComplex) == 0
	case *types.Interface:
		return false
	case *types.Array:
		return reflexive(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if !reflexive(f.Type()) {
				return false
			}
		}
	}
	return true
}
