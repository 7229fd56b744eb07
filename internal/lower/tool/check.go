package tool

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"runtime"
)

// check parses and type-checks a package with the export data of what it imports.
func (b *build) check(p *listed, sources map[string][]byte) (fset *token.FileSet, files []*ast.File, pkg *types.Package, info *types.Info, imp types.Importer, err error) {
	fset = token.NewFileSet()
	for _, name := range p.files() {
		f, err := parser.ParseFile(fset, name, sources[name], parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return nil, nil, nil, nil, nil, err
		}
		files = append(files, f)
	}
	imp = importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if mapped, ok := p.ImportMap[path]; ok {
			path = mapped
		}
		dep := b.byPath[path]
		if dep == nil || dep.Export == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(dep.Export)
	})
	conf := types.Config{
		Importer:    imp,
		Sizes:       b.sizes,
		FakeImportC: true,
	}
	if p.Module != nil && p.Module.GoVersion != "" {
		conf.GoVersion = "go" + p.Module.GoVersion
	}
	info = newInfo()
	pkg, err = conf.Check(p.plainPath(), fset, files, info)
	return fset, files, pkg, info, imp, err
}

func newInfo() *types.Info {
	return &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Instances:  map[*ast.Ident]types.Instance{},
		Defs:       map[*ast.Ident]types.Object{},
		Uses:       map[*ast.Ident]types.Object{},
		Implicits:  map[ast.Node]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
		Scopes:     map[ast.Node]*types.Scope{},
	}
}

// sizesFor returns the sizes of the architecture that is built for.
func sizesFor(goarch string) types.Sizes {
	if s := types.SizesFor("gc", goarch); s != nil {
		return s
	}
	return types.SizesFor("gc", runtime.GOARCH)
}
