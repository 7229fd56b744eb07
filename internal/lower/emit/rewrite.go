package emit

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"reflect"
	"strings"
	"unicode"

	"rondo.dev/rondo/internal/lower/find"
	"rondo.dev/rondo/internal/lower/graph"
)

// A rewriter copies syntax, and turns it into what it is in Step: variables into
// fields, return statements into results, branch statements into jumps to labels.
// The names it puts in place of a variable's may be whole expressions: "f.n".
type rewriter struct {
	*fn
	inLit   bool
	inRange bool // over a function, which Go itself calls
}

// copyOf returns the rewritten copy of a node.
func copyOf[N ast.Node](e *fn, n N) N {
	return (&rewriter{fn: e}).value(reflect.ValueOf(n)).Interface().(N)
}

// copyIn returns the rewritten copy of a part of what is being rewritten.
func copyIn(r *rewriter, x ast.Expr) ast.Expr {
	return r.value(reflect.ValueOf(x)).Interface().(ast.Expr)
}

var (
	posType     = reflect.TypeFor[token.Pos]()
	commentType = reflect.TypeFor[*ast.CommentGroup]()
)

func (r *rewriter) value(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		return r.value(v.Elem())
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		s := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			s.Index(i).Set(r.value(v.Index(i)))
		}
		return s
	case reflect.Pointer:
		if v.IsNil() || v.Type() == commentType {
			return reflect.Zero(v.Type())
		}
		if n, ok := v.Interface().(ast.Node); ok {
			if m := r.node(n); m != nil {
				return reflect.ValueOf(m)
			}
		}
		return r.fields(v)
	}
	return v
}

// fields copies a node as it is, with what is in it rewritten.
func (r *rewriter) fields(v reflect.Value) reflect.Value {
	p := reflect.New(v.Type().Elem())
	for i := range v.Elem().NumField() {
		p.Elem().Field(i).Set(r.value(v.Elem().Field(i)))
	}
	return p
}

// node returns what a node becomes, nil if itself.
func (r *rewriter) node(n ast.Node) ast.Node {
	switch n := n.(type) {
	case *ast.Ident:
		if s := r.around(n); s != "" {
			return &ast.Ident{NamePos: n.NamePos, Name: s}
		}
		o := r.Info.ObjectOf(n)
		if pkg, ok := o.(*types.PkgName); ok && r.Imports.more[pkg.Imported().Path()] == n.Name {
			return &ast.Ident{NamePos: n.NamePos, Name: r.Imports.Name(pkg.Imported().Path(), pkg.Imported().Name())}
		}
		if name, ok := r.renamed[o]; ok {
			return &ast.Ident{NamePos: n.NamePos, Name: name}
		}
		if v, ok := o.(*types.Var); ok {
			if _, ok := r.places[v]; ok {
				return &ast.Ident{NamePos: n.NamePos, Name: r.spell(v, r.inLit)}
			}
		}
	case *ast.SelectorExpr:
		// What is selected is a name of its own.
		return &ast.SelectorExpr{X: copyIn(r, n.X), Sel: n.Sel}
	case *ast.FuncLit:
		return r.literal(n)
	case *ast.CallExpr:
		if s := r.spawn(n); s != nil {
			return s
		}
		if !r.inLit && !r.inRange && IsGoexit(r.Info, n) {
			fun := &ast.SelectorExpr{X: &ast.Ident{NamePos: n.Pos(), Name: r.Imports.Name(Lowered, "lowered")}, Sel: ast.NewIdent("Goexit")}
			return &ast.CallExpr{Fun: fun, Lparen: n.Lparen, Rparen: n.Rparen}
		}
	case *ast.RangeStmt:
		if t := r.Info.TypeOf(n.X); t != nil && isFunc(t) && !r.inRange {
			in := &rewriter{r.fn, r.inLit, true}
			return in.fields(reflect.ValueOf(n)).Interface().(*ast.RangeStmt)
		}
	case *ast.BranchStmt:
		if to := r.g.Jumps[n]; to != nil && !r.inLit {
			return r.jump(to, n.Pos())
		}
		return &ast.BranchStmt{TokPos: n.TokPos, Tok: n.Tok, Label: r.ownLabel(n.Label)}
	case *ast.LabeledStmt:
		return &ast.LabeledStmt{Label: r.ownLabel(n.Label), Colon: n.Colon, Stmt: r.value(reflect.ValueOf(n.Stmt)).Interface().(ast.Stmt)}
	case *ast.ReturnStmt:
		if !r.inLit {
			return r.ret(n)
		}
	case *ast.DeferStmt:
		if !r.inLit {
			return r.deferred(n)
		}
	}
	return nil
}

