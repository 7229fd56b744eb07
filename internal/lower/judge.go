package lower

import (
	"go/ast"
	"go/types"
	"strings"
	"unicode"

	"rondo.dev/rondo/internal/lower/emit"
	"rondo.dev/rondo/internal/lower/find"
)

// judge decides which functions are lowered, as far as that can be told before.
func (p *program) judge() {
	// A function suspends if it has an await that does. Assume the best, and look
	// again until nothing changes.
	for changed := true; changed; {
		changed = false
		for _, f := range p.funcs {
			if f.fate == Plain && p.mayBeSuspended(f) {
				f.fate = Lowered
				changed = true
			}
		}
	}
	for _, f := range p.funcs {
		for _, s := range f.Strays {
			if p.suspends(s.Await) {
				f.decline(s.Call.Pos(), "an await in a function that is not async")
			}
		}
		if n, what := p.keepsTask(f); n != nil {
			f.keeps = true
			f.decline(n.Pos(), "%s", what)
		}
		if f.fate == Lowered && emit.CallsRecover(p.Info, f.Body) {
			f.decline(f.Body.Pos(), "it calls recover itself")
		}
	}
	// Who calls a function that keeps the task may be suspended later by what kept it,
	// where there is no await to be seen.
	for changed := true; changed; {
		changed = false
		for _, f := range p.funcs {
			if f.keeps {
				continue
			}
			for _, a := range f.Awaits {
				if a.Kind == find.Static && p.keeps(a.Callee) {
					f.keeps, changed = true, true
					f.decline(a.Call.Pos(), "it calls %s, which keeps the task", a.Callee.Name())
					break
				}
			}
		}
	}
}

func (p *program) mayBeSuspended(f *function) bool {
	for _, a := range f.Awaits {
		if p.suspends(a) {
			return true
		}
	}
	for _, s := range f.Strays {
		if p.suspends(s.Await) {
			return true
		}
	}
	return false
}

func (p *program) keeps(f *types.Func) bool {
	if own := p.byFunc[f]; own != nil {
		return own.keeps
	}
	fact, _ := p.foreign(f)
	return fact.Keeps
}

func (p *program) recovers(f *types.Func) bool {
	if own := p.byFunc[f]; own != nil {
		return emit.CallsRecover(p.Info, own.Body)
	}
	fact, known := p.foreign(f)
	return !known || fact.Recovers
}

// frameOf returns the frame of a callee. A frame is not embedded in one that it
// contains itself.
func (p *program) frameOf(caller *find.Func, callee *types.Func) (*emit.Frame, bool) {
	if f := p.byFunc[callee]; f != nil {
		if f.frame == nil {
			return nil, false
		}
		return f.frame, !p.reaches(f, caller, map[*function]bool{})
	}
	if fact, _ := p.foreign(callee); fact.Frame != "" {
		return emit.Foreign(callee.Pkg(), fact.Frame, fact.Recv, fact.Size), true
	}
	return nil, false
}

// reaches reports whether static calls lead from one function to another.
func (p *program) reaches(from *function, to *find.Func, seen map[*function]bool) bool {
	if from.Func == to {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	for _, a := range from.Awaits {
		if a.Kind != find.Static {
			continue
		}
		if f := p.byFunc[a.Callee]; f != nil && p.reaches(f, to, seen) {
			return true
		}
	}
	return false
}

// frameName names a function's frame: relayFrame, ConnServeFrame.
func (p *program) frameName(f *function, taken map[string]bool) string {
	parts := strings.FieldsFunc(f.name, func(r rune) bool { return r == '.' })
	exported := true
	for i, s := range parts {
		exported = exported && ast.IsExported(s)
		if i > 0 {
			parts[i] = upper(s)
		}
	}
	name := strings.Join(parts, "") + "Frame"
	if exported && f.Object != nil {
		name = upper(name)
	} else {
		name = lowerFirst(name)
	}
	for p.Pkg.Scope().Lookup(name) != nil || taken[name] || p.nameUsed(name) {
		name += "_"
	}
	taken[name] = true
	return name
}

func upper(s string) string {
	r := []rune(s)
	r[0] = unicode.ToUpper(r[0])
	return string(r)
}

func lowerFirst(s string) string {
	r := []rune(s)
	r[0] = unicode.ToLower(r[0])
	return string(r)
}
