package emit

import (
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"strconv"
	"strings"
)

// Imports are the packages that a file's generated code needs beside those that the
// file imports already.
type Imports struct {
	pkg   *types.Package
	names map[string]string // by path
	taken names
	added []string
	more  map[string]string
}

// ImportsOf returns the imports of a file, of which more, names by path, are not in the
// source: they are added if they are used.
func ImportsOf(pkg *types.Package, info *types.Info, file *ast.File, more map[string]string) *Imports {
	im := &Imports{pkg: pkg, names: map[string]string{}, taken: names{}, more: more}
	ast.Inspect(file, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			im.taken[id.Name] = true
		}
		return true
	})
	for _, name := range pkg.Scope().Names() {
		im.taken[name] = true
	}
	for _, spec := range file.Imports {
		name := importName(info, spec)
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil || name == "" || name == "_" || name == "." || name == "C" || name == more[path] {
			continue
		}
		im.names[path] = name
		im.taken[name] = true
	}
	return im
}

// Name returns the name of a package, which is imported if it is not yet.
func (im *Imports) Name(path, name string) string {
	if n, ok := im.names[path]; ok {
		return n
	}
	n := im.taken.name(name)
	im.names[path] = n
	spec := strconv.Quote(path)
	if n != name || !strings.HasSuffix(path, "/"+name) {
		spec = n + " " + spec
	}
	im.added = append(im.added, spec)
	return n
}

// Added returns the import specs that the file lacks.
func (im *Imports) Added() []string { return im.added }

// Type spells a type as the file can, or says why it can't.
func (im *Imports) Type(t types.Type) (string, error) {
	if err := im.check(t, map[types.Type]bool{}); err != nil {
		return "", err
	}
	return types.TypeString(t, func(p *types.Package) string {
		if p == im.pkg {
			return ""
		}
		return im.Name(p.Path(), p.Name())
	}), nil
}

// may reports whether a package can be imported: the user need not have done so to have
// values of its types.
func (im *Imports) may(p *types.Package) bool {
	if p == im.pkg || im.names[p.Path()] != "" {
		return true
	}
	own := strings.TrimSuffix(im.pkg.Path(), "_test")
	parts := strings.Split(p.Path(), "/")
	for i, s := range parts {
		switch s {
		case "internal":
			if root := strings.Join(parts[:i], "/"); own != root && !strings.HasPrefix(own+"/", root+"/") {
				return false
			}
		case "vendor":
			return false
		}
	}
	return p.Name() != "main"
}

// check finds what generated code at package level has no name for.
func (im *Imports) check(t types.Type, seen map[types.Type]bool) error {
	if seen[t] {
		return nil
	}
	seen[t] = true
	all := func(list ...types.Type) error {
		for _, t := range list {
			if err := im.check(t, seen); err != nil {
				return err
			}
		}
		return nil
	}
	tuple := func(tu *types.Tuple) error {
		for v := range tu.Variables() {
			if err := im.check(v.Type(), seen); err != nil {
				return err
			}
		}
		return nil
	}
	named := func(o *types.TypeName, args *types.TypeList) error {
		switch {
		case o.Pkg() == nil:
		case o.Pkg() != im.pkg && !o.Exported():
			return fmt.Errorf("%s.%s has no name outside its package", o.Pkg().Name(), o.Name())
		case !im.may(o.Pkg()):
			return fmt.Errorf("package %s can't be imported there", o.Pkg().Path())
		case o.Parent() != o.Pkg().Scope():
			return fmt.Errorf("type %s is declared in a function", o.Name())
		}
		for a := range args.Types() {
			if err := im.check(a, seen); err != nil {
				return err
			}
		}
		return nil
	}
	switch t := t.(type) {
	case *types.Alias:
		return named(t.Obj(), t.TypeArgs())
	case *types.Named:
		return named(t.Obj(), t.TypeArgs())
	case *types.Pointer:
		return all(t.Elem())
	case *types.Slice:
		return all(t.Elem())
	case *types.Array:
		return all(t.Elem())
	case *types.Chan:
		return all(t.Elem())
	case *types.Map:
		return all(t.Key(), t.Elem())
	case *types.Signature:
		if err := tuple(t.Params()); err != nil {
			return err
		}
		return tuple(t.Results())
	case *types.Struct:
		for f := range t.Fields() {
			if !f.Exported() && f.Pkg() != im.pkg {
				return fmt.Errorf("a struct type has fields of package %s", f.Pkg().Name())
			}
			if err := im.check(f.Type(), seen); err != nil {
				return err
			}
		}
	case *types.Interface:
		for m := range t.ExplicitMethods() {
			if !m.Exported() && m.Pkg() != im.pkg {
				return fmt.Errorf("an interface type has methods of package %s", m.Pkg().Name())
			}
			if err := im.check(m.Type(), seen); err != nil {
				return err
			}
		}
		for e := range t.EmbeddedTypes() {
			if err := im.check(e, seen); err != nil {
				return err
			}
		}
	case *types.Basic:
		if t.Kind() == types.Invalid {
			return errors.New("a value is of a type of cgo's, which is not known here")
		}
		if t.Info()&types.IsUntyped != 0 {
			return fmt.Errorf("a value is %s", t)
		}
	}
	return nil
}

// zero spells the zero value of a type that is spelled as s.
func zero(t types.Type, s string) string {
	if _, ok := types.Unalias(t).(*types.TypeParam); !ok {
		switch u := t.Underlying().(type) {
		case *types.Basic:
			switch {
			case u.Kind() == types.Invalid: // of cgo
			case u.Info()&types.IsBoolean != 0:
				return "false"
			case u.Info()&types.IsNumeric != 0:
				return "0"
			case u.Info()&types.IsString != 0:
				return `""`
			default:
				return "nil"
			}
		case *types.Pointer, *types.Slice, *types.Map, *types.Chan, *types.Signature, *types.Interface:
			return "nil"
		}
	}
	return "*new(" + s + ")"
}