// ownLabel returns a label of the user's as no label of a block is written: those end
// in a number.
func (r *rewriter) ownLabel(l *ast.Ident) *ast.Ident {
	if l == nil || r.inLit {
		return l
	}
	if last := strings.TrimRight(l.Name, "_"); last == "" || !unicode.IsDigit(rune(last[len(last)-1])) {
		return l
	}
	return &ast.Ident{NamePos: l.NamePos, Name: l.Name + "_"}
}

// around returns what stands for a constant that a literal uses of the function around
// it, "" for anything else. Such a type has no name where the literal's frame is.
func (r *rewriter) around(id *ast.Ident) string {
	o := r.Info.Uses[id]
	if o == nil || o.Pkg() != r.Pkg || o.Parent() == nil || o.Parent() == r.Pkg.Scope() || r.f.Node.Pos() <= o.Pos() && o.Pos() < r.f.Node.End() {
		return ""
	}
	switch o := o.(type) {
	case *types.Const:
		if o.Val().Kind() == constant.Float || o.Val().Kind() == constant.Complex {
			r.fail(id.Pos(), "a literal uses the constant %s of the function around it", o.Name())
		}
		if b, ok := o.Type().(*types.Basic); ok && b.Info()&types.IsUntyped != 0 && b.Kind() != types.UntypedRune {
			return "(" + o.Val().ExactString() + ")"
		}
		t := o.Type()
		if b, ok := t.(*types.Basic); ok && b.Kind() == types.UntypedRune {
			return `('\x00' + ` + o.Val().ExactString() + ")" // it need not be a character
		}
		return "(" + r.typ(t, id.Pos()) + ")(" + o.Val().ExactString() + ")"
	case *types.TypeName:
		if _, ok := types.Unalias(o.Type()).(*types.TypeParam); !ok {
			r.fail(id.Pos(), "a literal uses the type %s of the function around it", o.Name())
		}
	}
	return ""
}

// literal copies a function literal. An async one gets its prologue.
func (r *rewriter) literal(lit *ast.FuncLit) ast.Node {
	in := &rewriter{r.fn, true, false}
	c := in.fields(reflect.ValueOf(lit)).Interface().(*ast.FuncLit)
	if v := find.MayTake(r.Info, lit); v != nil {
		nameResults(c.Type)
		c.Body.List = append(statements(r.ArgumentPrologue(v)), c.Body.List...)
	}
	if l := r.Literals[lit]; l != nil {
		text, task := r.Prologue(l, r.captured)
		if task != "" {
			nameTask(c.Type, task)
		}
		if text != "" {
			nameResults(c.Type)
		}
		c.Body.List = append(statements(text), c.Body.List...)
	}
	return c
}

// captured returns how a variable is written in a literal that captures it, and whether
// that is a pointer to it.
func (r *rewriter) captured(v *types.Var) (text string, pointer bool) {
	if p, ok := r.places[v]; ok {
		return r.spell(v, true), p.block && p.boxed
	}
	return v.Name(), false
}

