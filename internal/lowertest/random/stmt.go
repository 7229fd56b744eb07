package random

import (
	"fmt"
	"strings"
)

// statement writes one, with the statements inside of it.
func (w *writer) statement() string {
	w.budget -= 2
	if w.budget <= 0 || w.fn.depth > 4 {
		return w.say()
	}
	w.fn.depth++
	defer func() { w.fn.depth-- }()
	switch w.n(25) {
	case 24:
		return w.risky()
	case 0, 1:
		return w.say()
	case 2, 3, 4, 5:
		return w.declaration()
	case 6, 7:
		return w.assignment()
	case 8:
		return w.several()
	case 9, 10:
		return w.choice()
	case 11, 12, 13:
		return w.loop()
	case 14:
		return w.choose()
	case 15:
		return w.typeSwitch()
	case 16:
		return w.block(3)
	case 17, 18:
		return w.deferred()
	case 19:
		return w.leave()
	case 20:
		return w.part()
	case 21:
		return w.selection()
	case 22:
		return w.jump()
	default:
		return w.constant()
	}
}

func (w *writer) any() kind { return kind(w.n(int(kinds))) }

// told picks a kind that can be printed.
func (w *writer) told() kind {
	return pick(w.Choices, integer, text, truth, slice, array, structure, failure, anything)
}

func (w *writer) say() string {
	return fmt.Sprintf("say(%s)", w.expr(w.told(), 3))
}

func (w *writer) declaration() string {
	k := w.any()
	if w.one(8) {
		name, use := w.add(k)
		return fmt.Sprintf("var %s %s\n%s", name, k, use)
	}
	x := w.expr(k, 3)
	if w.one(8) {
		name, use := w.add(k)
		return fmt.Sprintf("var %s %s = %s\n%s", name, k, x, use)
	}
	name, use := w.add(k)
	return fmt.Sprintf("%s := %s(%s)\n%s", name, conversion(k), x, use)
}

// conversion spells a type so that a value can follow.
func conversion(k kind) string {
	switch k {
	case pointer, closure, async:
		return "(" + k.String() + ")"
	}
	return k.String()
}

// risky writes what may panic, and nothing else.
func (w *writer) risky() string {
	var x string
	switch w.n(6) {
	case 0:
		x = "*" + w.leaf(pointer)
	case 1:
		x = fmt.Sprintf("(%s)[%s&1]", w.leaf(slice), w.leaf(integer))
	case 2:
		x = fmt.Sprintf("(%s).(int)", w.leaf(anything))
	case 3:
		x = fmt.Sprintf("id(%s) / id(%s)", w.leaf(integer), w.leaf(integer))
	case 4:
		x = fmt.Sprintf("len((%s)[%d:])", w.leaf(slice), w.n(3))
	default:
		return fmt.Sprintf("*(%s) += %s", w.leaf(pointer), w.leaf(integer))
	}
	name, use := w.add(integer)
	return fmt.Sprintf("%s := %s\n%s", name, x, use)
}

func (w *writer) assignment() string {
	k := w.any()
	vars := w.visible(k, true)
	if len(vars) == 0 {
		return w.say()
	}
	v := pick(w.Choices, vars...)
	switch {
	case k == integer && w.one(3):
		return fmt.Sprintf("%s %s %s", v.name, pick(w.Choices, "+=", "-=", "*=", "^="), w.expr(k, 3))
	case k == integer && w.one(3):
		return v.name + pick(w.Choices, "++", "--")
	case k == text && w.one(3):
		return fmt.Sprintf("%s += %s", v.name, w.expr(k, 2))
	}
	return fmt.Sprintf("%s = %s", v.name, w.expr(k, 3))
}

// several declares or assigns more than one variable.
func (w *writer) several() string {
	k := w.any()
	if vars := w.visible(k, true); len(vars) > 1 && w.one(3) {
		return fmt.Sprintf("%s, %s = %s, %s", vars[0].name, vars[1].name, w.expr(k, 2), w.expr(k, 2))
	}
	pair := fmt.Sprintf("%s, %s", w.expr(integer, 2), w.expr(failure, 2))
	if w.fn.async && w.one(2) {
		pair = fmt.Sprintf("both(t, %s)", pair)
	}
	if w.one(6) {
		a, useA := w.add(anything)
		b, useB := w.add(anything)
		return fmt.Sprintf("var %s, %s any = %s\n%s\n%s", a, b, pair, useA, useB)
	}
	a, useA := w.add(integer)
	b, useB := w.add(failure)
	return fmt.Sprintf("%s, %s := %s\n%s\n%s", a, b, pair, useA, useB)
}

