package graph

import (
	"go/ast"
	"go/token"
)

// labeled begins a block where goto statements lead.
func (b *builder) labeled(s *ast.LabeledStmt) {
	b.place(b.label(s.Label.Name))
	if b.suspends(s.Stmt) {
		b.stmt(s.Stmt, s.Label.Name)
		return
	}
	if usesLabel(s.Stmt, s.Label.Name) {
		b.node(s) // the label is for a break or continue inside
		return
	}
	b.stmt(s.Stmt, "")
}

// label returns the block of a label, which may come later.
func (b *builder) label(name string) *Block {
	x := b.labels[name]
	if x == nil {
		x = b.block(name)
		b.labels[name] = x
	}
	return x
}

// goal returns where a branch statement leads.
func (b *builder) goal(s *ast.BranchStmt) *Block {
	if s.Tok == token.GOTO {
		return b.leave(b.label(s.Label.Name), b.around(s))
	}
	for t := b.outer; t != nil; t = t.outer {
		switch {
		case s.Label != nil && s.Label.Name != t.label:
		case s.Tok == token.BREAK:
			return b.leave(t.breaks, t.around)
		case s.Tok == token.CONTINUE && t.continues != nil:
			return b.leave(t.continues, t.inside)
		}
	}
	refuse(s.Pos(), "a %s leads nowhere", s.Tok)
	return nil
}

// jumps finds the branch statements in a node that lead out of it, and where.
func (b *builder) jumps(s ast.Stmt) (sides []*Block) {
	w := &jumpWalk{labels: map[string]bool{}}
	ast.Inspect(s, func(n ast.Node) bool {
		if l, ok := n.(*ast.LabeledStmt); ok {
			w.labels[l.Label.Name] = true
		}
		_, isLit := n.(*ast.FuncLit)
		return !isLit
	})
	w.walk(s, false, false)
	for _, j := range w.out {
		to := b.goal(j)
		b.graph.Jumps[j] = to
		sides = append(sides, to)
	}
	return sides
}

// jumpWalk walks through a node, and knows what a break or a continue without a
// label means at each place.
type jumpWalk struct {
	labels map[string]bool // declared inside
	out    []*ast.BranchStmt
}

func (w *jumpWalk) walk(n ast.Node, breaks, continues bool) {
	breaks, continues = breaks || catchesBreak(n), continues || isLoop(n)
	ast.Inspect(n, func(m ast.Node) bool {
		switch s := m.(type) {
		case *ast.FuncLit:
			return false
		case *ast.BranchStmt:
			w.branch(s, breaks, continues)
		}
		if m != n && m != nil && catchesBreak(m) {
			w.walk(m, breaks, continues)
			return false
		}
		return true
	})
}

func (w *jumpWalk) branch(s *ast.BranchStmt, breaks, continues bool) {
	switch {
	case s.Label != nil && w.labels[s.Label.Name]:
	case s.Tok == token.FALLTHROUGH:
	case s.Label == nil && s.Tok == token.BREAK && breaks:
	case s.Label == nil && s.Tok == token.CONTINUE && continues:
	default:
		w.out = append(w.out, s)
	}
}

func isLoop(n ast.Node) bool {
	switch n.(type) {
	case *ast.ForStmt, *ast.RangeStmt:
		return true
	}
	return false
}

func catchesBreak(n ast.Node) bool {
	switch n.(type) {
	case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
		return true
	}
	return isLoop(n)
}

// usesLabel reports whether a branch statement in s names a label.
func usesLabel(s ast.Stmt, label string) (used bool) {
	ast.Inspect(s, func(n ast.Node) bool {
		if b, ok := n.(*ast.BranchStmt); ok && b.Label != nil && b.Label.Name == label && b.Tok != token.GOTO {
			used = true
		}
		return true
	})
	return used
}
