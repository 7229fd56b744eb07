package find

import (
	"go/types"
	"strings"
)

// Async is the path of the package that defines the task.
const Async = "rondo.dev/rondo/async"

// IsTask reports whether t is *async.Task, by any alias.
func IsTask(t types.Type) bool {
	p, ok := types.Unalias(t).(*types.Pointer)
	if !ok {
		return false
	}
	n, ok := types.Unalias(p.Elem()).(*types.Named)
	if !ok {
		return false
	}
	o := n.Obj()
	return o.Name() == "Task" && o.Pkg() != nil && o.Pkg().Path() == Async
}

// IsAsync reports whether a function of this type is async.
func IsAsync(sig *types.Signature) bool {
	if sig.Params().Len() == 0 {
		return false
	}
	// The type of a variadic parameter is a slice, so ...*async.Task is none.
	return IsTask(sig.Params().At(0).Type())
}

// IsPoll reports whether a function polls: a method that is called Poll or poll, or
// whose name begins so. It gets a task and never suspends it, that is what polling
// means, and is neither lowered nor awaited. The same goes for the Cancel of an
// async.Canceler.
func IsPoll(f *types.Func) bool {
	if f == nil || f.Signature().Recv() == nil {
		return false
	}
	name := f.Name()
	return strings.HasPrefix(name, "Poll") || strings.HasPrefix(name, "poll") || isCancel(f)
}

// isCancel reports whether a method is that of an async.Canceler.
func isCancel(f *types.Func) bool {
	sig := f.Signature()
	return f.Name() == "Cancel" && sig.Params().Len() == 2 && sig.Results().Len() == 1 &&
		types.Identical(sig.Params().At(1).Type(), types.Typ[types.Bool]) &&
		types.Identical(sig.Results().At(0).Type(), types.Typ[types.Bool])
}

// signature returns the type of what can be called with a value of type t, or nil.
// A type parameter counts by the functions in its constraint, which have one
// underlying type if a call compiles.
func signature(t types.Type) *types.Signature {
	if p, ok := types.Unalias(t).(*types.TypeParam); ok {
		return constrained(p.Constraint())
	}
	sig, _ := t.Underlying().(*types.Signature)
	return sig
}

func constrained(t types.Type) *types.Signature {
	switch t := t.Underlying().(type) {
	case *types.Signature:
		return t
	case *types.Interface:
		for e := range t.EmbeddedTypes() {
			if sig := constrained(e); sig != nil {
				return sig
			}
		}
	case *types.Union:
		for term := range t.Terms() {
			if sig := constrained(term.Type()); sig != nil {
				return sig
			}
		}
	}
	return nil
}

// primitives are the functions of package async that suspend, methods by their
// receiver's name. A test holds the list to what that package does.
var primitives = map[string]bool{
	"Await":       true,
	"Yield":       true,
	"Op.Await":    true,
	"Act.Await":   true,
	"Join.Await":  true,
	"Child.Await": true,
	"Group.Wait":  true,
}

// NameInAsync returns the name of a function of package async, a method's with its
// receiver's before: "Op.Await".
func NameInAsync(f *types.Func) string {
	recv := f.Signature().Recv()
	if recv == nil {
		return f.Name()
	}
	t := types.Unalias(recv.Type())
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	if n, ok := t.(*types.Named); ok {
		return n.Obj().Name() + "." + f.Name()
	}
	return f.Name()
}

// Core returns the type that all values of a type have underneath, those of a type
// parameter too.
func Core(t types.Type) types.Type {
	i, ok := t.Underlying().(*types.Interface)
	if !ok {
		return t.Underlying()
	}
	for e := range i.EmbeddedTypes() {
		if u, ok := e.(*types.Union); ok {
			e = u.Term(0).Type()
		}
		if c := Core(e); !types.IsInterface(c) {
			return c
		}
	}
	return i
}

// Names calls f with the types that are named where a type is written.
func Names(t types.Type, f func(*types.TypeName)) {
	seen := map[types.Type]bool{}
	var look func(t types.Type)
	named := func(o *types.TypeName, args *types.TypeList) {
		f(o)
		for a := range args.Types() {
			look(a)
		}
	}
	tuple := func(t *types.Tuple) {
		for v := range t.Variables() {
			look(v.Type())
		}
	}
	look = func(t types.Type) {
		if seen[t] {
			return
		}
		seen[t] = true
		switch t := t.(type) {
		case *types.Alias:
			named(t.Obj(), t.TypeArgs())
		case *types.Named:
			named(t.Obj(), t.TypeArgs())
		case *types.TypeParam:
			f(t.Obj())
		case *types.Map:
			look(t.Key())
			look(t.Elem())
		case interface{ Elem() types.Type }:
			look(t.Elem())
		case *types.Signature:
			tuple(t.Params())
			tuple(t.Results())
		case *types.Struct:
			for v := range t.Fields() {
				look(v.Type())
			}
		case *types.Interface:
			for m := range t.ExplicitMethods() {
				look(m.Type())
			}
			for e := range t.EmbeddedTypes() {
				look(e)
			}
		case *types.Union:
			for term := range t.Terms() {
				look(term.Type())
			}
		}
	}
	look(t)
}
