package emit

import (
	"fmt"
	"go/ast"
	"strings"

	"rondo.dev/rondo/internal/lower/graph"
)

// hasLoops reports whether the function has loops that may have to be told of a panic.
func (e *fn) hasLoops() bool {
	for _, b := range e.g.Blocks {
		if s := b.Landing; s != nil && s.Loop != nil {
			return true
		}
	}
	return false
}

// loop returns the field of a loop. Those that are not one in the other share it.
func (w *writer) loop(l *graph.Loop) string {
	return w.self + "." + w.shared("loop", w.Imports.Name(Lowered, "lowered")+".Loop", nil, l.Depth)
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
	for i, field := range w.roundFields(l) {
		if field != "_" {
			left, right = append(left, []ast.Expr{key, value}[i]), append(right, field)
		}
	}
	if len(left) > 0 {
		w.define(left, right, l.Stmt.Pos())
	}
}
