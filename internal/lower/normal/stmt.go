package normal

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
)

func (p *Pass) list(list []ast.Stmt) (out []ast.Stmt) {
	for _, s := range list {
		became := p.stmt(s)
		if len(p.goesTo) > 0 && !declares(s) {
			// No goto may lead over a variable that was not there before.
			became = []ast.Stmt{one(s.Pos(), s.End(), became)}
		}
		out = append(out, became...)
	}
	return out
}

// declares reports whether a statement declares something in the block that it is in.
func declares(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.DeclStmt:
		return true
	case *ast.AssignStmt:
		return s.Tok == token.DEFINE
	case *ast.LabeledStmt:
		return declares(s.Stmt)
	}
	return false
}

// one puts statements where one has to stand.
func one(pos, end token.Pos, list []ast.Stmt) ast.Stmt {
	if len(list) == 1 {
		return list[0]
	}
	return block(pos, end, list...)
}

// stmt returns what a statement becomes.
func (p *Pass) stmt(s ast.Stmt) []ast.Stmt {
	if !p.awaits(s) {
		return []ast.Stmt{s}
	}
	switch s := s.(type) {
	case *ast.LabeledStmt:
		return p.labeled(s)
	case *ast.BlockStmt:
		s.List = p.list(s.List)
	case *ast.ExprStmt:
		h := p.hoistOf(s.X)
		x := h.bare(s.X)
		return append(h.before, &ast.ExprStmt{X: x})
	case *ast.AssignStmt:
		return p.assign(s)
	case *ast.DeclStmt:
		return p.declaration(s)
	case *ast.ReturnStmt:
		h := p.hoistOf(s.Results...)
		r := &ast.ReturnStmt{Return: s.Return}
		for _, x := range s.Results {
			if len(s.Results) == 1 {
				r.Results = append(r.Results, h.bare(x))
			} else {
				r.Results = append(r.Results, h.expr(x))
			}
		}
		return append(h.before, r)
	case *ast.SendStmt:
		h := p.hoistOf(s.Chan, s.Value)
		c := h.expr(s.Chan)
		return append(h.before, &ast.SendStmt{Chan: c, Arrow: s.Arrow, Value: h.expr(s.Value)})
	case *ast.IncDecStmt:
		h := p.hoistOf(s.X)
		x := h.expr(s.X)
		return append(h.before, &ast.IncDecStmt{X: x, TokPos: s.TokPos, Tok: s.Tok})
	case *ast.DeferStmt:
		h := p.hoistOf(operands(s.Call)...)
		c := h.args(s.Call)
		s.Call.Fun, s.Call.Args = c.Fun, c.Args // the call itself is known by its pointer
		return append(h.before, s)
	case *ast.GoStmt:
		h := p.hoistOf(operands(s.Call)...)
		c := h.args(s.Call)
		s.Call.Fun, s.Call.Args = c.Fun, c.Args
		return append(h.before, s)
	case *ast.IfStmt:
		return p.ifelse(s)
	case *ast.SwitchStmt:
		return p.choice(s)
	case *ast.TypeSwitchStmt:
		return p.typeChoice(s)
	case *ast.SelectStmt:
		return p.selection(s)
	case *ast.ForStmt:
		return p.loop(s)
	case *ast.RangeStmt:
		return p.ranging(s)
	}
	return []ast.Stmt{s}
}

func operands(call *ast.CallExpr) []ast.Expr {
	return append([]ast.Expr{call.Fun}, call.Args...)
}

func (p *Pass) assign(s *ast.AssignStmt) []ast.Stmt {
	h := p.hoistOf(append(s.Lhs[:len(s.Lhs):len(s.Lhs)], s.Rhs...)...)
	if len(s.Lhs) == len(s.Rhs) {
		for i, x := range s.Rhs {
			p.becomes(x, p.Info.TypeOf(s.Lhs[i]))
		}
	}
	a := &ast.AssignStmt{Tok: s.Tok, TokPos: s.TokPos}
	for _, x := range s.Lhs {
		a.Lhs = append(a.Lhs, h.expr(x))
	}
	direct := len(s.Rhs) == 1 && (s.Tok == token.ASSIGN || s.Tok == token.DEFINE)
	for _, x := range s.Rhs {
		if direct {
			a.Rhs = append(a.Rhs, h.bare(x))
		} else {
			a.Rhs = append(a.Rhs, h.expr(x))
		}
	}
	return append(h.before, a)
}

