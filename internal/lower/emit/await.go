package emit

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
	"unicode"
	"unicode/utf8"

	"rondo.dev/rondo/internal/lower/find"
	"rondo.dev/rondo/internal/lower/graph"
)

// An await is written in three pieces: it is begun at the end of a block; behind that
// it is resumed, where Step comes back to; the next block, its landing, takes the
// results.
//
//	n1, err1, done = f.op.Begin(t, f.c.Read(f.buf))
//	if done {
//		goto done1
//	}
//	f.at = 1
//	return false
//	at1:
//	n1, err1, done = f.op.Resume(t)
//	if !done {
//		return false
//	}
//	done1:
//	f.n, f.err = n1, err1
//
// The results go through variables of Step, because a panic, or the time until they
// are there, must not change what they are assigned to.

// suspend writes the first two pieces.
func (w *writer) suspend(x *graph.Suspend) (tail string) {
	if x.Loop != nil {
		return w.resumeLoop(x)
	}
	if x.Await.Kind == find.Primitive {
		return w.primitive(x)
	}
	if f, embed := w.callee(x.Await); f != nil {
		return w.static(x, f, embed)
	}
	return w.dynamic(x)
}

// landing writes the third.
func (w *writer) landing(x *graph.Suspend) {
	if x.Loop != nil {
		return
	}
	if x.Await.Kind == find.Primitive {
		if w.takes(x) {
			w.assign(x, w.primitiveResults(x))
		}
		return
	}
	if f, embed := w.callee(x.Await); f != nil {
		field := w.self + "." + w.calleeField(x.Await, f, embed)
		if w.takes(x) {
			w.assign(x, []string{field + ".Result()"})
		}
		if embed {
			w.line("%s = %s{}", field, w.frameType(x.Await, f))
		} else {
			w.line("%s = nil", field)
		}
		return
	}
	w.dynamicLanding(x)
}

// takes reports whether somebody takes the results of an await.
func (w *writer) takes(x *graph.Suspend) bool { return len(x.Left) > 0 || x.Returns }

// assign writes the assignment of results to what stands left of the await.
func (w *writer) assign(x *graph.Suspend, rhs []string) {
	if x.Returns {
		var left []string
		for i := range w.results {
			left = append(left, w.result(i))
		}
		w.line("%s = %s", strings.Join(left, ", "), strings.Join(rhs, ", "))
		return
	}
	for _, l := range x.Left {
		w.shadow(l)
	}
	if x.Tok == token.DEFINE {
		w.define(x.Left, rhs, x.Stmt.Pos())
		return
	}
	blank := true
	var left []string
	for _, l := range x.Left {
		blank = blank && isBlank(l)
		left = append(left, w.expr(l))
	}
	if blank && len(rhs) == len(left) {
		return
	}
	w.line("%s = %s", strings.Join(left, ", "), strings.Join(rhs, ", "))
}

// taskOf returns the task that a call passes, which has to be there again when the
// call is resumed.
func (w *writer) taskOf(call *ast.CallExpr) string {
	for i, arg := range call.Args {
		if i > 1 {
			break
		}
		if find.IsTask(w.Info.TypeOf(arg)) {
			if _, ok := ast.Unparen(arg).(*ast.Ident); !ok {
				w.fail(arg.Pos(), "the task of an await is not a variable")
			}
			return w.expr(arg)
		}
	}
	w.fail(call.Pos(), "an await has no task among its arguments")
	return ""
}

// shared returns the field that awaits of one kind have in common, as only one of
// them is under way at a time: the one of a type and a number.
func (e *fn) shared(name, typ string, t types.Type, which int) string {
	key := fmt.Sprint(which, " ", typ)
	if f, ok := e.byType[key]; ok {
		return f
	}
	f := e.names.name(name)
	e.byType[key] = f
	e.fields = append(e.fields, field{name: f, typ: typ, t: t})
	return f
}

// primitives are what the awaits of package async become.
type primitive struct {
	typ     string // the type under way, in package async
	generic bool   // by the type of the value awaited
	field   string
	value   bool // there is one beside the error in what it returns
}

var primitives = map[string]primitive{
	"Await":       {"Awaiting", true, "await", true},
	"Yield":       {"Yielding", false, "yield", false},
	"Op.Await":    {"Flight", true, "op", true},
	"Act.Await":   {"Flight", true, "op", true},
	"Join.Await":  {"Awaiting", true, "await", true},
	"Child.Await": {"Awaiting", true, "await", true},
	"Group.Wait":  {"Waiting", false, "wait", false},
}

