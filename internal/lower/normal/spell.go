package normal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"reflect"
)

// spell writes a type as it can be written at a place, or returns nil.
func (p *Pass) spell(t types.Type, pos token.Pos) ast.Expr {
	in := p.Pkg.Scope().Innermost(pos)
	if in == nil {
		return nil
	}
	names := map[*types.Package]string{}
	for file := in; file != nil; file = file.Parent() {
		for _, name := range file.Names() {
			if o, ok := file.Lookup(name).(*types.PkgName); ok {
				names[o.Imported()] = name
			}
		}
	}
	means := func(name string, o types.Object) bool {
		_, got := in.LookupParent(name, pos)
		if pkg, ok := got.(*types.PkgName); ok && o == nil {
			return names[pkg.Imported()] == name
		}
		return o != nil && got == o
	}
	ok := true
	var look func(t types.Type)
	object := func(o *types.TypeName, args *types.TypeList) {
		switch {
		case o.Pkg() == nil || o.Pkg() == p.Pkg:
			ok = ok && means(o.Name(), o)
		default:
			ok = ok && o.Exported() && means(names[o.Pkg()], nil)
		}
		for a := range args.Types() {
			look(a)
		}
	}
	look = func(t types.Type) {
		switch t := t.(type) {
		case *types.Basic:
			if t.Kind() == types.UnsafePointer {
				ok = ok && means(names[types.Unsafe], nil)
			} else {
				ok = ok && means(t.Name(), types.Universe.Lookup(t.Name()))
			}
		case *types.Alias:
			object(t.Obj(), t.TypeArgs())
		case *types.Named:
			object(t.Obj(), t.TypeArgs())
		case *types.TypeParam:
			object(t.Obj(), nil)
		case *types.Pointer:
			look(t.Elem())
		case *types.Slice:
			look(t.Elem())
		case *types.Array:
			look(t.Elem())
		case *types.Chan:
			look(t.Elem())
		case *types.Map:
			look(t.Key())
			look(t.Elem())
		case *types.Interface:
			ok = ok && t.NumMethods() == 0 && t.NumEmbeddeds() == 0
		default:
			ok = false // a type that is written out has a name as a rule
		}
	}
	if look(t); !ok {
		return nil
	}
	x, err := parser.ParseExpr(types.TypeString(t, func(pkg *types.Package) string {
		if pkg == p.Pkg {
			return ""
		}
		return names[pkg]
	}))
	if err != nil {
		return nil
	}
	move(reflect.ValueOf(x), pos)
	return x
}

// move puts all of what was parsed at one place.
func move(v reflect.Value, pos token.Pos) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			move(v.Elem(), pos)
		}
	case reflect.Slice:
		for i := range v.Len() {
			move(v.Index(i), pos)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.Type() == reflect.TypeFor[token.Pos]() {
				f.SetInt(int64(pos))
			} else {
				move(f, pos)
			}
		}
	}
}