func (p *Pass) declaration(s *ast.DeclStmt) []ast.Stmt {
	d := s.Decl.(*ast.GenDecl)
	var out []ast.Stmt
	for _, spec := range d.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok || !p.awaits(v) {
			out = append(out, &ast.DeclStmt{Decl: &ast.GenDecl{TokPos: d.TokPos, Tok: d.Tok, Specs: []ast.Spec{spec}}})
			continue
		}
		h := p.hoistOf(v.Values...)
		if v.Type == nil && len(v.Values) == 1 {
			names := make([]ast.Expr, len(v.Names))
			blank := true
			for i, n := range v.Names {
				names[i] = n
				blank = blank && n.Name == "_"
			}
			x := h.bare(v.Values[0])
			tok := token.DEFINE
			if blank {
				tok = token.ASSIGN
			}
			out = append(append(out, h.before...), &ast.AssignStmt{Lhs: names, Tok: tok, TokPos: v.Pos(), Rhs: []ast.Expr{x}})
			continue
		}
		if len(v.Values) != len(v.Names) {
			// var a, b T = await: the names may mean something else to its right.
			var names []string
			c := &ast.ValueSpec{Names: v.Names, Type: v.Type}
			for range v.Names {
				name := p.name("v")
				names = append(names, name)
				c.Values = append(c.Values, ident(v.Pos(), name))
			}
			x := h.bare(v.Values[0])
			out = append(append(out, h.before...), define(v.Pos(), x, names...),
				&ast.DeclStmt{Decl: &ast.GenDecl{TokPos: d.TokPos, Tok: d.Tok, Specs: []ast.Spec{c}}})
			continue
		}
		c := &ast.ValueSpec{Names: v.Names, Type: v.Type}
		for _, x := range v.Values {
			c.Values = append(c.Values, h.expr(x))
		}
		out = append(append(out, h.before...), &ast.DeclStmt{Decl: &ast.GenDecl{TokPos: d.TokPos, Tok: d.Tok, Specs: []ast.Spec{c}}})
	}
	return out
}

func (p *Pass) ifelse(s *ast.IfStmt) []ast.Stmt {
	var before []ast.Stmt
	if s.Init != nil && (p.awaits(s.Init) || p.awaits(s.Cond)) {
		before = p.stmt(s.Init)
		s.Init = nil
	}
	if p.awaits(s.Cond) {
		h := p.hoistOf(s.Cond)
		s.Cond = h.expr(s.Cond)
		before = append(before, h.before...)
	}
	s.Body.List = p.list(s.Body.List)
	if s.Else != nil && p.awaits(s.Else) {
		s.Else = one(s.Else.Pos(), s.Else.End(), p.stmt(s.Else))
		switch s.Else.(type) {
		case *ast.BlockStmt, *ast.IfStmt:
		default:
			s.Else = block(s.Else.Pos(), s.Else.End(), s.Else)
		}
	}
	return behind(before, s)
}

// behind returns s with what has to happen before it, in a block of their own.
func behind(before []ast.Stmt, s ast.Stmt) []ast.Stmt {
	if len(before) == 0 {
		return []ast.Stmt{s}
	}
	return []ast.Stmt{block(s.Pos(), s.End(), append(before, s)...)}
}

func (p *Pass) clauses(body *ast.BlockStmt) {
	for _, c := range body.List {
		switch c := c.(type) {
		case *ast.CaseClause:
			c.Body = p.list(c.Body)
		case *ast.CommClause:
			c.Body = p.list(c.Body)
		}
	}
}