// primitive writes an await of package async itself.
func (w *writer) primitive(x *graph.Suspend) (tail string) {
	call := x.Await.Call
	name := find.NameInAsync(x.Await.Callee)
	p := primitives[name]
	task := w.taskOf(call)
	w.shadow(call)
	operand := ""
	switch name {
	case "Await":
		operand = ", " + w.expr(call.Args[1])
	case "Yield":
	default:
		operand = ", " + w.receiver(x, name)
	}
	field := w.self + "." + w.primitiveField(x, p)
	results := append(w.primitiveTemps(x, p), w.done)
	n := w.state[x]
	at := w.lineAt(call.Pos())
	w.s.WriteString(at)
	w.line("%s = %s.Begin(%s%s)", strings.Join(results, ", "), field, task, operand)
	return fmt.Sprintf("if %s {\ngoto %s\n}\n%s.%s = %d\nreturn false\nat%d:\n%s%s = %s.Resume(%s)\nif !%s {\nreturn false\n}\n",
		w.done, w.label(x.Next), w.self, w.at, n, n, at, strings.Join(results, ", "), field, task, w.done)
}

// receiver returns what is awaited, by a method of package async.
func (w *writer) receiver(x *graph.Suspend, name string) string {
	fun := ast.Unparen(x.Await.Call.Fun)
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok || w.Info.Selections[sel] == nil || w.Info.Selections[sel].Kind() != types.MethodVal {
		w.fail(fun.Pos(), "an await is called by a method expression")
	}
	recv, t := w.embedded(sel)
	pointer := isPointer(t)
	switch name {
	case "Op.Await":
		if pointer {
			return "*" + recv
		}
		return recv
	case "Act.Await":
		return recv + ".Op()"
	case "Child.Await":
		return "&" + recv + ".Join"
	default:
		if pointer {
			return recv
		}
		return "&" + recv
	}
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

// embedded returns the receiver of a method call: what stands before the dot, and the
// fields that the method is promoted from.
func (w *writer) embedded(sel *ast.SelectorExpr) (string, types.Type) {
	s := w.Info.Selections[sel]
	text, t := w.expr(sel.X), w.Info.TypeOf(sel.X)
	switch ast.Unparen(sel.X).(type) {
	case *ast.Ident, *ast.CallExpr, *ast.SelectorExpr, *ast.ParenExpr, *ast.IndexExpr:
	default:
		text = "(" + text + ")"
	}
	for _, i := range s.Index()[:len(s.Index())-1] {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		f := t.Underlying().(*types.Struct).Field(i)
		if !f.Exported() && f.Pkg() != w.Pkg {
			w.fail(sel.Pos(), "a method is promoted from a field of another package")
		}
		text, t = text+"."+f.Name(), f.Type()
	}
	return text, t
}

func (e *fn) primitiveField(x *graph.Suspend, p primitive) string {
	async := e.Imports.Name(find.Async, "async")
	typ := async + "." + p.typ
	var t types.Type
	if o := asyncType(x.Await.Callee, p.typ); o != nil {
		t = o
	}
	if p.generic {
		value := e.valueType(x)
		typ += "[" + e.typ(value, x.Await.Call.Pos()) + "]"
		if t != nil {
			t, _ = types.Instantiate(nil, t, []types.Type{value}, false)
		}
	}
	return e.shared(p.field, typ, t, 0)
}

// whereField returns the field that says where the function is: the first await of an
// operation, or of another future, has room for that.
func (e *fn) whereField() string {
	for _, b := range e.g.Blocks {
		x, ok := b.End.(*graph.Suspend)
		if !ok || x.Loop != nil || x.Await.Kind != find.Primitive {
			continue
		}
		if p := primitives[find.NameInAsync(x.Await.Callee)]; p.typ == "Flight" || p.typ == "Awaiting" {
			return e.primitiveField(x, p) + ".At"
		}
	}
	return "at"
}

// asyncType returns a type of package async.
func asyncType(member *types.Func, name string) types.Type {
	if o := member.Pkg().Scope().Lookup(name); o != nil {
		return o.Type()
	}
	return nil
}

// valueType is the type of the value awaited, struct{} where the await has none.
func (e *fn) valueType(x *graph.Suspend) types.Type {
	if t, ok := e.Info.TypeOf(x.Await.Call).(*types.Tuple); ok {
		return t.At(0).Type()
	}
	return types.NewStruct(nil, nil)
}

// primitiveTemps are the variables that Begin and Resume return into.
func (w *writer) primitiveTemps(x *graph.Suspend, p primitive) []string {
	used := func(i int) bool { return x.Returns || i < len(x.Left) && !isBlank(x.Left[i]) }
	errType := types.Universe.Lookup("error").Type()
	if _, isTuple := w.Info.TypeOf(x.Await.Call).(*types.Tuple); !isTuple {
		list := []string{"_"}
		if used(0) {
			list[0] = w.temp("err", errType, x)
		}
		if p.value {
			return append([]string{"_"}, list...)
		}
		return list
	}
	list := []string{"_", "_"}
	if used(0) {
		list[0] = w.temp("v", w.valueType(x), x)
	}
	if used(1) {
		list[1] = w.temp("err", errType, x)
	}
	return list
}

// primitiveResults are those of them that the user gets.
func (w *writer) primitiveResults(x *graph.Suspend) []string {
	p := primitives[find.NameInAsync(x.Await.Callee)]
	list := w.primitiveTemps(x, p)
	if x.Returns {
		return list[len(list)-len(w.results):]
	}
	for i, s := range list {
		if s == "_" {
			list[i] = ""
		}
	}
	list = list[len(list)-len(x.Left):]
	for i, s := range list {
		if s == "" && isBlank(x.Left[i]) {
			list[i] = "0" // assigned to nothing
		}
	}
	return list
}

// temp returns the variable of Step for a type, used for name.
func (w *writer) temp(name string, t types.Type, x *graph.Suspend) string {
	typ := w.typ(t, x.Await.Call.Pos())
	key := "temp " + name + " " + typ
	if f, ok := w.byType[key]; ok {
		return f
	}
	f := w.names.name(name + "1")
	w.byType[key] = f
	w.temps = append(w.temps, field{name: f, typ: typ})
	return f
}

// callee returns the frame of a call whose callee is known, nil if it has none.
func (w *writer) callee(a find.Await) (f *Frame, embed bool) {
	if a.Kind != find.Static {
		return nil, false
	}
	f, embed = w.Frame(w.f, a.Callee)
	if f == nil || !w.Imports.may(f.Pkg) {
		return nil, false
	}
	if len(a.Call.Args) > 0 {
		if _, ok := w.Info.TypeOf(a.Call.Args[0]).(*types.Tuple); ok {
			w.fail(a.Call.Pos(), "an await has all its arguments from another call")
		}
	}
	if sel, ok := ast.Unparen(a.Call.Fun).(*ast.SelectorExpr); ok {
		if s := w.Info.Selections[sel]; s != nil && s.Kind() == types.MethodExpr {
			w.fail(a.Call.Pos(), "an await is called by a method expression")
		}
	}
	return f, embed
}

func (w *writer) calleeField(a find.Await, f *Frame, embed bool) string {
	typ := w.frameType(a, f)
	first, size := utf8.DecodeRuneInString(f.Name)
	name := string(unicode.ToLower(first)) + strings.TrimSuffix(f.Name[size:], "Frame")
	if !embed {
		typ = "*" + typ
	}
	if got, ok := w.byType[typ]; ok {
		return got
	}
	got := w.names.name(name)
	w.byType[typ] = got
	w.fields = append(w.fields, field{name: got, typ: typ, frame: f, pointer: !embed, generic: strings.Contains(typ, "[")})
	return got
}

// frameType spells a callee's frame.
func (w *writer) frameType(a find.Await, f *Frame) string {
	name := f.Name
	if f.Pkg != w.Pkg {
		name = w.Imports.Name(f.Pkg.Path(), f.Pkg.Name()) + "." + name
	}
	var args *types.TypeList
	fun := ast.Unparen(a.Call.Fun)
	if a.Callee.Signature().Recv() != nil {
		_, t := w.embedded(fun.(*ast.SelectorExpr))
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		if n, ok := types.Unalias(t).(*types.Named); ok {
			args = n.TypeArgs()
		}
	} else {
		args = w.instance(fun)
	}
	if args.Len() == 0 {
		return name
	}
	var list []string
	for t := range args.Types() {
		list = append(list, w.typ(t, a.Call.Pos()))
	}
	return name + "[" + strings.Join(list, ", ") + "]"
}

func (w *writer) instance(fun ast.Expr) *types.TypeList {
	switch x := ast.Unparen(fun).(type) {
	case *ast.Ident:
		return w.Info.Instances[x].TypeArgs
	case *ast.SelectorExpr:
		return w.Info.Instances[x.Sel].TypeArgs
	case *ast.IndexExpr:
		return w.instance(x.X)
	case *ast.IndexListExpr:
		return w.instance(x.X)
	}
	return nil
}

// static writes a call of a function that has a frame.
func (w *writer) static(x *graph.Suspend, f *Frame, embed bool) (tail string) {
	call := x.Await.Call
	task := w.taskOf(call)
	w.shadow(call)
	var args []string
	if f.Recv {
		sel := ast.Unparen(call.Fun).(*ast.SelectorExpr)
		recv, t := w.embedded(sel)
		want := isPointer(x.Await.Callee.Signature().Recv().Type())
		switch {
		case want && !isPointer(t):
			recv = "&" + recv
		case !want && isPointer(t):
			recv = "*" + recv
		}
		args = append(args, recv)
	}
	for _, arg := range call.Args[1:] {
		args = append(args, w.expr(arg))
	}
	if call.Ellipsis.IsValid() {
		args[len(args)-1] += "..."
	}
	field := w.self + "." + w.calleeField(x.Await, f, embed)
	n := w.state[x]
	at := w.lineAt(call.Pos())
	w.s.WriteString(at)
	if !embed {
		w.line("%s = new(%s)", field, w.frameType(x.Await, f))
	}
	if len(args) > 0 {
		w.line("%s.Call(%s)", field, strings.Join(args, ", "))
	}
	w.line("%s.%s = %d", w.self, w.at, n)
	return fmt.Sprintf("at%d:\n%sif !%s.Step(%s) {\nreturn false\n}\n", n, at, field, task)
}

// dynamic writes a call of a function that has to be asked for its frame.
func (w *writer) dynamic(x *graph.Suspend) (tail string) {
	call := x.Await.Call
	task := w.taskOf(call)
	w.shadow(call)
	field := w.self + "." + w.shared("call", w.Imports.Name(Lowered, "lowered")+".Callee", nil, 0)
	text := w.expr(call)
	if results := w.dynamicResults(x); len(results) > 0 {
		text = strings.Join(results, ", ") + " = " + text
	}
	n := w.state[x]
	at := w.lineAt(call.Pos())
	w.line("%s.%s = %d", w.self, w.at, n)
	w.line("%s.Ask(%s)", field, task)
	w.s.WriteString(at)
	w.line("%s", text)
	w.line("if %s.Declined(%s) {", field, task)
	w.copies(call)
	w.s.WriteString(at)
	w.line("%s.Lend(%s, func() { %s })\n}", field, task, text)
	return fmt.Sprintf("at%d:\n%sif !%s.Resume(%s) {\nreturn false\n}\n", n, at, field, task)
}

// copies gives the function of a dynamic call variables of its own in place of Step's,
// which would have to move to the heap for it. It reports whether there are any.
func (w *writer) copies(n ast.Node) (any bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if v, ok := w.Info.ObjectOf(id).(*types.Var); ok && !w.shadowed[v] {
				if p, ok := w.places[v]; ok && !p.block && !p.frame {
					w.shadowed[v] = true
					w.line("%s := %s", p.name, p.name)
					any = true
				}
			}
		}
		return true
	})
	return any
}

