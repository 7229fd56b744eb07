package lower

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rondo.dev/rondo/internal/lower/find"
	"rondo.dev/rondo/internal/lower/graph"
	"rondo.dev/rondo/internal/lower/live"
)

// TestPasses runs the passes before emit one by one on the files in testdata/passes.
// Behind each one's source stands what each finds out: find the awaits, normal the
// functions in normal form, graph the blocks, live where the variables are.
func TestPasses(t *testing.T) {
	names, err := filepath.Glob("testdata/passes/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) { golden(t, name, "passes", passes) })
	}
}

func passes(t *testing.T, src string) string {
	var s strings.Builder
	p := newProgram(unitOf(t, src))
	p.judge(nil)
	s.WriteString("find:\n")
	for _, f := range p.funcs {
		fmt.Fprintf(&s, "\t%s: %s\n", f.name, [...]string{"plain", "lowered", "declined"}[f.fate])
		for _, a := range f.Awaits {
			fmt.Fprintf(&s, "\t\t%d: %s %s\n", p.Fset.Position(a.Call.Pos()).Line, kindName(a), types.ExprString(a.Call))
		}
	}
	n, m := p.normalised()
	if m != nil {
		t.Fatal(m.err)
	}
	if n != p {
		n.judge(nil)
	}
	for _, f := range n.funcs {
		if f.fate != Lowered {
			continue
		}
		fmt.Fprintf(&s, "normal %s:\n%s\n", f.name, indent(source(n.Fset, f.Node)))
		g, err := graph.Build(f.Func, n.way())
		if err != nil {
			fmt.Fprintf(&s, "graph %s: %v\n", f.name, err)
			continue
		}
		fmt.Fprintf(&s, "graph %s:\n", f.name)
		for i, b := range g.Blocks {
			fmt.Fprintf(&s, "\t%d %s: %d nodes, %s\n", i, b.Name, len(b.Nodes), ending(g, b))
		}
		fmt.Fprintf(&s, "live %s:\n", f.name)
		v := live.In(n.Info, g, n.writes, n.captures(f))
		for _, x := range v.Order {
			var is []string
			for _, c := range []struct {
				is   bool
				name string
			}{{v.Across[x], "across"}, {v.Held[x], "held"}, {v.Block[x] != nil, "in one block"}, {!v.Read[x], "never read"}} {
				if c.is {
					is = append(is, c.name)
				}
			}
			fmt.Fprintf(&s, "\t%s: %s\n", x.Name(), strings.Join(is, ", "))
		}
	}
	return s.String()
}

func kindName(a find.Await) string {
	name := map[find.Kind]string{find.Primitive: "primitive", find.Static: "static", find.Literal: "literal", find.Dynamic: "dynamic"}[a.Kind]
	if a.Deferred {
		name += " deferred"
	}
	return name
}

// ending tells how a block ends, and what may come after it.
func ending(g *graph.Graph, b *graph.Block) string {
	name := "nothing"
	if b.End != nil {
		name = strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", b.End), "*graph."))
	}
	for i, to := range b.Succs() {
		if i == 0 {
			name += " to"
		}
		name += fmt.Sprintf(" %d", slices.Index(g.Blocks, to))
	}
	return name
}

func source(fset *token.FileSet, n ast.Node) string {
	var b bytes.Buffer
	if err := format.Node(&b, fset, n); err != nil {
		return err.Error()
	}
	var lines []string
	for line := range strings.Lines(b.String()) {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func indent(s string) string { return "\t" + strings.ReplaceAll(s, "\n", "\n\t") }
