package lower

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"rondo.dev/rondo/internal/lower/find"
)

const two = `package p

type Task struct{}

func one(t *Task) int { return 1 }

func two() int { return "two" }
`

// TestBlame: an error is blamed on the declaration that it is in, or on all of them.
func TestBlame(t *testing.T) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", two, 0)
	if err != nil {
		t.Fatal(err)
	}
	files := []*ast.File{f}
	_, err = NewUnit(fset, "p", files, &types.Config{})
	if m := blame(files, nil, err); err == nil || m.file != 0 || m.decl != 2 {
		t.Errorf("%v is blamed on %+v", err, m)
	}
	if m := blame(files, nil, errors.New("of nothing")); m.file != -1 || m.decl != -1 {
		t.Errorf("an error without a place is blamed on %+v", m)
	}
}

// TestRefuse: who is to blame is declined, the others are not, and syntax can be had
// as it was.
func TestRefuse(t *testing.T) {
	src := []byte("package p\n\nfunc a() {}\n\nfunc b() { func() {}() }\n")
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	u, err := NewUnit(fset, "p", []*ast.File{f}, &types.Config{})
	if err != nil {
		t.Fatal(err)
	}
	u.Sources = map[string][]byte{"p.go": src}
	f.Decls[0].(*ast.FuncDecl).Body.List = append(f.Decls[0].(*ast.FuncDecl).Body.List, &ast.EmptyStmt{})
	if u, err = u.again(); err != nil {
		t.Fatal(err)
	}
	f = u.Files[0]
	if n := len(f.Decls[0].(*ast.FuncDecl).Body.List); n != 0 {
		t.Errorf("%d statements are left in the syntax that was changed", n)
	}
	for _, c := range []struct {
		m    misfit
		want []Fate
	}{
		{misfit{0, 1, err}, []Fate{Lowered, Declined, Declined}},
		{misfit{0, -1, err}, []Fate{Declined, Declined, Declined}},
		{misfit{1, 0, err}, []Fate{Lowered, Lowered, Lowered}},
		{misfit{-1, -1, err}, []Fate{Declined, Declined, Declined}},
	} {
		p := newProgram(u)
		lit := f.Decls[1].(*ast.FuncDecl).Body.List[0].(*ast.ExprStmt).X.(*ast.CallExpr).Fun
		p.funcs = nil
		for _, n := range []ast.Node{f.Decls[0], f.Decls[1], lit} {
			p.funcs = append(p.funcs, &function{Func: funcOf(n), file: f, fate: Lowered})
		}
		p.refuse(c.m)
		for i, want := range c.want {
			if got := p.funcs[i].fate; got != want {
				t.Errorf("%+v: function %d is %d", c.m, i, got)
			}
		}
	}
}

func funcOf(n ast.Node) *find.Func { return &find.Func{Node: n} }
