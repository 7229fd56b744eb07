package lower

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"

	"rondo.dev/rondo/internal/lower/normal"
)

// normalised returns the package in normal form, type-checked again; nil if
// no function awaits, or if something is wrong with what came out. It changes p's
// syntax either way.
func (p *program) normalised() *program {
	awaits := map[*ast.CallExpr]bool{}
	for _, f := range p.funcs {
		if f.fate != Lowered {
			continue
		}
		for _, a := range f.Awaits {
			if !a.Deferred && p.suspends(a) {
				awaits[a.Call] = true
			}
		}
	}
	pass := &normal.Pass{
		Info:     p.Info,
		Suspends: func(call *ast.CallExpr) bool { return awaits[call] },
		Held:     p.writes.Shared,
	}
	files := make([]*ast.File, len(p.Files))
	changed := false
	for i, f := range p.Files {
		files[i] = f
		if !pass.File(f, p.bodies(f)) {
			continue
		}
		changed = true
		again, err := p.reparse(f)
		if err != nil {
			return nil
		}
		files[i] = again
	}
	if !changed {
		return nil
	}
	u, err := NewUnit(p.Fset, p.Pkg.Path(), files, p.Config)
	if err != nil {
		return nil
	}
	u.Sources, u.Foreign = p.Sources, p.Foreign
	n := newProgram(u)
	if !n.matches(p) {
		return nil
	}
	return n
}

// bodies returns those of the functions of a file that are to be lowered.
func (p *program) bodies(file *ast.File) (list []*ast.BlockStmt) {
	for _, f := range p.funcs {
		if f.file == file && f.fate == Lowered {
			list = append(list, f.Body)
		}
	}
	return list
}

// reparse prints a file that was changed, with directives that tell the user's lines,
// and parses it again.
func (p *program) reparse(f *ast.File) (*ast.File, error) {
	var text bytes.Buffer
	c := printer.Config{Mode: printer.UseSpaces | printer.TabIndent | printer.SourcePos, Tabwidth: 8}
	if err := c.Fprint(&text, p.Fset, f); err != nil {
		return nil, err
	}
	name := p.Fset.PositionFor(f.Package, false).Filename
	return parser.ParseFile(p.Fset, name, text.Bytes(), parser.SkipObjectResolution|parser.ParseComments)
}

// matches tells the functions in normal form what they were before: they stand in
// the same order in the files that were changed and in what was parsed again.
func (n *program) matches(p *program) bool {
	was := map[ast.Node]*function{}
	for _, f := range p.funcs {
		was[f.Node] = f
	}
	var order []*function
	for _, file := range p.Files {
		ast.Inspect(file, func(x ast.Node) bool {
			if f := was[x]; f != nil {
				order = append(order, f)
			}
			return true
		})
	}
	if len(order) != len(n.funcs) {
		return false
	}
	for i, f := range n.funcs {
		f.user, f.userFile, f.name = order[i].Node, order[i].file, order[i].name
		if f.Object == nil != (order[i].Object == nil) {
			return false
		}
	}
	return true
}