// ret stores results and ends the step.
func (r *rewriter) ret(n *ast.ReturnStmt) ast.Node {
	var end ast.Stmt = &ast.ReturnStmt{Return: n.Return, Results: []ast.Expr{ast.NewIdent("true")}}
	if to := r.g.Returns[n]; to != nil {
		end = r.jump(to, n.Return)
	}
	if len(n.Results) == 0 {
		return end
	}
	set := &ast.AssignStmt{Tok: token.ASSIGN, TokPos: n.Return}
	for i := range r.results {
		set.Lhs = append(set.Lhs, ast.NewIdent(r.result(i)))
	}
	for _, x := range n.Results {
		set.Rhs = append(set.Rhs, copyIn(r, x))
	}
	return &ast.BlockStmt{Lbrace: n.Return, List: []ast.Stmt{set, end}, Rbrace: n.End()}
}

// result returns how a result is written in Step.
func (e *fn) result(i int) string {
	if _, ok := e.places[e.results[i].v]; ok {
		return e.spell(e.results[i].v, false)
	}
	return e.self + "." + e.results[i].name
}

// jump returns the goto to a block.
func (e *fn) jump(to *graph.Block, pos token.Pos) *ast.BranchStmt {
	return &ast.BranchStmt{TokPos: pos, Tok: token.GOTO, Label: ast.NewIdent(e.label(to))}
}

// label returns a block's label, which is wanted from now on.
func (e *fn) label(b *graph.Block) string {
	l := e.labels[b]
	e.wanted[l] = true
	return l
}

// deferred keeps a deferred call in the frame. What the call is made with is
// evaluated now; see lowered.Defers for the shape.
func (r *rewriter) deferred(n *ast.DeferStmt) ast.Node {
	call := n.Call
	block := &ast.BlockStmt{Lbrace: n.Defer, Rbrace: n.End()}
	keep := func(x ast.Expr, name string) ast.Expr {
		id := r.names.name(name)
		block.List = append(block.List, &ast.AssignStmt{
			Lhs: []ast.Expr{ast.NewIdent(id)}, Tok: token.DEFINE, TokPos: n.Defer, Rhs: []ast.Expr{x}})
		return ast.NewIdent(id)
	}
	rewritten := func(x ast.Expr) ast.Expr { return copyIn(r, x) }
	later := &ast.CallExpr{Ellipsis: call.Ellipsis}
	if later.Ellipsis.IsValid() {
		later.Ellipsis = n.Defer
	}

	later.Fun = rewritten(call.Fun)
	if !r.fixed(call.Fun) {
		later.Fun = keep(later.Fun, "call")
	}
	a, deferredAsync := r.delayed[call]
	for i, arg := range call.Args {
		tv := r.Info.Types[arg]
		switch tuple, isTuple := tv.Type.(*types.Tuple); {
		case isTuple:
			var names []ast.Expr
			for range tuple.Len() {
				names = append(names, ast.NewIdent(r.names.name("arg")))
			}
			block.List = append(block.List, &ast.AssignStmt{Lhs: names, Tok: token.DEFINE, TokPos: n.Defer, Rhs: []ast.Expr{rewritten(arg)}})
			later.Args = append(later.Args, names...)
		case tv.Value != nil, tv.IsNil(), tv.IsType():
			later.Args = append(later.Args, rewritten(arg))
		case deferredAsync && i == taskOf(r.Info, call):
			later.Args = append(later.Args, rewritten(arg)) // see below
		default:
			value := rewritten(arg)
			switch ast.Unparen(arg).(type) {
			case *ast.BinaryExpr, *ast.UnaryExpr:
				if b, ok := tv.Type.Underlying().(*types.Basic); ok && b.Info()&types.IsUntyped == 0 {
					// It may have its type from where it goes.
					value = &ast.CallExpr{Fun: ast.NewIdent("(" + r.typ(tv.Type, arg.Pos()) + ")"), Args: []ast.Expr{value}}
				}
			}
			later.Args = append(later.Args, keep(value, "arg"))
		}
	}
	if deferredAsync {
		r.mayNotRecover(a)
		i := taskOf(r.Info, call)
		task := later.Args[i]
		name := r.names.name("u")
		later.Args[i] = ast.NewIdent(name)
		block.List = append(block.List, push(r.self, "PushAsync", task, name, r.star(find.Async, "async", "Task"), &ast.ExprStmt{X: later}))
		return block
	}
	name := r.names.name("p")
	block.List = append(block.List, push(r.self, "Push", nil, name, r.star(Lowered, "lowered", "Panic"),
		&ast.DeferStmt{Defer: n.Defer, Call: later},
		&ast.ExprStmt{X: &ast.CallExpr{Fun: &ast.SelectorExpr{X: ast.NewIdent(name), Sel: ast.NewIdent("Raise")}}}))
	return block
}

