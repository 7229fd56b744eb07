package emit

import (
	"go/types"
	"slices"
)

// A slot is a field of the frame that variables of one type have in turn: those that
// are never alive at the same time.
type slot struct {
	name string
	t    types.Type
	vars []*types.Var
}

// slotFor returns a slot in which a variable can be, too, nil if it needs a new one.
func (e *fn) slotFor(v *types.Var) *slot {
	for _, s := range e.slots {
		if types.Identical(s.t, v.Type()) && !slices.ContainsFunc(s.vars, func(w *types.Var) bool { return e.meet(v, w) }) {
			s.vars = append(s.vars, v)
			return s
		}
	}
	return nil
}

// meet reports whether two variables may be alive at the same time.
func (e *fn) meet(v, w *types.Var) bool {
	for b := range e.v.Blocks[v] {
		if e.v.Blocks[w][b] {
			return true
		}
	}
	return false
}
