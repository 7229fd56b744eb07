package lower

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"maps"
	"slices"

	"rondo.dev/rondo/internal/lower/find"
	"rondo.dev/rondo/internal/lower/normal"
)

// A misfit is a declaration whose functions have no normal form that is Go.
type misfit struct {
	file, decl int // all declarations of a file if decl < 0
	err        error
}

// normalised returns the package in normal form, type-checked again: p itself if no
// function awaits, nil and what is to blame if something is wrong with what came out.
// It changes p's syntax unless it returns p.
func (p *program) normalised() (*program, *misfit) {
	awaits := map[*ast.CallExpr]find.Kind{}
	for _, f := range p.funcs {
		if f.fate != Lowered {
			continue
		}
		for _, a := range f.Awaits {
			if !a.Deferred && p.suspends(a) {
				awaits[a.Call] = a.Kind
			}
		}
	}
	pass := &normal.Pass{
		Pkg:       p.Pkg,
		Info:      p.Info,
		Suspends:  func(call *ast.CallExpr) bool { _, ok := awaits[call]; return ok },
		Primitive: func(call *ast.CallExpr) bool { return awaits[call] == find.Primitive },
		Held:      p.writes.Shared,
		Assigned:  p.writes.Assigned,
		Ranged:    p.isRanged,
		Iterator:  p.iterator,
	}
	imports := map[*ast.File]map[string]string{}
	files := make([]*ast.File, len(p.Files))
	changed := false
	for i, f := range p.Files {
		files[i] = f
		if !pass.File(f, p.bodies(f)) {
			continue
		}
		changed = true
		again, err := p.reparse(f, pass.Imports)
		if err != nil {
			return nil, &misfit{i, -1, err}
		}
		files[i], imports[again] = again, pass.Imports
	}
	if !changed {
		return p, nil
	}
	u, err := NewUnit(p.Fset, p.Pkg.Path(), files, p.Config)
	if err != nil {
		return nil, blame(files, imports, err)
	}
	u.Sources, u.Foreign = p.Sources, p.Foreign
	n := newProgram(u)
	n.imports, n.source, n.generic = imports, p.source, p.generic
	if !n.matches(p) {
		return nil, blame(files, imports, errors.New("its functions are not those of the source"))
	}
	return n, nil
}

// blame finds the declaration that an error is in: all of them if there is none. The
// files begin with the imports that they have got.
func blame(files []*ast.File, imports map[*ast.File]map[string]string, err error) *misfit {
	var at types.Error
	if !errors.As(err, &at) {
		return &misfit{-1, -1, err}
	}
	for i, f := range files {
		for j, d := range f.Decls[len(imports[f]):] {
			if d.Pos() <= at.Pos && at.Pos < d.End() {
				return &misfit{i, j, err}
			}
		}
	}
	return &misfit{-1, -1, err}
}

// refuse declines the functions that are to blame.
func (p *program) refuse(m misfit) {
	for _, f := range p.funcs {
		i := slices.Index(p.Files, f.file)
		if m.file >= 0 && m.file != i {
			continue
		}
		if m.decl >= 0 {
			if d := p.Files[i].Decls[m.decl]; f.Node.Pos() < d.Pos() || f.Node.Pos() >= d.End() {
				continue
			}
		}
		if f.fate == Lowered {
			f.decline(f.Node.Pos(), "its normal form is not Go: %v", m.err)
		}
	}
}

// again returns the unit as it was parsed first: the passes change syntax.
func (u *Unit) again() (*Unit, error) {
	files := make([]*ast.File, len(u.Files))
	for i, f := range u.Files {
		name := u.Fset.PositionFor(f.Package, false).Filename
		var err error
		if files[i], err = parser.ParseFile(u.Fset, name, u.Sources[name], parser.SkipObjectResolution|parser.ParseComments); err != nil {
			return nil, err
		}
	}
	n, err := NewUnit(u.Fset, u.Pkg.Path(), files, u.Config)
	if err != nil {
		return nil, err
	}
	n.Sources, n.Foreign = u.Sources, u.Foreign
	return n, nil
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
// and parses it again, with more imports: names by path.
func (p *program) reparse(f *ast.File, imports map[string]string) (*ast.File, error) {
	var text bytes.Buffer
	c := printer.Config{Mode: printer.UseSpaces | printer.TabIndent | printer.SourcePos, Tabwidth: 8}
	if err := c.Fprint(&text, p.Fset, f); err != nil {
		return nil, err
	}
	name := p.Fset.PositionFor(f.Package, false).Filename
	printed := text.Bytes()
	if len(imports) > 0 {
		fset := token.NewFileSet()
		clause, err := parser.ParseFile(fset, "", printed, parser.PackageClauseOnly)
		if err != nil {
			return nil, err
		}
		var added string // on the line of the package clause
		for _, path := range slices.Sorted(maps.Keys(imports)) {
			added += fmt.Sprintf("; import %s %q", imports[path], path)
		}
		printed = slices.Insert(printed, fset.PositionFor(clause.Name.End(), false).Offset, []byte(added)...)
	}
	return parser.ParseFile(p.Fset, name, printed, parser.SkipObjectResolution|parser.ParseComments)
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