// initial writes what may stand before the condition of an if or a switch, and what
// uses the variable that it declares.
func (w *writer) initial() (init, use string) {
	if !w.one(3) {
		return "", ""
	}
	k := w.told()
	x := w.expr(k, 2)
	v := variable{name: pick(w.Choices, "x", "y", "z"), kind: k, used: new(bool)}
	w.vars = append(w.vars, v)
	return fmt.Sprintf("%s := id[%s](%s); ", v.name, k, x), "_ = " + v.name + "\n"
}

func (w *writer) choice() string {
	return w.scoped(func() string {
		init, use := w.initial()
		s := fmt.Sprintf("if %s%s {\n%s%s}", init, w.expr(truth, 3), use, w.block(3))
		if w.one(3) {
			return s + " else if " + w.expr(truth, 2) + " " + w.block(2) + " else " + w.block(2)
		}
		if w.one(2) {
			s += " else " + w.block(3)
		}
		return s
	})
}

// clause writes what stands in a clause of a switch, which declares variables.
func (w *writer) clause(vars ...variable) string {
	w.fn.breaks++
	defer func() { w.fn.breaks-- }()
	return w.scoped(func() string {
		w.vars = append(w.vars, vars...)
		return w.statements(w.n(3))
	})
}

func (w *writer) choose() string {
	return w.scoped(func() string {
		var s strings.Builder
		init, use := w.initial()
		tagged := w.one(2)
		if tagged {
			fmt.Fprintf(&s, "switch %sid(%s) {\n", init, w.expr(integer, 3))
		} else {
			fmt.Fprintf(&s, "switch %s{\n", init)
		}
		n := 1 + w.n(3)
		for i := range n {
			last := i == n-1
			switch {
			case last && w.one(2):
				s.WriteString("default:\n")
			case tagged:
				fmt.Fprintf(&s, "case %d, f(%s):\n", i, w.expr(integer, 2))
			default:
				fmt.Fprintf(&s, "case %s:\n", w.expr(truth, 2))
			}
			s.WriteString(use + w.clause())
			use = ""
			if !last && w.one(4) {
				s.WriteString("fallthrough\n")
			}
		}
		return s.String() + "}"
	})
}

// sync writes what does not await, but for once in a while: a function with an await in
// a literal that is not async stays on its coroutine.
func (w *writer) sync(write func() string) string {
	if w.one(10) {
		return write()
	}
	was := w.fn.async
	w.fn.async = false
	defer func() { w.fn.async = was }()
	return write()
}

func (w *writer) typeSwitch() string {
	x := w.expr(anything, 3)
	v := pick(w.Choices, "x", "y")
	var s strings.Builder
	fmt.Fprintf(&s, "switch %s := (%s).(type) {\n", v, x)
	for i, c := range []kind{integer, text, structure, failure} {
		if i > 0 && w.one(2) {
			continue
		}
		fmt.Fprintf(&s, "case %s:\n_ = %s\n", c, v)
		s.WriteString(w.clause(variable{name: v, kind: c, used: new(bool)}))
	}
	fmt.Fprintf(&s, "default:\n_ = %s\n", v)
	s.WriteString(w.clause(variable{name: v, kind: anything, used: new(bool)}))
	return s.String() + "}"
}

func (w *writer) deferred() string {
	guarded := func(s string) string { return s }
	if w.fn.loops == 0 && w.one(4) {
		guarded = func(s string) string { return fmt.Sprintf("if %s {\n%s\n}", w.expr(truth, 1), s) }
	}
	switch w.n(7) {
	case 6:
		if w.fn.async {
			return guarded(fmt.Sprintf("defer (*point).move(&point{1, 2}, t, %s)", w.expr(integer, 2)))
		}
		return guarded("defer recover()")
	case 0:
		return guarded(fmt.Sprintf("defer say(%s)", w.expr(w.told(), 2)))
	case 1, 2:
		result := ""
		if w.fn.named {
			result = "r = " + w.sync(func() string { return w.expr(integer, 1) }) + "\n"
		}
		return guarded("defer func() {\nif e := recover(); e != nil {\nsaid(\"recovered\", e)\n" + result + "}\n}()")
	case 3:
		return guarded("defer " + w.literal("func() int", &function{}) + "()")
	case 4:
		if w.fn.async {
			return guarded(fmt.Sprintf("defer get(t, %s)", w.expr(w.told(), 2)))
		}
		return guarded(fmt.Sprintf("defer f(%s)", w.expr(integer, 2)))
	default:
		if w.fn.async {
			return guarded(fmt.Sprintf("defer %s(t, %s)", w.asyncLiteral(), w.expr(integer, 2)))
		}
		return guarded(fmt.Sprintf("defer (%s)()", w.expr(closure, 2)))
	}
}

