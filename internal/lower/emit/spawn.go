package emit

import (
	"fmt"
	"go/ast"
	"go/types"

	"rondo.dev/rondo/internal/lower/find"
)

// spawners are the functions of package async that start tasks, and what does it in
// package lowered with a frame.
var spawners = map[string]string{"Task.Go": "Go", "Group.Go": "GroupGo", "Spawn": "Spawn"}

// spawn returns what starts a task of a function whose frame is known: the task and its
// frame are one allocation then. It returns nil for any other call.
func (r *rewriter) spawn(call *ast.CallExpr) ast.Node {
	fun := ast.Unparen(call.Fun)
	if x, ok := fun.(*ast.IndexExpr); ok {
		fun = ast.Unparen(x.X)
	}
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	f, ok := r.Info.Uses[sel.Sel].(*types.Func)
	if !ok || f.Pkg() == nil || f.Pkg().Path() != find.Async {
		return nil
	}
	with := spawners[find.NameInAsync(f.Origin())]
	if with == "" {
		return nil
	}
	task, child := call.Args[0], call.Args[len(call.Args)-1]
	if with == "Spawn" {
		if len(call.Args) != 2 {
			return nil
		}
	} else if task = sel.X; !isPointer(r.Info.TypeOf(task)) || len(r.Info.Selections[sel].Index()) != 1 {
		return nil
	}
	frame := r.frameValue(child)
	if frame == "" {
		return nil
	}
	name := r.Imports.Name(Lowered, "lowered") + "." + with
	if with == "Spawn" {
		name += "[" + r.typ(r.Info.Instances[sel.Sel].TypeArgs.At(0), call.Pos()) + "]"
	}
	site := fmt.Sprintf("%sSite%d", r.frame.Name, len(r.sites)+1)
	r.sites = append(r.sites, site)
	return &ast.CallExpr{
		Fun: &ast.Ident{NamePos: call.Fun.Pos(), Name: name}, Lparen: call.Lparen, Rparen: call.Rparen,
		Args: []ast.Expr{copyIn(r, task), ast.NewIdent("&" + site), &ast.Ident{NamePos: child.Pos(), Name: frame}},
	}
}

// frameValue writes the frame of a function that is spawned, "" if it has none.
func (r *rewriter) frameValue(x ast.Expr) string {
	switch x := ast.Unparen(x).(type) {
	case *ast.FuncLit:
		if l := r.Literals[x]; l != nil && l.Frame != nil {
			return l.Frame.value(r.captured)
		}
	case *ast.Ident:
		return r.frameOfFunc(r.Info.Uses[x])
	case *ast.SelectorExpr:
		if r.Info.Selections[x] == nil {
			return r.frameOfFunc(r.Info.Uses[x.Sel])
		}
	}
	return ""
}

func (r *rewriter) frameOfFunc(o types.Object) string {
	f, ok := o.(*types.Func)
	if !ok || f.Signature().TypeParams().Len() > 0 || f.Signature().Recv() != nil {
		return ""
	}
	frame, _ := r.Frame(r.f, f)
	switch {
	case frame == nil:
		return ""
	case frame.Pkg != r.Pkg:
		return r.Imports.Name(frame.Pkg.Path(), frame.Pkg.Name()) + "." + frame.Name + "{}"
	}
	return frame.Name + "{}"
}