// dynamicResults are the fields that a dynamic call's results are stored in.
func (w *writer) dynamicResults(x *graph.Suspend) []string {
	var list []string
	each := func(t types.Type) {
		typ := w.typ(t, x.Await.Call.Pos())
		name := w.shared("got", typ, t, 1+len(list))
		list = append(list, w.self+"."+name)
	}
	switch t := w.Info.TypeOf(x.Await.Call).(type) {
	case nil:
	case *types.Tuple:
		for v := range t.Variables() {
			each(v.Type())
		}
	default:
		each(t)
	}
	return list
}

func (w *writer) dynamicLanding(x *graph.Suspend) {
	field := w.self + "." + w.shared("call", w.Imports.Name(Lowered, "lowered")+".Callee", nil, 0)
	results := w.dynamicResults(x)
	if len(results) == 0 {
		w.line("%s.Frame()", field)
		return
	}
	var types []string
	for _, t := range resultTypes(w.Info.TypeOf(x.Await.Call)) {
		types = append(types, w.typ(t, x.Await.Call.Pos()))
	}
	r := w.names.name("r")
	w.line("if %s := %s.Frame(); %s != nil {\n%s = %s.(interface{ Result() (%s) }).Result()\n}",
		r, field, r, strings.Join(results, ", "), r, strings.Join(types, ", "))
	if w.takes(x) {
		w.assign(x, results)
	}
}

func resultTypes(t types.Type) (list []types.Type) {
	if tuple, ok := t.(*types.Tuple); ok {
		for v := range tuple.Variables() {
			list = append(list, v.Type())
		}
		return list
	}
	return []types.Type{t}
}