func (p *Pass) choice(s *ast.SwitchStmt) []ast.Stmt {
	var before []ast.Stmt
	if s.Init != nil && (p.awaits(s.Init) || s.Tag != nil && p.awaits(s.Tag)) {
		before = p.stmt(s.Init)
		s.Init = nil
	}
	if s.Tag != nil && p.awaits(s.Tag) {
		h := p.hoistOf(s.Tag)
		s.Tag = h.expr(s.Tag)
		before = append(before, h.before...)
	}
	if p.awaitsInCases(s.Body) {
		before = append(before, p.chosen(s)...)
	}
	p.clauses(s.Body)
	return behind(before, s)
}

func (p *Pass) awaitsInCases(body *ast.BlockStmt) bool {
	return slices.ContainsFunc(body.List, func(c ast.Stmt) bool {
		return slices.ContainsFunc(c.(*ast.CaseClause).List, func(x ast.Expr) bool { return p.awaits(x) })
	})
}

// chosen finds out which clause of a switch is taken, before it: the switch is about
// its number then.
//
//	switch x { case a(t): A; case b(t): B; default: C }
//
// becomes
//
//	tag, which := x, 0
//	for {
//		if tag == a(t) { which = 1; break }
//		if tag == b(t) { which = 2; break }
//		break
//	}
//	switch which { case 1: A; case 2: B; default: C }
func (p *Pass) chosen(s *ast.SwitchStmt) (before []ast.Stmt) {
	if s.Init != nil {
		before = append(before, s.Init)
		s.Init = nil
	}
	tag := ""
	if s.Tag != nil {
		tag = p.name("tag")
		before = append(before, define(s.Tag.Pos(), s.Tag, tag), set(s.Tag.Pos(), "_", ident(s.Tag.Pos(), tag)))
	}
	which := p.name("which")
	number := func(pos token.Pos, n int) ast.Expr {
		return &ast.BasicLit{ValuePos: pos, Kind: token.INT, Value: strconv.Itoa(n)}
	}
	before = append(before, define(s.Switch, number(s.Switch, 0), which))
	var tests []ast.Stmt
	for i, c := range s.Body.List {
		c := c.(*ast.CaseClause)
		for _, x := range c.List {
			pos := x.Pos()
			h := p.hoistOf(x)
			cond := h.expr(x)
			if tag != "" {
				cond = &ast.BinaryExpr{X: ident(pos, tag), OpPos: pos, Op: token.EQL, Y: &ast.ParenExpr{Lparen: pos, X: cond, Rparen: x.End()}}
			}
			tests = append(append(tests, h.before...), &ast.IfStmt{If: pos, Cond: cond, Body: block(pos, x.End(),
				set(pos, which, number(pos, i+1)), &ast.BranchStmt{TokPos: pos, Tok: token.BREAK})})
		}
		if c.List != nil {
			c.List = []ast.Expr{number(c.Case, i+1)}
		}
	}
	tests = append(tests, &ast.BranchStmt{TokPos: s.Switch, Tok: token.BREAK})
	s.Tag = ident(s.Switch, which)
	return append(before, &ast.ForStmt{For: s.Switch, Body: block(s.Switch, s.Switch, tests...)})
}

// selection takes the awaits out of the operands of a select, which are evaluated
// before it in their order.
func (p *Pass) selection(s *ast.SelectStmt) []ast.Stmt {
	var operands []*ast.Expr
	for _, c := range s.Body.List {
		switch comm := c.(*ast.CommClause).Comm.(type) {
		case *ast.SendStmt:
			operands = append(operands, &comm.Chan, &comm.Value)
		case *ast.ExprStmt:
			operands = append(operands, received(comm.X))
		case *ast.AssignStmt:
			operands = append(operands, received(comm.Rhs[0]))
		}
	}
	list := make([]ast.Expr, len(operands))
	for i, x := range operands {
		list[i] = *x
	}
	h := p.hoistOf(list...)
	if h.left > 0 {
		for i, x := range operands {
			*x = h.expr(list[i])
		}
	}
	p.clauses(s.Body)
	for _, c := range s.Body.List {
		c := c.(*ast.CommClause)
		if a, ok := c.Comm.(*ast.AssignStmt); ok && slices.ContainsFunc(a.Lhs, func(x ast.Expr) bool { return p.awaits(x) }) {
			p.assignLater(c, a)
		}
	}
	return behind(h.before, s)
}

