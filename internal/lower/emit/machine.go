package emit

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"rondo.dev/rondo/internal/lower/graph"
)

// machine writes the body of Step: the variables that are not kept, the jump to where
// the function is, and the blocks.
func (e *fn) machine() string {
	next := 1
	for _, b := range e.g.Blocks {
		name := b.Name
		if s := b.Landing; s != nil {
			e.state[s] = next
			name = fmt.Sprintf("done%d", next)
			next++
		} else {
			name = e.labelName(name)
		}
		e.labels[b] = name
	}
	e.declarations()
	texts := make([]string, len(e.g.Blocks))
	for i, b := range e.g.Blocks {
		var after *graph.Block
		if i+1 < len(e.g.Blocks) {
			after = e.g.Blocks[i+1]
		}
		texts[i] = e.block(b, after)
	}

	var s strings.Builder
	for _, d := range e.g.Decls {
		s.WriteString(e.print(copyOf(e, d)))
		s.WriteString("\n")
	}
	for _, x := range e.temps {
		fmt.Fprintf(&s, "var %s %s\n", x.name, x.typ)
		if x.unread {
			fmt.Fprintf(&s, "_ = %s\n", x.name)
		}
	}
	if n := len(e.state); n > 0 {
		fmt.Fprintf(&s, "switch %s.%s {\n", e.self, e.at)
		for i := 1; i <= n; i++ {
			fmt.Fprintf(&s, "case %d:\ngoto at%d\n", i, i)
		}
		s.WriteString("}\n")
	}
	s.WriteString(e.entry())
	for i, b := range e.g.Blocks {
		if e.wanted[e.labels[b]] {
			fmt.Fprintf(&s, "%s:\n", e.labels[b])
		}
		s.WriteString(texts[i])
	}
	return s.String()
}

// declarations gives those constants that are declared inside of blocks names of their
// own, if their names mean something else elsewhere in the function: they are declared
// at the beginning of Step.
func (e *fn) declarations() {
	meanings := map[string]map[types.Object]bool{}
	ast.Inspect(e.f.Node, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if o := e.Info.ObjectOf(id); o != nil {
				if meanings[id.Name] == nil {
					meanings[id.Name] = map[types.Object]bool{}
				}
				meanings[id.Name][o] = true
			}
		}
		return true
	})
	for _, d := range e.g.Decls {
		ast.Inspect(d, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if ok {
				if v, isVar := e.Info.Uses[id].(*types.Var); isVar && !v.IsField() && v.Parent() != e.Pkg.Scope() {
					e.fail(id.Pos(), "a constant or a type depends on the variable %s", v.Name())
				}
			}
			if !ok || len(meanings[id.Name]) < 2 || id.Name == "_" {
				return true
			}
			switch o := e.Info.Defs[id].(type) {
			case *types.Const:
				e.renamed[o] = e.names.name(id.Name)
			case *types.TypeName:
				// What it is called can be seen.
				e.fail(o.Pos(), "the name of the type %s means something else, too", o.Name())
			}
			return true
		})
	}
}

// labelName gives a block a label that nobody else has.
func (e *fn) labelName(want string) string {
	for i := 1; ; i++ {
		name := fmt.Sprintf("%s%d", want, i)
		if !e.wanted["\x00"+name] {
			e.wanted["\x00"+name] = true
			return name
		}
	}
}

// entry gives those parameters and results an address that need one, and moves them
// there.
func (e *fn) entry() string {
	var s strings.Builder
	for _, v := range e.v.Order {
		p := e.places[v]
		if !p.boxed || !p.frame || !e.isSignature(v) || e.isOutside(v) {
			continue
		}
		fmt.Fprintf(&s, "%s = new(%s)\n", e.pointer(v), e.typ(v.Type(), v.Pos()))
		if e.isParam(v) {
			fmt.Fprintf(&s, "%s = %s.%s\n", e.spell(v, false), e.self, e.paramField(v))
		}
	}
	if v := e.firstTask(); e.isParam(v) && v.Name() != "" && v.Name() != "_" && v != e.taskVar {
		fmt.Fprintf(&s, "%s = %s\n", e.spell(v, false), e.task)
	}
	return s.String()
}

// writer collects the text of one block.
type writer struct {
	*fn
	s        strings.Builder
	declares bool // it has to be a scope
	shadowed map[*types.Var]bool
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(&w.s, format+"\n", args...) }

