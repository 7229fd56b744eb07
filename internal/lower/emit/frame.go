package emit

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"rondo.dev/rondo/internal/lower/find"
)

func (e *fn) isParam(v *types.Var) bool   { return slices.Contains(e.params, v) }
func (e *fn) isOutside(v *types.Var) bool { return slices.Contains(e.outside, v) }
func (e *fn) isSignature(v *types.Var) bool {
	return e.isParam(v) || slices.ContainsFunc(e.results, func(r result) bool { return r.v == v })
}

// paramField returns the field that Call stores a parameter in, which is not where
// the parameter is if that needs an address.
func (e *fn) paramField(v *types.Var) string {
	p := e.places[v]
	if !p.boxed {
		return p.name
	}
	key := "argument " + p.name
	if _, ok := e.byType[key]; !ok {
		e.byType[key] = e.names.name(p.name + "Arg")
	}
	return e.byType[key]
}

// text writes the type and its methods around the body of Step.
func (e *fn) text(body string) string {
	var s strings.Builder
	f := e.frame
	self := e.self + " *" + f.ref()
	task := fmt.Sprintf("%s *%s.Task", e.task, e.Imports.Name(find.Async, "async"))

	for _, site := range e.sites {
		fmt.Fprintf(&s, "\nvar %s %s.Site\n", site, e.Imports.Name(Lowered, "lowered"))
	}
	fmt.Fprintf(&s, "\ntype %s%s struct {\n", f.Name, e.typeParams())
	fields := e.signatureFields()
	fields = append(fields, e.fields...)
	if n := len(e.state); e.at != "at" {
		// It has a field already.
	} else if n > 255 {
		fields = append(fields, field{name: "at", typ: "uint16", t: types.Typ[types.Uint16]})
	} else if n > 0 {
		fields = append(fields, field{name: "at", typ: "uint8", t: types.Typ[types.Uint8]})
	}
	if e.defers {
		fields = append(fields, field{name: "defers", typ: e.Imports.Name(Lowered, "lowered") + ".Defers"})
	}
	for _, x := range fields {
		fmt.Fprintf(&s, "%s %s\n", x.name, x.typ)
	}
	s.WriteString("}\n")
	f.fields = fields

	e.writeCall(&s, self)
	if e.defers {
		fmt.Fprintf(&s, "\nfunc (%s) Step(%s) (%s bool) { return %s.defers.Step(%s, %s.run) }\n", self, task, e.done, e.self, e.task, e.self)
		fmt.Fprintf(&s, "\nfunc (%s) run(%s) (%s bool) {\n%s}\n", self, task, e.done, body)
	} else {
		fmt.Fprintf(&s, "\nfunc (%s) Step(%s) (%s bool) {\n%s}\n", self, task, e.done, body)
	}
	if len(e.results) > 0 {
		var types, values []string
		for i, r := range e.results {
			types = append(types, r.typ)
			values = append(values, e.result(i))
		}
		fmt.Fprintf(&s, "\nfunc (%s) Result() (%s) { return %s }\n", self, strings.Join(types, ", "), strings.Join(values, ", "))
		if len(values) == 2 && isError(e.results[1].v.Type()) { // see async.FrameOf
			fmt.Fprintf(&s, "\nfunc (%s) Outcome() error { return %s }\n", self, values[1])
		}
	}
	return s.String()
}

// signatureFields are the fields of what is around, parameters and results.
func (e *fn) signatureFields() (fields []field) {
	add := func(name string, t types.Type, v *types.Var) {
		fields = append(fields, field{name: name, typ: e.typ(t, v.Pos()), t: t})
	}
	e.frame.captures = nil
	for _, v := range e.outside {
		p := e.places[v]
		t := v.Type()
		if p.boxed {
			t = types.NewPointer(t)
		}
		add(p.name, t, v)
		e.frame.captures = append(e.frame.captures, capture{v, p.name, p.boxed})
	}
	e.frame.params = nil
	for _, v := range e.params {
		if v == e.firstTask() && (v.Name() == "" || v.Name() == "_") || v == e.taskVar {
			continue
		}
		p, named := e.places[v]
		if !named {
			continue // nobody reads it
		}
		if v != e.firstTask() {
			e.frame.params = append(e.frame.params, capture{v, e.paramField(v), false})
			add(e.paramField(v), v.Type(), v)
			if !p.boxed {
				continue
			}
		}
		t := v.Type()
		if p.boxed {
			t = types.NewPointer(t)
		}
		add(p.name, t, v)
	}
	for _, r := range e.results {
		p, named := e.places[r.v]
		switch {
		case !named:
			add(r.name, r.v.Type(), r.v)
		case p.boxed:
			add(p.name, types.NewPointer(r.v.Type()), r.v)
		default:
			add(p.name, r.v.Type(), r.v)
		}
	}
	return fields
}

