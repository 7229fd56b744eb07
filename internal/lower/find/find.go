package find

import (
	"go/ast"
	"go/types"
)

// A Func is an async function with a body.
type Func struct {
	Node   ast.Node    // *ast.FuncDecl or *ast.FuncLit
	Object *types.Func // nil for a literal
	Type   *types.Signature
	Body   *ast.BlockStmt
	// Outer is the innermost function around a literal, if that is async.
	Outer *Func
	// Awaits are the places where the function can be suspended, in the order of
	// the source, without those in literals inside it.
	Awaits []Await
	// Strays are awaits in functions inside this one that are not async.
	Strays []Stray
}

// An Await is a call that can suspend the function it stands in.
type Await struct {
	Call   *ast.CallExpr
	Kind   Kind
	Callee *types.Func // nil for a literal and a function value
	// Deferred and Spawned are for the call of a defer and a go statement. The
	// first suspends at the function's end. The second does not suspend it at all:
	// it uses a task on a foreign goroutine, which panics when it runs.
	Deferred, Spawned bool
}

// A Stray is an await where a state machine cannot be suspended: in a function,
// usually a literal, that is not async.
type Stray struct {
	Await
	In ast.Node // the function, *ast.FuncDecl or *ast.FuncLit; nil outside of all
}

// In finds the async functions of a file, in the order of the source, and the
// strays that no async function is around.
func In(info *types.Info, file *ast.File) ([]*Func, []Stray) {
	f := finder{info: info, marked: make(map[*ast.CallExpr]Await)}
	ast.Walk(scope{finder: &f}, file)
	return f.funcs, f.strays
}

// finder collects what is found.
type finder struct {
	info   *types.Info
	funcs  []*Func
	strays []Stray
	marked map[*ast.CallExpr]Await // calls of defer and go statements
}

// A scope is the walk through one function, without the functions inside it.
type scope struct {
	*finder
	in     ast.Node // the function, nil outside of all
	here   *Func    // the same, if it is async
	around *Func    // the innermost async function, here or around
}

func (s scope) Visit(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.FuncDecl:
		object, _ := s.info.Defs[n.Name].(*types.Func)
		if object == nil || n.Body == nil {
			return nil
		}
		return s.enter(n, object, object.Signature(), n.Body)
	case *ast.FuncLit:
		sig, _ := s.info.TypeOf(n).(*types.Signature)
		if sig == nil {
			return nil
		}
		return s.enter(n, nil, sig, n.Body)
	case *ast.DeferStmt:
		s.marked[n.Call] = Await{Deferred: true}
	case *ast.GoStmt:
		s.marked[n.Call] = Await{Spawned: true}
	case *ast.CallExpr:
		s.call(n)
	}
	return s
}

// enter returns the walk through a function inside s.
func (s scope) enter(node ast.Node, object *types.Func, sig *types.Signature, body *ast.BlockStmt) scope {
	if !IsAsync(sig) || IsPoll(object) {
		return scope{s.finder, node, nil, s.around}
	}
	f := &Func{Node: node, Object: object, Type: sig, Body: body, Outer: s.here}
	s.finder.funcs = append(s.finder.funcs, f)
	return scope{s.finder, node, f, f}
}

func (s scope) call(call *ast.CallExpr) {
	kind, callee := Classify(s.info, call)
	if kind == None {
		return
	}
	a := s.marked[call]
	a.Call, a.Kind, a.Callee = call, kind, callee
	switch {
	case s.here != nil:
		s.here.Awaits = append(s.here.Awaits, a)
	case s.around != nil:
		s.around.Strays = append(s.around.Strays, Stray{a, s.in})
	default:
		s.finder.strays = append(s.finder.strays, Stray{a, s.in})
	}
}
