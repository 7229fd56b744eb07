package lower

import (
	"go/ast"

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

// isStream reports whether a range is over the items of a stream.
func (p *program) isStream(s *ast.RangeStmt) bool {
	call, ok := ast.Unparen(s.X).(*ast.CallExpr)
	if !ok || len(call.Args) != 2 {
		return false
	}
	_, callee := find.Classify(p.Info, call)
	return callee != nil && callee.Pkg().Path() == "rondo.dev/rondo/stream" && callee.Name() == "All" && callee.Signature().Recv() == nil
}
