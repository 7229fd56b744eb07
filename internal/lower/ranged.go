package lower

import (
	"go/ast"
	"go/types"

	"rondo.dev/rondo/internal/lower/find"
	"rondo.dev/rondo/internal/lower/graph"
)

// way is what the graph of a function needs to know.
func (p *program) way() graph.Way {
	return graph.Way{Suspends: p.suspends, Ranged: p.isRanged, Streams: p.isStream}
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

// isStream reports whether a range is over the items of a stream, or over what a channel
// receives.
func (p *program) isStream(s *ast.RangeStmt) bool {
	call, ok := ast.Unparen(s.X).(*ast.CallExpr)
	if !ok {
		return false
	}
	_, callee := find.Classify(p.Info, call)
	if callee == nil || callee.Name() != "All" {
		return false
	}
	switch recv := callee.Signature().Recv(); callee.Pkg().Path() {
	case "rondo.dev/rondo/stream":
		return recv == nil && len(call.Args) == 2
	case "rondo.dev/rondo/channel":
		sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
		return ok && recv != nil && len(call.Args) == 1 && isChan(p.Info.TypeOf(sel.X))
	}
	return false
}

// isChan reports whether a type is *channel.Chan[T]: its method All is the one that is
// known, neither promoted nor that of another type.
func isChan(t types.Type) bool {
	ptr, ok := types.Unalias(t).(*types.Pointer)
	if !ok {
		return false
	}
	named, ok := types.Unalias(ptr.Elem()).(*types.Named)
	return ok && named.Obj().Name() == "Chan" && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "rondo.dev/rondo/channel"
}
