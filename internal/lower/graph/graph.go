// Package graph makes a control-flow graph of an async function in normal form: it
// is the compiler's pass between normal and live.
//
// Only what an await forces is taken apart. A statement that cannot suspend, however
// large, stays one node of a block; a loop, an if or a switch with an await inside
// becomes blocks and jumps between them. So the code that comes out in the end still
// looks like the code that went in.
package graph

import (
	"go/ast"
	"go/token"

	"rondo.dev/rondo/internal/lower/find"
)

// A Graph is the body of one function.
type Graph struct {
	Func   *find.Func
	Blocks []*Block // those that can be reached, in the order of the source; the first is the entry
	// Jumps are the branch statements inside of nodes that lead out of them.
	Jumps map[*ast.BranchStmt]*Block
	// Returns are the return statements that lead to a block with the results set: loops
	// have to end first.
	Returns map[*ast.ReturnStmt]*Block
	// Decls are the constants and types that are declared where blocks come from.
	Decls []*ast.DeclStmt
}

// A Block is a run of statements that is entered at its beginning.
type Block struct {
	Name    string   // what it is, for a label: "loop", "then"
	Landing *Suspend // it begins with the results of this await
	Round   *Loop    // it begins with the variables of a round
	Bind    *Bind    // it begins with the variable of a clause of a type switch
	Nodes   []ast.Stmt
	End     End
	Sides   []*Block // where branch statements in the last node lead to
}

// An End is how a block ends.
type End interface{ succs() []*Block }

type (
	// Jump goes on with another block.
	Jump struct{ To *Block }
	// Branch goes on with one of two.
	Branch struct {
		Cond       ast.Expr
		Then, Else *Block
	}
	// Switch is a switch, a type switch or a select whose clauses are blocks.
	Switch struct {
		Stmt    ast.Stmt
		Clauses []*Block // in the order of the statement's
		None    *Block   // if no clause is taken; nil if there is a default, or it is a select
	}
	// Suspend is an await.
	Suspend struct {
		Await find.Await
		Left  []ast.Expr  // what the results are assigned to
		Tok   token.Token // = or :=, or ILLEGAL without Left
		Stmt  ast.Stmt
		Next  *Block
		// Returns: the results are the function's own.
		Returns bool
		// Loop is what suspends if it is no await but a range: How.
		Loop *Loop
		How  How
	}
	// Round asks a loop whether there is another round.
	Round struct {
		Loop        *Loop
		Body, After *Block
	}
	// Return is a return statement, or the closing brace of the function: nil. To is
	// where it leads before it returns, if loops have to end first.
	Return struct {
		Stmt *ast.ReturnStmt
		At   token.Pos
		To   *Block
	}
)

// A Loop is a range that runs on its own, beside the function: over a function, as a
// rule. See lowered.Loop.
type Loop struct {
	Stmt   *ast.RangeStmt
	Around *Loop // whose body it is in
	Depth  int   // how many there are around it
}

// How is how a loop is resumed.
type How uint8

const (
	Begin How = iota
	Next
	Stop
)

func (e *Jump) succs() []*Block    { return []*Block{e.To} }
func (e *Branch) succs() []*Block  { return []*Block{e.Then, e.Else} }
func (e *Suspend) succs() []*Block { return []*Block{e.Next} }
func (e *Round) succs() []*Block   { return []*Block{e.Body, e.After} }
func (e *Return) succs() []*Block {
	if e.To == nil {
		return nil
	}
	return []*Block{e.To}
}
func (e *Switch) succs() []*Block {
	if e.None == nil {
		return e.Clauses
	}
	return append(e.Clauses[:len(e.Clauses):len(e.Clauses)], e.None)
}

// A Bind declares the variable of a type switch for one clause.
type Bind struct{ Clause *ast.CaseClause }

// Succs returns the blocks that may run after b.
func (b *Block) Succs() []*Block {
	if b.End == nil {
		return b.Sides
	}
	s := b.End.succs()
	return append(s[:len(s):len(s)], b.Sides...)
}

// Again reports whether b may run more than once in a call.
func (b *Block) Again() bool {
	seen := map[*Block]bool{}
	var leads func(from *Block) bool
	leads = func(from *Block) bool {
		for _, s := range from.Succs() {
			if s == b {
				return true
			}
			if !seen[s] {
				seen[s] = true
				if leads(s) {
					return true
				}
			}
		}
		return false
	}
	return leads(b)
}

// reachable returns the blocks that can be reached, in the order of the source.
func reachable(blocks []*Block) []*Block {
	seen := map[*Block]bool{}
	var visit func(b *Block)
	visit = func(b *Block) {
		if seen[b] {
			return
		}
		seen[b] = true
		for _, s := range b.Succs() {
			visit(s)
		}
	}
	visit(blocks[0])
	var kept []*Block
	for _, b := range blocks {
		if seen[b] {
			kept = append(kept, b)
		}
	}
	return kept
}
