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

	"rondo.dev/rondo/internal/lower"
)

// check parses and type-checks a package with the export data of what it imports.
func (b *build) check(p *listed, sources map[string][]byte) (*lower.Unit, error) {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.files() {
		f, err := parser.ParseFile(fset, name, sources[name], parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	conf := &types.Config{
		Sizes:       b.sizes,
		FakeImportC: true,
		Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
			if mapped, ok := p.ImportMap[path]; ok {
				path = mapped
			}
			dep := b.byPath[path]
			if dep == nil || dep.Export == "" {
				return nil, fmt.Errorf("no export data of %s", path)
			}
			return os.Open(dep.Export)
		}),
	}
	if p.Module != nil && p.Module.GoVersion != "" {
		conf.GoVersion = "go" + p.Module.GoVersion
	}
	u, err := lower.NewUnit(fset, p.plainPath(), files, conf)
	if err != nil {
		return nil, err
	}
	u.Sources = sources
	u.Foreign = func(f *types.Func) (lower.Fact, bool) {
		fact, ok := b.facts[f.FullName()]
		return fact, ok
	}
	return u, nil
}

// sizesFor returns the sizes of the architecture that is built for.
func sizesFor(goarch string) types.Sizes {
	if s := types.SizesFor("gc", goarch); s != nil {
		return s
	}
	return types.SizesFor("gc", runtime.GOARCH)
}
