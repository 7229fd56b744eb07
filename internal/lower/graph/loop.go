package graph

import (
	"go/ast"
	"go/token"
)

// ranges takes a range apart that runs on its own: it is begun, and resumed between its
// rounds; a branch or return statement that leads out of it stops it first.
func (b *builder) ranges(s *ast.RangeStmt, label string) {
	if s.Tok == token.ASSIGN {
		refuse(s.Pos(), "a range that assigns to variables is not in normal form")
	}
	if call, ok := ast.Unparen(s.X).(*ast.CallExpr); ok {
		// The range makes the call itself, where it may suspend.
		for _, x := range append(call.Args[:len(call.Args):len(call.Args)], call.Fun) {
			b.pure(x)
		}
	} else {
		b.pure(s.X)
	}
	l := &Loop{Stmt: s, Around: b.loop}
	if b.loop != nil {
		l.Depth = b.loop.Depth + 1
	}
	round, body, next, after := b.block("round"), b.block("body"), b.block("next"), b.block("after")
	b.resume(l, Begin, round)
	b.place(round)
	b.end(&Round{l, body, after})
	body.Round = l
	b.place(body)
	b.outer = &target{b.outer, label, after, next, l.Around, l}
	b.loop = l
	b.list(s.Body.List)
	b.outer, b.loop = b.outer.outer, l.Around
	b.place(next)
	b.resume(l, Next, round)
	b.place(after)
}

// resume ends the block at hand with a loop that goes on, and what comes then.
func (b *builder) resume(l *Loop, how How, to *Block) {
	b.here()
	done := b.block("done")
	done.Landing = &Suspend{Loop: l, How: how, Stmt: l.Stmt, Next: done}
	b.end(done.Landing)
	b.place(done)
	b.end(&Jump{to})
}

// A leave is a way out of a loop.
type leave struct {
	from, to *Loop
	block    *Block
}

// leave returns the block that leads to another one, after the loops have been stopped
// that are around here and not around there. The function's end is nil, in no loop: it
// returns nil if nothing has to be stopped.
func (b *builder) leave(to *Block, around *Loop) *Block {
	return b.leaveFrom(b.loop, around, to)
}

func (b *builder) leaveFrom(from, around *Loop, to *Block) *Block {
	if from == around {
		return to
	}
	key := leave{from, around, to}
	if x := b.leaves[key]; x != nil {
		return x
	}
	x, done := b.block("leave"), b.block("done")
	done.Landing = &Suspend{Loop: from, How: Stop, Stmt: from.Stmt, Next: done}
	x.End = done.Landing
	b.leaves[key] = x
	b.last = append(b.last, x, done)
	if next := b.leaveFrom(from.Around, around, to); next != nil {
		done.End = &Jump{next}
	} else {
		done.End = &Return{At: from.Stmt.Pos()}
	}
	return x
}

// returned returns where a return statement leads before it returns, nil if it does
// that at once.
func (b *builder) returned(s *ast.ReturnStmt) *Block {
	to := b.leave(nil, nil)
	if to != nil {
		b.graph.Returns[s] = to
	}
	return to
}

// returns finds the return statements in a node that lead elsewhere first.
func (b *builder) returns(s ast.Stmt) (sides []*Block) {
	ast.Inspect(s, func(n ast.Node) bool {
		if s, ok := n.(*ast.ReturnStmt); ok {
			if to := b.returned(s); to != nil {
				sides = append(sides, to)
			}
		}
		_, isLit := n.(*ast.FuncLit)
		return !isLit
	})
	return sides
}

// around returns the innermost loop around the label of a goto statement: one of those
// around the statement itself, since no goto leads into a block.
func (b *builder) around(s *ast.BranchStmt) *Loop {
	for l := b.loop; l != nil; l = l.Around {
		inside := false
		ast.Inspect(l.Stmt.Body, func(n ast.Node) bool {
			if x, ok := n.(*ast.LabeledStmt); ok && x.Label.Name == s.Label.Name {
				inside = true
			}
			_, isLit := n.(*ast.FuncLit)
			return !isLit
		})
		if inside {
			return l
		}
	}
	return nil
}