func (e *fn) block(b, after *graph.Block) string {
	w := &writer{fn: e, shadowed: map[*types.Var]bool{}}
	if s := b.Landing; s != nil {
		w.landing(s)
	}
	if b.Round != nil {
		w.round(b.Round)
	}
	for _, s := range b.Nodes {
		w.node(s)
	}
	tail := w.end(b.End, after)
	text := w.s.String()
	if w.declares {
		text = "{\n" + text + "}\n"
	}
	return text + tail
}

// goTo returns the jump to a block, nothing if that follows anyway.
func (e *fn) goTo(to, after *graph.Block) string {
	if to == after {
		return ""
	}
	return "goto " + e.label(to) + "\n"
}

// end writes how a block ends, and returns what has to stand outside of its scope.
func (w *writer) end(end graph.End, after *graph.Block) (tail string) {
	switch x := end.(type) {
	case *graph.Jump:
		return w.goTo(x.To, after)
	case *graph.Return:
		if x.Stmt == nil {
			w.line("return true")
			return ""
		}
		w.shadow(x.Stmt)
		w.s.WriteString(w.lineAt(x.At))
		w.line("%s", w.print(copyOf(w.fn, ast.Stmt(x.Stmt))))
		return ""
	case *graph.Branch:
		w.shadow(x.Cond)
		w.s.WriteString(w.lineAt(x.Cond.Pos()))
		if x.Then == after {
			w.line("if %s {\n%s}", w.not(x.Cond), "goto "+w.label(x.Else)+"\n")
			return ""
		}
		w.line("if %s {\n%s}", w.expr(x.Cond), "goto "+w.label(x.Then)+"\n")
		return w.goTo(x.Else, after)
	case *graph.Switch:
		w.choice(x)
		if x.None != nil {
			return w.goTo(x.None, after)
		}
		return ""
	case *graph.Round:
		w.line("if !%s.More() {\ngoto %s\n}", w.loop(x.Loop), w.label(x.After))
		return w.goTo(x.Body, after)
	case *graph.Suspend:
		return w.suspend(x)
	}
	panic(fmt.Sprintf("rondo: a block ends with %T", end))
}

// not negates a condition.
func (w *writer) not(x ast.Expr) string {
	if b, ok := ast.Unparen(x).(*ast.BinaryExpr); ok {
		flip := map[token.Token]token.Token{token.EQL: token.NEQ, token.NEQ: token.EQL}
		if op, ok := flip[b.Op]; ok {
			return w.expr(&ast.BinaryExpr{X: b.X, OpPos: b.OpPos, Op: op, Y: b.Y})
		}
	}
	switch ast.Unparen(x).(type) {
	case *ast.Ident, *ast.CallExpr, *ast.SelectorExpr:
		return "!" + w.expr(x)
	}
	return "!(" + w.expr(x) + ")"
}

// shadow copies the variables that literals inside of n capture, before n: a literal
// must not see what the frame's field, or Step's variable, is used for later. What is
// copied is final, or the pointer to a box.
func (w *writer) shadow(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		lit, ok := n.(*ast.FuncLit)
		if !ok {
			return true
		}
		ast.Inspect(lit.Body, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			v, ok := w.Info.ObjectOf(id).(*types.Var)
			if !ok || w.shadowed[v] {
				return true
			}
			if p, ok := w.places[v]; ok && !p.block {
				w.shadowed[v] = true
				w.declares = true
				w.line("%s := %s", p.name, w.pointer(v))
			}
			return true
		})
		return false
	})
}

// node writes a statement.
func (w *writer) node(s ast.Stmt) {
	w.shadow(s)
	switch s := s.(type) {
	case *ast.AssignStmt:
		if s.Tok == token.DEFINE {
			var rhs []string
			for _, x := range s.Rhs {
				rhs = append(rhs, w.expr(x))
			}
			w.define(s.Lhs, rhs, s.Pos())
			return
		}
	case *ast.DeclStmt:
		for _, spec := range s.Decl.(*ast.GenDecl).Specs {
			w.variable(spec.(*ast.ValueSpec))
		}
		return
	}
	w.line("%s", w.print(copyOf(w.fn, s)))
}