// taskOf returns which argument of an async call is its task: the receiver may come
// before it.
func taskOf(info *types.Info, call *ast.CallExpr) int {
	if s, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		if s := info.Selections[s]; s != nil && s.Kind() == types.MethodExpr {
			return 1
		}
	}
	return 0
}

func isFunc(t types.Type) bool {
	_, ok := t.Underlying().(*types.Signature)
	return ok
}

// IsGoexit reports whether a call is one of runtime.Goexit.
func IsGoexit(info *types.Info, call *ast.CallExpr) bool {
	var id *ast.Ident
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		id = fun
	case *ast.SelectorExpr:
		id = fun.Sel
	default:
		return false
	}
	f, ok := info.Uses[id].(*types.Func)
	return ok && f.FullName() == "runtime.Goexit"
}

// push returns the statement that keeps a deferred call.
func push(self, method string, task ast.Expr, param string, typ ast.Expr, body ...ast.Stmt) ast.Stmt {
	lit := &ast.FuncLit{
		Type: &ast.FuncType{Params: &ast.FieldList{List: []*ast.Field{{Names: []*ast.Ident{ast.NewIdent(param)}, Type: typ}}}},
		Body: &ast.BlockStmt{List: body},
	}
	call := &ast.CallExpr{Fun: ast.NewIdent(self + ".defers." + method), Args: []ast.Expr{lit}}
	if task != nil {
		call.Args = []ast.Expr{task, lit}
	}
	return &ast.ExprStmt{X: call}
}

func (e *fn) star(path, name, typ string) ast.Expr {
	return &ast.StarExpr{X: &ast.SelectorExpr{X: ast.NewIdent(e.Imports.Name(path, name)), Sel: ast.NewIdent(typ)}}
}

// fixed reports whether a function expression means the same later.
func (r *rewriter) fixed(fun ast.Expr) bool {
	switch x := ast.Unparen(fun).(type) {
	case *ast.FuncLit:
		return true
	case *ast.IndexExpr:
		return r.Info.Types[x.Index].IsType() && r.fixed(x.X)
	case *ast.IndexListExpr:
		return true
	case *ast.Ident:
		switch r.Info.Uses[x].(type) {
		case *types.Func, *types.Builtin:
			return true
		}
	case *ast.SelectorExpr:
		if _, ok := r.Info.Uses[x.Sel].(*types.Func); ok {
			s := r.Info.Selections[x]
			return s == nil || s.Kind() == types.MethodExpr
		}
		if _, ok := r.Info.Uses[x.Sel].(*types.Builtin); ok {
			return true // of package unsafe
		}
	}
	return false
}

// mayNotRecover refuses a deferred async call that may recover from a panic: its
// callee does not run below the panic.
func (r *rewriter) mayNotRecover(a find.Await) {
	mayRecover := false
	switch a.Kind {
	case find.Primitive:
	case find.Literal:
		mayRecover = CallsRecover(r.Info, ast.Unparen(a.Call.Fun).(*ast.FuncLit).Body)
	case find.Static:
		mayRecover = r.Recovers(a.Callee)
	default:
		r.fail(a.Call.Pos(), "it defers an async call of a function that is not known, and may recover from a panic")
	}
	if mayRecover {
		r.fail(a.Call.Pos(), "it defers an async call that may recover from a panic")
	}
}

// CallsRecover reports whether a function calls recover itself.
func CallsRecover(info *types.Info, body *ast.BlockStmt) (calls bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if b, ok := info.Uses[id].(*types.Builtin); ok && b.Name() == "recover" {
				calls = true
			}
		}
		_, isLit := n.(*ast.FuncLit)
		return !isLit
	})
	return calls
}
