package lower

import (
	"go/ast"
	"go/types"

	"rondo.dev/rondo/internal/lower/find"
	"rondo.dev/rondo/internal/lower/graph"
	"rondo.dev/rondo/internal/lower/normal"
)

// way is what the graph of a function needs to know.
func (p *program) way() graph.Way {
	return graph.Way{Suspends: p.suspends, Ranged: p.isRanged}
}

// isRanged reports whether a range is over what may suspend the task.
func (p *program) isRanged(s *ast.RangeStmt) bool {
	call, _ := ast.Unparen(s.X).(*ast.CallExpr)
	if !p.ranged[call] {
		return false
	}
	kind, callee := find.Classify(p.Info, call)
	return kind == find.Dynamic || kind == find.Literal || kind == find.Static && (p.keeps(callee) || p.suspends(find.Await{Kind: kind, Callee: callee}))
}

const channels = "rondo.dev/rondo/channel"

// known are the iterators that normal knows, by the type whose method All is meant; the
// function All of package stream has none.
var known = map[string]normal.Iterator{
	"":             {},
	"Chan":         {Next: "Recv"},
	"Observer":     {Next: "Next"},
	"Subscription": {Next: "Recv", Path: channels, Goes: "LagError"},
}

// iterator tells which one a range is over, if it is known.
func (p *program) iterator(s *ast.RangeStmt) (it normal.Iterator, ok bool) {
	call, ok := ast.Unparen(s.X).(*ast.CallExpr)
	if !ok {
		return it, false
	}
	_, callee := find.Classify(p.Info, call)
	if callee == nil || callee.Name() != "All" {
		return it, false
	}
	switch recv := callee.Signature().Recv(); callee.Pkg().Path() {
	case "rondo.dev/rondo/stream":
		return known[""], recv == nil && len(call.Args) == 2
	case channels:
		sel, isSelector := ast.Unparen(call.Fun).(*ast.SelectorExpr)
		if !isSelector || len(call.Args) != 1 {
			return it, false
		}
		it, ok = known[pointee(p.Info.TypeOf(sel.X))]
		return it, ok && it.Next != ""
	}
	return it, false
}

// pointee names the type of package channel that t is a pointer to: its method All is
// the one that is known, neither promoted nor that of another type.
func pointee(t types.Type) string {
	ptr, ok := types.Unalias(t).(*types.Pointer)
	if !ok {
		return ""
	}
	named, ok := types.Unalias(ptr.Elem()).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() != channels {
		return ""
	}
	return named.Obj().Name()
}