// define writes the declaration of variables with values, wherever they are.
func (w *writer) define(left []ast.Expr, rhs []string, pos token.Pos) {
	var targets, after []string
	isFresh := func(x ast.Expr) bool {
		v := w.defined(x)
		return v != nil && w.places[v].block
	}
	fresh := slices.ContainsFunc(left, isFresh)
	if fresh && slices.ContainsFunc(left, func(x ast.Expr) bool { return !isBlank(x) && !isFresh(x) }) && w.declare(left, isFresh) {
		fresh = false // what is untyped has to get the types of those that are not
	}
	for _, x := range left {
		v := w.defined(x)
		switch {
		case isBlank(x):
			targets = append(targets, "_")
		case isFresh(x):
			w.declares = true
			targets = append(targets, w.places[v].name)
			after = append(after, w.use(v))
		default:
			if v != nil && w.places[v].boxed {
				w.box(v, w.typ(v.Type(), v.Pos()))
			}
			to := w.expr(x)
			if !fresh {
				targets = append(targets, to)
				if v != nil {
					after = append(after, w.use(v))
				}
				continue
			}
			name := w.names.name("v")
			targets = append(targets, name)
			after = append(after, to+" = "+name)
		}
	}
	op := "="
	if fresh {
		op = ":="
	}
	w.s.WriteString(w.lineAt(pos))
	w.line("%s %s %s", strings.Join(targets, ", "), op, strings.Join(rhs, ", "))
	for _, s := range after {
		if s != "" {
			w.line("%s", s)
		}
	}
}

// declare declares those variables of a := statement that are the user's, if their types
// have names.
func (w *writer) declare(left []ast.Expr, isFresh func(ast.Expr) bool) bool {
	var vars []string
	for _, x := range left {
		if !isFresh(x) {
			continue
		}
		v := w.defined(x)
		typ, err := w.spelled(v.Type())
		if err != nil {
			return false
		}
		vars = append(vars, "var "+w.places[v].name+" "+typ)
	}
	w.line("%s", strings.Join(vars, "\n"))
	return true
}

// use makes a variable used that only dead code reads.
func (w *writer) use(v *types.Var) string {
	if p := w.places[v]; w.v.Read[v] || !p.block {
		return ""
	}
	return "_ = " + w.places[v].name
}

// defined returns the variable that x declares in a := statement, nil if it assigns
// to an older one.
func (w *writer) defined(x ast.Expr) *types.Var {
	id, ok := x.(*ast.Ident)
	if !ok {
		return nil
	}
	v, _ := w.Info.Defs[id].(*types.Var)
	return v
}

func isBlank(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == "_"
}

// variable writes a var declaration.
func (w *writer) variable(spec *ast.ValueSpec) {
	typ := ""
	if spec.Type != nil {
		typ = w.expr(spec.Type)
	}
	var rhs []string
	for _, x := range spec.Values {
		rhs = append(rhs, w.expr(x))
	}
	left := make([]ast.Expr, len(spec.Names))
	for i, name := range spec.Names {
		left[i] = name
	}
	if len(rhs) > 0 && typ == "" {
		w.define(left, rhs, spec.Pos())
		return
	}
	w.s.WriteString(w.lineAt(spec.Pos()))
	var targets []string
	for _, name := range spec.Names {
		v, _ := w.Info.Defs[name].(*types.Var)
		if name.Name == "_" || v == nil {
			targets = append(targets, "_")
			continue
		}
		p := w.places[v]
		switch {
		case p.block:
			w.declares = true
			w.line("var %s %s", p.name, typ)
			if u := w.use(v); u != "" {
				w.line("%s", u)
			}
		case p.boxed:
			w.box(v, typ)
		case len(rhs) == 0:
			w.line("%s = %s", w.spell(v, false), zero(v.Type(), typ))
		}
		targets = append(targets, w.spell(v, false))
	}
	if len(rhs) > 0 {
		// A blank variable still converts its value.
		for i, t := range targets {
			if t == "_" && len(rhs) == len(targets) {
				rhs[i] = "(" + typ + ")(" + rhs[i] + ")"
			}
		}
		w.line("%s = %s", strings.Join(targets, ", "), strings.Join(rhs, ", "))
	}
}

