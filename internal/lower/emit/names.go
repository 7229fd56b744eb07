package emit

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
)

// names gives out names that are not taken.
type names map[string]bool

// namesIn returns the names that a function's own variables can't have: of what it uses
// beside them, of what its file and its package have, for types that are spelled, and of
// the package's frames.
func (e *fn) namesIn(own map[*types.Var]bool) names {
	n := names{}
	for _, name := range e.Pkg.Scope().Names() {
		n[name] = true
	}
	for name := range e.FrameNames {
		n[name] = true
	}
	info, f, file := e.Info, e.f.Node, e.Syntax
	ast.Inspect(f, func(x ast.Node) bool {
		id, ok := x.(*ast.Ident)
		if !ok {
			return true
		}
		if v, ok := info.ObjectOf(id).(*types.Var); ok && (own[v] || v.IsField()) {
			return true
		}
		n[id.Name] = true
		return true
	})
	for _, spec := range file.Imports {
		n[importName(info, spec)] = true
	}
	for _, predeclared := range types.Universe.Names() {
		n[predeclared] = true
	}
	return n
}

// importName returns the name that a file knows an import by.
func importName(info *types.Info, spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	if p, ok := info.Implicits[spec].(*types.PkgName); ok {
		return p.Name()
	}
	return ""
}

// name returns want, or want with a number.
func (n names) name(want string) string {
	got := want
	for i := 2; n[got] || token.IsKeyword(got); i++ {
		got = want + strconv.Itoa(i)
	}
	n[got] = true
	return got
}
