package emit

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/scanner"
	"go/token"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// Lowered is the path of the package that generated code is made with.
const Lowered = "rondo.dev/rondo/async/lowered"

// print formats rewritten syntax. A statement begins with a line directive, and has
// more of them wherever its lines are not those of the user.
func (e *fn) print(n any) string {
	var b strings.Builder
	c := printer.Config{Mode: printer.UseSpaces | printer.TabIndent | printer.SourcePos, Tabwidth: 8}
	if err := c.Fprint(&b, e.Fset, n); err != nil {
		panic(fmt.Sprintf("rondo: printing %T: %v", n, err))
	}
	return e.userLines(b.String())
}

// expr formats an expression, without line directives if it is on one line.
func (e *fn) expr(x ast.Expr) string {
	s := e.print(copyOf(e, x))
	if lines := strings.SplitAfter(s, "\n"); len(lines) == 1 {
		return s
	}
	s = strings.TrimLeft(s, "\n")
	if strings.HasPrefix(s, "//line ") {
		if _, rest, ok := strings.Cut(s, "\n"); ok {
			s = rest
		}
	}
	return s
}

var directive = regexp.MustCompile(`^//line (.*):([0-9]+)(:[0-9]+)?$`)

// userLines turns the printer's line directives, which tell lines of the file that
// was parsed, into those of the user's file, of which that file itself tells. What looks
// like one in a raw string is none.
func (e *fn) userLines(s string) string {
	if !strings.Contains(s, "//line ") {
		return s
	}
	file := e.Fset.File(e.Syntax.Pos())
	var out strings.Builder
	var sc scanner.Scanner
	printed := token.NewFileSet().AddFile("", -1, len(s))
	sc.Init(printed, []byte(s), nil, scanner.ScanComments)
	last := 0
	for {
		pos, tok, lit := sc.Scan()
		if tok == token.EOF {
			return out.String() + s[last:]
		}
		at := printed.Offset(pos)
		d := directive.FindStringSubmatch(lit)
		if tok != token.COMMENT || d == nil || at > 0 && s[at-1] != '\n' {
			continue
		}
		line, _ := strconv.Atoi(d[2])
		if line < 1 || line > file.LineCount() {
			continue
		}
		p := e.Fset.Position(file.LineStart(line))
		fmt.Fprintf(&out, "%s//line %s:%d", s[last:at], p.Filename, p.Line)
		last = at + len(lit)
	}
}

// lineAt is the line directive for what is generated for a place of the user's.
func (e *fn) lineAt(pos token.Pos) string {
	p := e.Fset.Position(pos)
	return fmt.Sprintf("//line %s:%d\n", p.Filename, p.Line)
}

// statements parses generated statements. They have no positions.
func statements(text string) []ast.Stmt {
	f, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc _() {\n"+text+"\n}", parser.SkipObjectResolution)
	if err != nil {
		panic(fmt.Sprintf("rondo: %v in generated code:\n%s", err, text))
	}
	body := f.Decls[0].(*ast.FuncDecl).Body
	forget(reflect.ValueOf(body))
	return body.List
}

// forget takes the positions out of syntax.
func forget(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			forget(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			forget(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.Type() == posType {
				f.SetInt(0)
			} else {
				forget(f)
			}
		}
	}
}