// part assigns to a part of something, or calls something for its effect.
func (w *writer) part() string {
	switch w.n(6) {
	case 0:
		if vars := w.visible(slice, false); len(vars) > 0 {
			v := pick(w.Choices, vars...)
			*v.used = true
			return fmt.Sprintf("%s[%s&1] %s %s", v.name, w.expr(integer, 2), pick(w.Choices, "=", "+="), w.leaf(integer))
		}
	case 1:
		if vars := w.visible(structure, true); len(vars) > 0 {
			v := pick(w.Choices, vars...)
			*v.used = true
			if w.fn.async && w.one(2) {
				return fmt.Sprintf("%s.move(t, %s)", v.name, w.expr(integer, 2))
			}
			return fmt.Sprintf("%s.a = %s", v.name, w.expr(integer, 2))
		}
	case 2:
		return fmt.Sprintf("*(%s) = %s", w.expr(pointer, 2), w.leaf(integer))
	case 3:
		if vars := w.visible(array, true); len(vars) > 0 {
			v := pick(w.Choices, vars...)
			*v.used = true
			return fmt.Sprintf("%s[%s&1] = %s", v.name, w.expr(integer, 2), w.expr(integer, 2))
		}
	case 4:
		return fmt.Sprintf("(%s)()", w.expr(closure, 3))
	}
	if w.fn.async {
		return fmt.Sprintf("(%s)(t, %s)", w.expr(async, 3), w.expr(integer, 2))
	}
	return fmt.Sprintf("f(%s)", w.expr(integer, 2))
}

func (w *writer) selection() string {
	c := w.fresh("c")
	s := fmt.Sprintf("{\n%s := make(chan int, 1)\n", c)
	return w.scoped(func() string {
		if w.one(3) {
			x := w.expr(integer, 2)
			return s + fmt.Sprintf("select {\ncase %s <- %s:\n%sdefault:\n%s}\n}", c, x, w.clause(), w.clause())
		}
		if w.one(2) {
			s += fmt.Sprintf("%s <- %s\n", c, w.expr(integer, 2))
		}
		if vars := w.visible(array, true); len(vars) > 0 && w.one(2) {
			v := pick(w.Choices, vars...)
			*v.used = true
			return s + fmt.Sprintf("select {\ncase %s[%s&1] = <-%s:\n%sdefault:\n%s}\n}", v.name, w.expr(integer, 2), c, w.clause(), w.clause())
		}
		got := w.clause(variable{name: "x", kind: integer, used: new(bool)})
		return s + fmt.Sprintf("select {\ncase x, ok := <-%s:\n_, _ = x, ok\n%sdefault:\n%s}\n}", c, got, w.clause())
	})
}

// jump writes a goto, forward or back.
func (w *writer) jump() string {
	l := w.fresh("g")
	cond := w.expr(truth, 2)
	inner := w.block(3)
	if w.one(2) {
		return fmt.Sprintf("%s:\n%s\nif tick(); round(%d) && %s {\ngoto %s\n}", l, inner, w.n(10), cond, l)
	}
	return fmt.Sprintf("if %s {\ngoto %s\n}\n%s\n%s:\n%s", cond, l, inner, l, w.say())
}

// constant declares a constant or a type in a block of its own.
func (w *writer) constant() string {
	return w.scoped(func() string {
		if w.one(2) {
			return fmt.Sprintf("{\ntype k struct{ v int }\nx := k{%s}\n%s\nsay(x.v)\n}", w.expr(integer, 2), w.scoped(func() string {
				w.vars = append(w.vars, variable{name: "x", kind: other})
				return w.statements(1 + w.n(2))
			}))
		}
		w.vars = append(w.vars, variable{name: "x", kind: integer, fixed: true, used: new(bool)})
		return fmt.Sprintf("{\nconst x = %d\n%s\n}", w.n(10), w.statements(1+w.n(2)))
	})
}
