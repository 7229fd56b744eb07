package lower

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"rondo.dev/rondo/internal/lower/emit"
)

// insert is text to be put into a file at an offset, instead of the next n bytes.
type insert struct {
	at   int
	n    int
	text string
}

// result puts prologues into the files, and frames behind them.
func (p *program) result() (*Result, error) {
	r := &Result{Files: map[string][]byte{}, Facts: map[string]Fact{}, Frames: map[string]string{}}
	inserts := map[*ast.File][]insert{}
	frames := map[*ast.File]*bytes.Buffer{}
	emitted := map[*ast.File]*emit.File{}
	for _, f := range p.funcs {
		p.verdict(r, f)
		list, err := p.prologue(f)
		if err != nil {
			return nil, err
		}
		inserts[f.userFile] = append(inserts[f.userFile], list...)
		if frames[f.userFile] == nil {
			frames[f.userFile] = new(bytes.Buffer)
		}
		emitted[f.userFile] = p.files[f.file]
		if f.fate == Lowered {
			text, err := format.Source([]byte(f.text))
			if err != nil {
				return nil, fmt.Errorf("%s: the frame of %s is not Go: %v\n%s", p.Fset.Position(f.Node.Pos()), f.name, err, f.text)
			}
			frames[f.userFile].Write(text)
			r.Frames[f.name] = string(text)
		}
	}
	for _, g := range p.generic {
		user, file := p.source[g.file], p.files[p.Files[g.file]]
		emitted[user] = file
		if frames[user] == nil {
			frames[user] = new(bytes.Buffer)
		}
		list, err := p.begin(g.node, file.ArgumentPrologue(g.task))
		if err != nil {
			return nil, err
		}
		inserts[user] = append(inserts[user], list...)
	}
	for file := range emitted {
		name := p.Fset.PositionFor(file.Package, false).Filename
		src := p.Sources[name]
		if added := emitted[file].Imports.Added(); len(added) > 0 {
			// On the line of the package clause, so that no line changes its number.
			end := p.offset(file.Name.End())
			inserts[file] = append(inserts[file], insert{end, 0, "; import " + strings.Join(added, "; import ")})
		}
		out := apply(src, inserts[file])
		r.Files[name] = append(out, frames[file].Bytes()...)
	}
	return r, nil
}

func (p *program) offset(pos token.Pos) int { return p.Fset.PositionFor(pos, false).Offset }

// apply carries out inserts.
func apply(src []byte, list []insert) []byte {
	slices.SortStableFunc(list, func(a, b insert) int { return a.at - b.at })
	var out []byte
	last := 0
	for _, x := range list {
		out = append(out, src[last:x.at]...)
		out = append(out, x.text...)
		last = x.at + x.n
	}
	return append(out, src[last:]...)
}

// prologue returns what the function needs in its file.
func (p *program) prologue(f *function) (list []insert, err error) {
	text, task := p.files[f.file].Prologue(f.shape, func(v *types.Var) (string, bool) { return v.Name(), false })
	if text == "" {
		return nil, nil
	}
	if list, err = p.begin(f.user, text); err != nil || task == "" {
		return list, err
	}
	params := typeOf(f.user).Params.List
	if names := params[0].Names; len(names) > 0 {
		return append(list, insert{p.offset(names[0].Pos()), 1, task}), nil
	}
	for i, param := range params {
		name := "_ "
		if i == 0 {
			name = task + " "
		}
		list = append(list, insert{p.offset(param.Pos()), 0, name})
	}
	return list, nil
}

// begin has a function begin with a prologue, which returns without results: they get
// blank names.
func (p *program) begin(n ast.Node, prologue string) (list []insert, err error) {
	formatted, err := format.Source([]byte(prologue))
	if err != nil {
		return nil, fmt.Errorf("%s: the prologue is not Go: %v\n%s", p.Fset.Position(n.Pos()), err, prologue)
	}
	body := bodyOf(n)
	at := p.Fset.PositionFor(body.Lbrace, false)
	list = append(list, insert{p.offset(body.Lbrace) + 1, 0,
		fmt.Sprintf("\n%s//line %s:%d\n", formatted, at.Filename, at.Line)})
	r := typeOf(n).Results
	if r.NumFields() == 0 || len(r.List[0].Names) > 0 {
		return list, nil
	}
	before, behind := "_ ", ""
	if !r.Opening.IsValid() {
		before, behind = "(_ ", ")"
	}
	for _, x := range r.List {
		list = append(list, insert{p.offset(x.Pos()), 0, before})
	}
	return append(list, insert{p.offset(r.End()), 0, behind}), nil
}

func typeOf(n ast.Node) *ast.FuncType {
	if d, ok := n.(*ast.FuncDecl); ok {
		return d.Type
	}
	return n.(*ast.FuncLit).Type
}

func bodyOf(n ast.Node) *ast.BlockStmt {
	if d, ok := n.(*ast.FuncDecl); ok {
		return d.Body
	}
	return n.(*ast.FuncLit).Body
}

// verdict notes what became of a function, for people and for other packages.
func (p *program) verdict(r *Result, f *function) {
	v := Verdict{Func: f.name, Pos: p.Fset.Position(f.Node.Pos()), Fate: f.fate, Reason: f.reason}
	if f.fate == Declined {
		v.Where = p.Fset.Position(f.where)
	}
	if f.frame != nil {
		v.Size = f.frame.Size(p.Config.Sizes)
	}
	r.Verdicts = append(r.Verdicts, v)
	if f.Object == nil {
		return
	}
	fact := Fact{Suspends: f.fate != Plain, Keeps: f.keeps, Recovers: emit.CallsRecover(p.Info, f.Body)}
	if f.frame != nil && ast.IsExported(f.frame.Name) && f.Object.Exported() {
		fact.Frame, fact.Recv, fact.Size = f.frame.Name, f.frame.Recv, v.Size
	}
	r.Facts[f.Object.FullName()] = fact
}

// nameUsed reports whether a file of the package uses a name for something.
func (p *program) nameUsed(name string) bool {
	if p.used == nil {
		p.used = map[string]bool{}
		for _, f := range p.Files {
			ast.Inspect(f, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					p.used[id.Name] = true
				}
				return true
			})
		}
	}
	return p.used[name]
}
