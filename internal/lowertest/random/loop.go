package random

import (
	"fmt"
	"strings"
)

// looping writes the body of a loop.
func (w *writer) looping(label string, vars ...variable) string {
	return w.scoped(func() string {
		w.vars = append(w.vars, vars...)
		f := w.fn
		breaks := f.breaks
		f.breaks = 0
		f.loops++
		if label != "" {
			f.labels = append(f.labels, label)
		}
		body := "{\ntick()\n" + w.scoped(func() string {
			s := ""
			for _, v := range vars {
				s += "_ = " + v.name + "\n"
			}
			return s + w.statements(1+w.n(3))
		}) + "}"
		if label != "" {
			f.labels = f.labels[:len(f.labels)-1]
		}
		f.loops--
		f.breaks = breaks
		return body
	})
}

func (w *writer) loop() string {
	label, at := "", ""
	if w.one(3) {
		label = w.fresh("l")
		at = label + ":\n"
	}
	s := w.scoped(func() string { return w.loopOf(label) })
	if label != "" && !strings.Contains(s, "break "+label+"\n") && !strings.Contains(s, "continue "+label+"\n") {
		return s // nobody needs it
	}
	return at + s
}

func (w *writer) loopOf(label string) string {
	name := func(k kind) variable {
		return variable{name: pick(w.Choices, "x", "i", "j", "y"), kind: k, used: new(bool)}
	}
	two := func(k kind) (a, b variable) {
		a, b = name(integer), name(k)
		if a.name == b.name {
			b.name += "2"
		}
		return a, b
	}
	switch w.n(17) {
	case 11:
		x := w.expr(integer, 2)
		v := name(integer)
		return fmt.Sprintf("for %s := range %s(%s) %s", v.name, pick(w.Choices, "seq", "guarding", "stubborn"), x, w.looping(label, v))
	case 12, 13:
		x := w.expr(integer, 2)
		if !w.fn.async {
			return fmt.Sprintf("for range seq(%s) %s", x, w.looping(label))
		}
		a, b := two(integer)
		return fmt.Sprintf("for %s, %s := range each(t, %s) %s", a.name, b.name, x, w.looping(label, a, b))
	case 14:
		x := w.expr(integer, 2)
		if !w.fn.async {
			return fmt.Sprintf("for range seq(%s) %s", x, w.looping(label))
		}
		a, b := two(failure)
		return fmt.Sprintf("for %s, %s := range stream.All(t, items(%s)) %s", a.name, b.name, x, w.looping(label, a, b))
	case 15:
		key := pick(w.Choices, structure, anything)
		typ := key.String()
		k, v := w.expr(pick(w.Choices, key, structure), 2), w.expr(integer, 2)
		a, b := two(integer)
		a.kind = other
		return fmt.Sprintf("for %s, %s := range (map[%s]int{%s: %s}) %s", a.name, b.name, typ, k, v, w.looping(label, a, b))
	case 16:
		x := w.expr(integer, 2)
		vars := w.visible(integer, true)
		if arrays := w.visible(array, true); len(arrays) > 0 && w.one(2) {
			v := pick(w.Choices, arrays...)
			*v.used = true
			return fmt.Sprintf("for %s[%s&1] = range seq(%s) %s", v.name, w.expr(integer, 2), x, w.looping(label))
		}
		if len(vars) == 0 {
			return fmt.Sprintf("for range seq(%s) %s", x, w.looping(label))
		}
		return fmt.Sprintf("for %s = range seq(%s) %s", pick(w.Choices, vars...).name, x, w.looping(label))
	case 0, 1:
		v := name(integer)
		return fmt.Sprintf("for %s := range %d %s", v.name, w.n(4), w.looping(label, v))
	case 2, 3:
		start := w.expr(integer, 1)
		v := name(integer)
		w.vars = append(w.vars, v)
		limit := w.expr(integer, 2)
		post := v.name + "++"
		if w.one(4) {
			post = fmt.Sprintf("%s += 1 + (%s & 1)", v.name, w.expr(integer, 2))
		}
		return fmt.Sprintf("for %s := (%s & 1); %s < (%s & 3); %s %s", v.name, start, v.name, limit, post, w.looping(label, v))
	case 4:
		return fmt.Sprintf("for round(%s) && %s %s", w.expr(integer, 2), w.expr(truth, 2), w.looping(label))
	case 5:
		x := w.expr(slice, 2)
		a, b := two(integer)
		return fmt.Sprintf("for %s, %s := range (%s) %s", a.name, b.name, x, w.looping(label, a, b))
	case 6:
		x := w.expr(text, 2)
		a, b := two(other)
		return fmt.Sprintf("for %s, %s := range (%s) %s", a.name, b.name, x, w.looping(label, a, b))
	case 7:
		x := w.expr(array, 2)
		a, b := two(integer)
		if w.one(2) {
			return fmt.Sprintf("for %s := range (%s) %s", a.name, x, w.looping(label, a))
		}
		return fmt.Sprintf("for %s, %s := range (%s) %s", a.name, b.name, x, w.looping(label, a, b))
	case 8:
		x := w.expr(integer, 2)
		a := name(integer)
		return fmt.Sprintf("for %s := range full(%s) %s", a.name, x, w.looping(label, a))
	case 9:
		k, v := w.expr(text, 2), w.expr(integer, 2)
		a, b := two(integer)
		a.kind = text
		return fmt.Sprintf("for %s, %s := range (map[string]int{%s: %s}) %s", a.name, b.name, k, v, w.looping(label, a, b))
	default:
		if vars := w.visible(integer, true); len(vars) > 0 {
			v := pick(w.Choices, vars...)
			return fmt.Sprintf("for %s = range (%s) %s", v.name, w.expr(slice, 2), w.looping(label))
		}
		return fmt.Sprintf("for range (%s & 3) %s", w.expr(integer, 2), w.looping(label))
	}
}

// leave writes what leaves a loop, or the function.
func (w *writer) leave() string {
	f := w.fn
	guard := func(s string) string { return fmt.Sprintf("if %s {\n%s\n}", w.expr(truth, 2), s) }
	switch w.n(7) {
	case 5:
		if w.one(4) {
			return guard("runtime.Goexit()")
		}
	case 0:
		if f.loops > 0 {
			return guard("continue")
		}
	case 1:
		if f.loops > 0 || f.breaks > 0 {
			return guard("break")
		}
	case 2:
		if len(f.labels) > 0 {
			return guard("continue " + pick(w.Choices, f.labels...))
		}
	case 3:
		if len(f.labels) > 0 {
			return guard("break " + pick(w.Choices, f.labels...))
		}
	case 4:
		return guard(fmt.Sprintf("panic(%s)", w.expr(pick(w.Choices, integer, text), 1)))
	}
	if f.named && w.one(3) {
		return guard("return")
	}
	return guard("return " + w.expr(integer, 3))
}