// assignLater makes a clause of a select receive into variables of its own, and assign
// them in its body.
func (p *Pass) assignLater(c *ast.CommClause, a *ast.AssignStmt) {
	then := &ast.AssignStmt{Lhs: a.Lhs, TokPos: a.TokPos, Tok: token.ASSIGN}
	to := &ast.AssignStmt{TokPos: a.TokPos, Tok: token.DEFINE, Rhs: a.Rhs}
	for i, x := range a.Lhs {
		name := p.name("v")
		to.Lhs = append(to.Lhs, ident(x.Pos(), name))
		var value ast.Expr = ident(x.Pos(), name)
		if i == 1 && !p.hides("true") {
			// Of no type, as what is received there.
			value = &ast.BinaryExpr{X: value, OpPos: x.Pos(), Op: token.EQL, Y: ident(x.Pos(), "true")}
		}
		then.Rhs = append(then.Rhs, value)
	}
	c.Comm = to
	c.Body = append(p.stmt(then), c.Body...)
}

// received returns what is received from.
func received(x ast.Expr) *ast.Expr { return &ast.Unparen(x).(*ast.UnaryExpr).X }

func (p *Pass) typeChoice(s *ast.TypeSwitchStmt) []ast.Stmt {
	var before []ast.Stmt
	if s.Init != nil && (p.awaits(s.Init) || p.awaits(s.Assign)) {
		before = p.stmt(s.Init)
		s.Init = nil
	}
	if p.awaits(s.Assign) {
		var x *ast.Expr
		switch a := s.Assign.(type) {
		case *ast.AssignStmt:
			x = &a.Rhs[0]
		case *ast.ExprStmt:
			x = &a.X
		}
		h := p.hoistOf(*x)
		*x = h.expr(*x)
		before = append(before, h.before...)
	}
	p.clauses(s.Body)
	return behind(before, s)
}

// labeled gives the label to the loop, or whatever it is, that the statement becomes.
func (p *Pass) labeled(s *ast.LabeledStmt) []ast.Stmt {
	if p.goesTo[s.Label.Name] {
		switch s.Stmt.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			// A goto leads to what is before the loop now, the others to the loop.
			return []ast.Stmt{&ast.LabeledStmt{Label: s.Label, Colon: s.Colon, Stmt: block(s.Pos(), s.End(), p.renamed(s)...)}}
		}
	}
	list := p.stmt(s.Stmt)
	if len(list) == 1 && list[0] == s.Stmt {
		return []ast.Stmt{s}
	}
	if !p.goesTo[s.Label.Name] && relabel(list, s) {
		return list
	}
	return []ast.Stmt{&ast.LabeledStmt{Label: s.Label, Colon: s.Colon, Stmt: one(s.Pos(), s.End(), list)}}
}

// renamed returns what a labelled loop becomes with another label for its breaks and
// continues, if there are any.
func (p *Pass) renamed(s *ast.LabeledStmt) []ast.Stmt {
	name, used := p.name(s.Label.Name), false
	ast.Inspect(s.Stmt, func(n ast.Node) bool {
		if b, ok := n.(*ast.BranchStmt); ok && b.Label != nil && b.Label.Name == s.Label.Name && b.Tok != token.GOTO {
			b.Label, used = ident(b.Label.Pos(), name), true
		}
		_, isLit := n.(*ast.FuncLit)
		return !isLit
	})
	if !used {
		return p.stmt(s.Stmt)
	}
	return p.labeled(&ast.LabeledStmt{Label: ident(s.Label.Pos(), name), Colon: s.Colon, Stmt: s.Stmt})
}

// relabel labels the statement that breaks and continues mean, which stands last, in a
// block perhaps.
func relabel(list []ast.Stmt, s *ast.LabeledStmt) bool {
	if len(list) == 0 {
		return false
	}
	last := &list[len(list)-1]
	switch x := (*last).(type) {
	case *ast.BlockStmt:
		return relabel(x.List, s)
	case *ast.ForStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt, *ast.RangeStmt:
		*last = &ast.LabeledStmt{Label: s.Label, Colon: s.Colon, Stmt: x}
		return true
	}
	return false
}
