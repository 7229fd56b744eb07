package random

import (
	"fmt"
	"strings"
)

// kind is a type that values have in random programs.
type kind int

const (
	integer kind = iota
	text
	truth
	slice
	array
	structure
	pointer
	closure // func() int
	async   // func(*async.Task, int) int
	failure // error
	anything
	kinds

	other kind = -1 // of variables that nobody asks for
)

// opening is the name of no variable: it marks where a block begins among them.
const opening = "{"

func (k kind) String() string {
	return [...]string{"int", "string", "bool", "[]int", "[2]int", "point", "*int", "func() int", "func(*async.Task, int) int", "error", "any"}[k]
}

// told reports whether values of a kind can be printed.
func (k kind) told() bool { return k != pointer && k != closure && k != async }

// variable is one that is in scope.
type variable struct {
	name  string
	kind  kind
	used  *bool
	fixed bool // it can't be assigned
}

// function is one that is being written.
type function struct {
	outer  *function
	async  bool     // it may await
	named  bool     // its result has the name r
	labels []string // of the loops around
	loops  int      // that break and continue can mean
	breaks int      // what only break can mean
	depth  int      // how deep statements are nested
}

// writer writes one program. Go refuses variables that are not used, so each
// declaration has a mark behind it, which becomes a use at the end if there is no other.
type writer struct {
	*Choices
	name    string
	vars    []variable
	fn      *function
	helpers int // that can be called already
	serial  int
	budget  int               // statements and expressions still to come
	unused  map[string]unused // by mark
}

type unused struct {
	name string
	used *bool
}

// Program returns the source of a program, a file without its header: what it declares
// has names that begin with name, which is that of the function that runs it.
func Program(c *Choices, name string) string {
	w := &writer{Choices: c, name: name, budget: 80, unused: map[string]unused{}}
	var s strings.Builder
	for n := c.n(3); n > 0; n-- {
		w.budget = 25
		s.WriteString(w.declare(fmt.Sprintf("%sh%d", name, w.helpers)))
		w.helpers++
	}
	w.budget = 80
	s.WriteString(w.declare(name))
	out := s.String()
	for mark, u := range w.unused {
		use := ""
		if !*u.used {
			use = "_ = " + u.name
		}
		out = strings.Replace(out, mark, use, 1)
	}
	return out
}

// declare writes a function that takes a number and returns one.
func (w *writer) declare(name string) string {
	named := w.one(2)
	body := w.function(&function{async: true, named: named}, variable{name: "n", used: new(bool)})
	return fmt.Sprintf("func %s(t *async.Task, n int) %s {\ntick()\n%s}\n\n", name, result(named), body)
}

func result(named bool) string {
	if named {
		return "(r int)"
	}
	return "int"
}

// function writes the body of one.
func (w *writer) function(f *function, params ...variable) string {
	f.outer = w.fn
	w.fn = f
	scope := len(w.vars)
	w.vars = append(w.vars, params...)
	if f.named {
		w.vars = append(w.vars, variable{name: "r", kind: integer, used: new(bool)})
	}
	body := w.statements(1+w.n(5)) + "return " + w.expr(integer, 2) + "\n"
	w.vars = w.vars[:scope]
	w.fn = f.outer
	return body
}

// block writes statements in braces.
func (w *writer) block(most int) string {
	return "{\n" + w.scoped(func() string { return w.statements(w.n(most + 1)) }) + "}"
}

// scoped writes what has a scope of its own.
func (w *writer) scoped(write func() string) string {
	n := len(w.vars)
	w.vars = append(w.vars, variable{name: opening})
	defer func() { w.vars = w.vars[:n] }()
	return write()
}

func (w *writer) statements(n int) string {
	var s strings.Builder
	for range n {
		s.WriteString(w.statement())
		s.WriteString("\n")
	}
	return s.String()
}

// fresh returns a name that nothing else has.
func (w *writer) fresh(prefix string) string {
	w.serial++
	return fmt.Sprintf("%s%d", prefix, w.serial)
}

// add declares a variable that may shadow another one, and returns its name and what
// has to stand behind its declaration.
func (w *writer) add(k kind) (name, use string) {
	name = pick(w.Choices, "x", "y", "z", "a", "b")
	if w.inScope(name) {
		name = w.fresh(name)
	}
	return name, w.declareVar(variable{name: name, kind: k, used: new(bool)})
}

// inScope reports whether a name was declared in the innermost block.
func (w *writer) inScope(name string) bool {
	for i := len(w.vars) - 1; i >= 0 && w.vars[i].name != opening; i-- {
		if w.vars[i].name == name {
			return true
		}
	}
	return false
}

func (w *writer) declareVar(v variable) (use string) {
	w.vars = append(w.vars, v)
	mark := fmt.Sprintf("\x00%d\x00", len(w.unused))
	w.unused[mark] = unused{v.name, v.used}
	return mark
}

// visible returns the variables of a kind that are not shadowed.
func (w *writer) visible(k kind, assigned bool) (list []variable) {
	seen := map[string]bool{}
	for i := len(w.vars) - 1; i >= 0; i-- {
		v := w.vars[i]
		if seen[v.name] || v.name == opening {
			continue
		}
		seen[v.name] = true
		if v.kind == k && !(assigned && v.fixed) {
			list = append(list, v)
		}
	}
	return list
}