// writeCall writes the method that sets the parameters.
func (e *fn) writeCall(s *strings.Builder, self string) {
	var params, set, from []string
	for i, v := range e.params {
		if v == e.firstTask() {
			continue
		}
		typ := e.typ(v.Type(), v.Pos())
		if e.f.Type.Variadic() && i == len(e.params)-1 {
			typ = "..." + e.typ(v.Type().(*types.Slice).Elem(), v.Pos())
		}
		p, named := e.places[v]
		if !named {
			params = append(params, "_ "+typ)
			continue
		}
		params = append(params, p.name+" "+typ)
		set = append(set, e.self+"."+e.paramField(v))
		from = append(from, p.name)
	}
	if len(params) == 0 {
		return
	}
	if len(set) == 0 {
		fmt.Fprintf(s, "\nfunc (%s) Call(%s) {}\n", self, strings.Join(params, ", "))
		return
	}
	fmt.Fprintf(s, "\nfunc (%s) Call(%s) { %s = %s }\n", self, strings.Join(params, ", "), strings.Join(set, ", "), strings.Join(from, ", "))
}

// typeParams spells the type parameters of a generic function's frame, for its
// declaration.
func (e *fn) typeParams() string {
	list := e.frame.Params
	if list.Len() == 0 {
		return ""
	}
	var ps []string
	for p := range list.TypeParams() {
		c := e.typ(p.Constraint(), e.f.Node.Pos())
		if strings.HasPrefix(c, "*") {
			c = "interface{ " + c + " }" // else it would be the length of an array
		}
		ps = append(ps, p.Obj().Name()+" "+c)
	}
	return "[" + strings.Join(ps, ", ") + "]"
}

// ref is how the frame's type is written where its type parameters are in scope.
func (f *Frame) ref() string {
	if f.Params.Len() == 0 {
		return f.Name
	}
	var ps []string
	for p := range f.Params.TypeParams() {
		ps = append(ps, p.Obj().Name())
	}
	return f.Name + "[" + strings.Join(ps, ", ") + "]"
}

// capture is a field that a prologue fills in with a variable, or its address.
type capture struct {
	v       *types.Var
	field   string
	address bool
}

// Prologue writes what an async function begins with. spell tells how a captured
// variable is written there, and whether that is a pointer to it already. If the
// function has no name for its task, the name to give it is returned too.
func (file *File) Prologue(l *Shape, spell func(*types.Var) (text string, pointer bool)) (text, task string) {
	f := l.Func
	t := f.Type.Params().At(0).Name()
	if l.Quiet {
		return "", ""
	}
	if t == "" || t == "_" {
		task = "rondoTask"
		t = task
	}
	lowered := file.Imports.Name(Lowered, "lowered")
	if l.Frame == nil {
		return fmt.Sprintf("if %s.Decline(%s) {\nreturn\n}\n", lowered, t), task
	}
	return fmt.Sprintf("if %s.Asked(%s) {\n%s.Answer(%s, &%s)\nreturn\n}\n",
		lowered, t, lowered, t, l.Frame.value(spell)), task
}

// ArgumentPrologue writes what a function begins with whose first parameter is a task with
// some type arguments: it declines. See find.MayTake.
func (file *File) ArgumentPrologue(v *types.Var) string {
	return fmt.Sprintf("if task, ok := interface{}(%s).(*%s.Task); ok && %s.Decline(task) {\nreturn\n}\n",
		v.Name(), file.Imports.Name(find.Async, "async"), file.Imports.Name(Lowered, "lowered"))
}

// value writes a frame whose captured variables and parameters are those that are in
// scope.
func (f *Frame) value(spell func(*types.Var) (text string, pointer bool)) string {
	var init []string
	for _, c := range f.captures {
		s, pointer := spell(c.v)
		if c.address && !pointer {
			s = "&" + s
		}
		init = append(init, c.field+": "+s)
	}
	for _, p := range f.params {
		init = append(init, p.field+": "+p.v.Name())
	}
	return f.ref() + "{" + strings.Join(init, ", ") + "}"
}

// nameResults gives the results of a function blank names, for it to return without
// spelling what: there may be no names for that, or others have them.
func nameResults(t *ast.FuncType) {
	if t.Results == nil {
		return
	}
	for _, r := range t.Results.List {
		if len(r.Names) == 0 {
			r.Names = []*ast.Ident{ast.NewIdent("_")}
		}
	}
}

// nameTask gives the task of a function a name.
func nameTask(t *ast.FuncType, name string) {
	first := t.Params.List[0]
	if len(first.Names) == 0 {
		for _, p := range t.Params.List {
			p.Names = []*ast.Ident{ast.NewIdent("_")}
		}
	}
	first.Names[0] = ast.NewIdent(name)
}