// choice writes a switch whose clauses only jump.
func (w *writer) choice(x *graph.Switch) {
	jump := func(i int) []ast.Stmt { return []ast.Stmt{w.jump(x.Clauses[i], token.NoPos)} }
	switch s := x.Stmt.(type) {
	case *ast.SwitchStmt:
		body := &ast.BlockStmt{}
		if s.Tag != nil {
			w.shadow(s.Tag)
		}
		for i, c := range s.Body.List {
			c := c.(*ast.CaseClause)
			list := make([]ast.Expr, len(c.List))
			for j, x := range c.List {
				w.shadow(x)
				list[j] = copyOf(w.fn, x)
			}
			if c.List == nil {
				list = nil
			}
			body.List = append(body.List, &ast.CaseClause{List: list, Body: jump(i)})
		}
		n := &ast.SwitchStmt{Switch: s.Switch, Body: body}
		if s.Tag != nil {
			n.Tag = copyOf(w.fn, s.Tag)
		}
		w.line("%s", w.print(n))
	case *ast.TypeSwitchStmt:
		w.shadow(s.Assign)
		w.typeSwitch(s, x)
	case *ast.SelectStmt:
		w.selection(s, jump)
	}
}

func (w *writer) typeSwitch(s *ast.TypeSwitchStmt, x *graph.Switch) {
	guard := s.Assign
	name := ""
	if a, ok := s.Assign.(*ast.AssignStmt); ok {
		guard = &ast.ExprStmt{X: a.Rhs[0]}
		for _, c := range s.Body.List {
			if w.bound(c.(*ast.CaseClause)) != nil && name == "" {
				name = w.names.name(a.Lhs[0].(*ast.Ident).Name)
			}
		}
	}
	w.s.WriteString(w.lineAt(s.Pos()))
	subject := w.expr(guard.(*ast.ExprStmt).X)
	if name != "" {
		subject = name + " := " + subject
	}
	w.line("switch %s {", subject)
	for i, c := range s.Body.List {
		c := c.(*ast.CaseClause)
		if c.List == nil {
			w.line("default:")
		} else {
			var list []string
			for _, t := range c.List {
				list = append(list, w.expr(t))
			}
			w.line("case %s:", strings.Join(list, ", "))
		}
		if v := w.bound(c); v != nil {
			if w.places[v].boxed {
				w.box(v, w.typ(v.Type(), v.Pos()))
			}
			w.line("%s = %s", w.spell(v, false), name)
		}
		w.line("goto %s", w.label(x.Clauses[i]))
	}
	w.line("}")
}

// bound returns the variable of a clause of a type switch that the clause uses.
func (w *writer) bound(c *ast.CaseClause) *types.Var {
	v := w.v.Binds[c]
	if v == nil || !w.v.Read[v] && !w.v.Held[v] {
		return nil
	}
	return v
}

// selection writes a select whose clauses only receive, send and jump.
func (w *writer) selection(s *ast.SelectStmt, jump func(int) []ast.Stmt) {
	body := &ast.BlockStmt{}
	for i, c := range s.Body.List {
		c := c.(*ast.CommClause)
		clause := &ast.CommClause{Body: jump(i)}
		if c.Comm != nil {
			w.shadow(c.Comm)
		}
		switch comm := c.Comm.(type) {
		case nil:
		case *ast.AssignStmt:
			if comm.Tok != token.DEFINE {
				clause.Comm = copyOf(w.fn, c.Comm)
				break
			}
			to := &ast.AssignStmt{Tok: token.DEFINE, TokPos: comm.TokPos, Rhs: []ast.Expr{copyOf(w.fn, comm.Rhs[0])}}
			var store []ast.Stmt
			for _, x := range comm.Lhs {
				v := w.defined(x)
				if v == nil || !w.v.Read[v] && !w.v.Held[v] {
					to.Lhs = append(to.Lhs, ast.NewIdent("_"))
					continue
				}
				name := w.names.name("v")
				to.Lhs = append(to.Lhs, ast.NewIdent(name))
				if p := w.places[v]; p.boxed && !p.own {
					store = append(store, statements(fmt.Sprintf("%s = new(%s)", w.pointer(v), w.typ(v.Type(), v.Pos())))...)
				}
				store = append(store, statements(fmt.Sprintf("%s = %s", w.spell(v, false), name))...)
			}
			if len(store) == 0 {
				to.Tok = token.ASSIGN
			}
			clause.Comm = to
			clause.Body = append(store, clause.Body...)
		default:
			clause.Comm = copyOf(w.fn, c.Comm)
		}
		body.List = append(body.List, clause)
	}
	w.line("%s", w.print(&ast.SelectStmt{Select: s.Select, Body: body}))
}
