package emit

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"rondo.dev/rondo/internal/lower/graph"
)

// hasLoops reports whether the function has loops that may have to be told of a panic.
func (e *fn) hasLoops() bool {
	for _, b := range e.g.Blocks {
		if s := b.Landing; s != nil && s.Loop != nil && !s.Loop.Stream {
			return true
		}
	}
	return false
}

// loop returns the field of a loop. Those that are not one in the other share it.
func (w *writer) loop(l *graph.Loop) string {
	lowered := w.Imports.Name(Lowered, "lowered")
	if !l.Stream {
		return w.self + "." + w.shared("loop", lowered+".Loop", nil, l.Depth)
	}
	item := w.typ(w.itemOf(l), l.Stmt.X.Pos())
	if _, ok := channelOf(l); ok {
		return w.self + "." + w.shared("received", lowered+".Received["+item+"]", w.itemsType(l), l.Depth)
	}
	return w.self + "." + w.shared("items", lowered+".Items["+item+"]", w.itemsType(l), l.Depth)
}

// channelOf returns the channel that a loop over a stream receives from, if it does.
func channelOf(l *graph.Loop) (x ast.Expr, ok bool) {
	call := ast.Unparen(l.Stmt.X).(*ast.CallExpr)
	if len(call.Args) == 2 {
		return nil, false // stream.All(t, s)
	}
	return ast.Unparen(call.Fun).(*ast.SelectorExpr).X, true
}

// itemOf returns the type of the items of a stream.
func (w *writer) itemOf(l *graph.Loop) types.Type {
	seq := w.Info.TypeOf(l.Stmt.X).Underlying().(*types.Signature)
	return seq.Params().At(0).Type().Underlying().(*types.Signature).Params().At(0).Type()
}

// itemsType returns a type that is as large as the loop over a stream.
func (w *writer) itemsType(l *graph.Loop) types.Type {
	word, item := types.Typ[types.Uintptr], w.itemOf(l)
	var fields []*types.Var
	parts := []types.Type{types.NewArray(word, 6), item, types.NewArray(word, 2), types.Typ[types.Bool]}
	if _, ok := channelOf(l); ok {
		parts = slices.Delete(parts, 2, 3) // it keeps no error
	}
	for _, t := range parts {
		fields = append(fields, types.NewField(0, nil, "_", t, false))
	}
	return types.NewStruct(fields, nil)
}

// resumeLoop writes how a loop goes on, like an await.
func (w *writer) resumeLoop(x *graph.Suspend) (tail string) {
	l := x.Loop
	at := w.lineAt(l.Stmt.Pos())
	field := w.loop(l)
	call := "Next(" + w.task + ")"
	switch {
	case x.How == graph.Stop:
		call = "Stop(" + w.task + ")"
	case x.How == graph.Begin && l.Stream:
		w.shadow(l.Stmt.X)
		args := ast.Unparen(l.Stmt.X).(*ast.CallExpr).Args
		from, ok := channelOf(l)
		if !ok {
			from = args[1]
		}
		call = "Begin(" + w.expr(args[0]) + ", " + w.expr(from) + ")"
	case x.How == graph.Begin:
		w.shadow(l.Stmt.X)
		if w.copies(l.Stmt.X) {
			w.declares = true
		}
		call = "Begin(" + w.task + ", &" + w.self + ".defers, func() {\n" + at +
			"for " + w.taken(l) + "range " + w.expr(l.Stmt.X) + " {\nif !" + field + ".Yield() {\nbreak\n}\n}\n})"
	}
	n := w.state[x]
	w.line("%s.%s = %d", w.self, w.at, n)
	w.s.WriteString(at)
	w.line("if !%s.%s {\nreturn false\n}\ngoto %s", field, call, w.label(x.Next))
	return fmt.Sprintf("at%d:\n%sif !%s.Resume(%s) {\nreturn false\n}\n", n, at, field, w.task)
}

// taken writes what a range on a coroutine assigns to.
func (w *writer) taken(l *graph.Loop) string {
	fields := w.roundFields(l)
	for len(fields) > 0 && fields[len(fields)-1] == "_" {
		fields = fields[:len(fields)-1]
	}
	if len(fields) == 0 {
		return ""
	}
	return strings.Join(fields, ", ") + " = "
}

// roundFields are the fields that the values of a round are handed over in.
func (w *writer) roundFields(l *graph.Loop) (list []string) {
	for i, x := range []ast.Expr{l.Stmt.Key, l.Stmt.Value} {
		field := "_"
		if x != nil && !isBlank(x) {
			t := w.defined(x).Type()
			field = w.self + "." + w.shared("got", w.typ(t, x.Pos()), t, 1+i)
		}
		list = append(list, field)
	}
	return list
}

// round writes what a round begins with: the variables get their values.
func (w *writer) round(l *graph.Loop) {
	key, value := l.Stmt.Key, l.Stmt.Value
	var left []ast.Expr
	var right []string
	if !l.Stream {
		for i, field := range w.roundFields(l) {
			if field != "_" {
				left, right = append(left, []ast.Expr{key, value}[i]), append(right, field)
			}
		}
	} else {
		blank := ast.NewIdent("_")
		left, right = []ast.Expr{blank, blank}, []string{w.loop(l) + ".Round()"}
		if key != nil {
			left[0] = key
		}
		if value != nil {
			left[1] = value
		}
		if isBlank(left[0]) && isBlank(left[1]) {
			return
		}
		if _, ok := channelOf(l); ok {
			left = left[:1]
		}
	}
	if len(left) > 0 {
		w.define(left, right, l.Stmt.Pos())
	}
}
