package random

import "fmt"

// expr writes an expression of a kind. What may panic without being a call is left to
// statements that do nothing else: the language does not say in which order that happens
// and calls are made.
func (w *writer) expr(k kind, depth int) string {
	w.budget--
	if depth <= 0 || w.budget <= 0 {
		return w.leaf(k)
	}
	if w.fn.async && k.told() && w.one(5) {
		return fmt.Sprintf("get[%s](t, %s)", k, w.expr(k, depth-1))
	}
	if w.n(4) == 0 {
		return w.leaf(k)
	}
	d := depth - 1
	switch k {
	case integer:
		return w.integer(d)
	case text:
		return w.text(d)
	case truth:
		return w.truth(d)
	case slice:
		switch w.n(4) {
		case 0:
			return fmt.Sprintf("[]int{%s, %s}", w.expr(integer, d), w.expr(integer, d))
		case 1:
			return fmt.Sprintf("append(%s, %s)", w.expr(slice, d), w.expr(integer, d))
		case 2:
			return fmt.Sprintf("from(%s, %d)", w.expr(slice, d), w.n(2))
		default:
			return fmt.Sprintf("[]int{1: %s, 0: %s}", w.expr(integer, d), w.expr(integer, d))
		}
	case array:
		return fmt.Sprintf("[2]int{%s, %s}", w.expr(integer, d), w.expr(integer, d))
	case structure:
		return fmt.Sprintf("point{a: %s, b: %s}", w.expr(integer, d), w.expr(integer, d))
	case pointer:
		if vars := w.visible(integer, true); len(vars) > 0 && w.one(2) {
			v := pick(w.Choices, vars...)
			*v.used = true
			return "&" + v.name
		}
		return fmt.Sprintf("ptr(%s)", w.expr(integer, d))
	case closure:
		if w.one(3) {
			return fmt.Sprintf("(%s).get", w.expr(structure, d))
		}
		return w.literal("func() int", &function{})
	case async:
		if w.helpers > 0 && w.one(3) {
			return fmt.Sprintf("%sh%d", w.name, w.n(w.helpers))
		}
		if w.one(3) {
			return fmt.Sprintf("(%s).plus", w.expr(structure, d))
		}
		return w.asyncLiteral()
	case failure:
		return fmt.Sprintf("fail(%s)", w.expr(text, d))
	default:
		return fmt.Sprintf("any(%s)", w.expr(pick(w.Choices, integer, text, truth, structure, failure), d))
	}
}

// leaf writes a variable or a constant.
func (w *writer) leaf(k kind) string {
	if vars := w.visible(k, false); len(vars) > 0 && w.n(4) < 3 {
		v := pick(w.Choices, vars...)
		*v.used = true
		return v.name
	}
	switch k {
	case integer:
		return fmt.Sprint(w.n(10))
	case text:
		return pick(w.Choices, `"a"`, `"bc"`, `""`)
	case truth:
		return pick(w.Choices, "true", "false")
	case slice:
		return pick(w.Choices, "[]int{1, 2, 3}", "[]int{4}", "[]int(nil)")
	case array:
		return "[2]int{1, 2}"
	case structure:
		return "point{1, 2}"
	case pointer:
		return pick(w.Choices, "ptr(1)", "ptr(2)", "ptr(3)", "(*int)(nil)")
	case closure:
		return pick(w.Choices, "one", "two")
	case async:
		return pick(w.Choices, "add1", "add2")
	case failure:
		return pick(w.Choices, "error(nil)", `fail("e")`)
	default:
		return pick(w.Choices, "any(1)", `any("s")`, "any(nil)", "recover()")
	}
}

// literal writes a function literal.
func (w *writer) literal(signature string, f *function, params ...variable) string {
	return signature + " {\ntick()\n" + w.function(f, append([]variable{{name: opening}}, params...)...) + "}"
}

func (w *writer) asyncLiteral() string {
	named := w.one(3)
	return w.literal("func(t *async.Task, n int) "+result(named), &function{async: true, named: named},
		variable{name: "n", kind: integer, used: new(bool)})
}

func (w *writer) integer(d int) string {
	e := func(k kind) string { return w.expr(k, d) }
	if w.fn.async && w.one(3) {
		switch w.n(13) {
		case 10:
			return fmt.Sprintf("point.plus(%s, t, %s)", e(structure), e(integer))
		case 11:
			return fmt.Sprintf("(*point).move(&point{%s, 2}, t, %s)", e(integer), e(integer))
		case 12:
			return fmt.Sprintf("%s(given(t, %s))", pick(w.Choices, "add1", "add2"), e(integer))
		case 0:
			return fmt.Sprintf("%s(t, %s)", pick(w.Choices, "add1", "add2"), e(integer))
		case 1:
			return fmt.Sprintf("(%s)(t, %s)", e(async), e(integer))
		case 2:
			return fmt.Sprintf("(%s).plus(t, %s)", e(structure), e(integer))
		case 3:
			return fmt.Sprintf("adder(count(%s)).Add(t, %s)", e(integer), e(integer))
		case 4:
			return fmt.Sprintf("larger(t, %s, %s)", e(integer), e(integer))
		case 5:
			return fmt.Sprintf("total(t, %s, %s, %s)", e(integer), e(integer), e(integer))
		case 6:
			return fmt.Sprintf("total(t, %s...)", e(slice))
		case 7:
			if w.helpers > 0 {
				return fmt.Sprintf("%sh%d(t, %s)", w.name, w.n(w.helpers), e(integer))
			}
			return fmt.Sprintf("(outer{point{1, %s}}).plus(t, %s)", e(integer), e(integer))
		case 8:
			return fmt.Sprintf("%s(t, %s)", w.asyncLiteral(), e(integer))
		default:
			return fmt.Sprintf("(&point{%s, 2}).move(t, %s)", e(integer), e(integer))
		}
	}
	switch w.n(16) {
	case 0, 1, 2:
		return fmt.Sprintf("(%s %s %s)", e(integer), pick(w.Choices, "+", "-", "*", "&", "|", "^"), e(integer))
	case 3, 4:
		return fmt.Sprintf("f(%s)", e(integer))
	case 5:
		return fmt.Sprintf("len(%s)", e(pick(w.Choices, slice, text)))
	case 6:
		return fmt.Sprintf("at2(%s, %s)", e(array), e(integer))
	case 7:
		return fmt.Sprintf("(%s).%s", e(structure), pick(w.Choices, "a", "b"))
	case 8:
		return fmt.Sprintf("deref(%s)", e(pointer))
	case 9:
		return fmt.Sprintf("(%s)()", e(closure))
	case 10:
		return fmt.Sprintf("<-full(%s)", e(integer))
	case 11:
		return fmt.Sprintf("%s(%s, %s)", pick(w.Choices, "min", "max"), e(integer), e(integer))
	case 12:
		return fmt.Sprintf("at(%s, %s)", e(slice), e(integer))
	case 13:
		return fmt.Sprintf("quotient(%s, %s)", e(integer), e(integer))
	case 14:
		return fmt.Sprintf("number(%s)", e(anything))
	default:
		return fmt.Sprintf("(map[string]int{%s: %s})[%s]", e(text), e(integer), e(text))
	}
}

func (w *writer) text(d int) string {
	switch w.n(4) {
	case 0:
		return fmt.Sprintf("(%s + %s)", w.expr(text, d), w.expr(text, d))
	case 1:
		return fmt.Sprintf("str(%s)", w.expr(integer, d))
	case 2:
		return fmt.Sprintf("string(rune('a'+%s&7))", w.expr(integer, d))
	default:
		return fmt.Sprintf("upTo(%s, %s)", w.expr(text, d), w.expr(integer, d))
	}
}

func (w *writer) truth(d int) string {
	switch w.n(7) {
	case 0:
		return fmt.Sprintf("(%s %s %s)", w.expr(integer, d), pick(w.Choices, "<", "==", ">=", "!="), w.expr(integer, d))
	case 1:
		return fmt.Sprintf("(%s && %s)", w.expr(truth, d), w.expr(truth, d))
	case 2:
		return fmt.Sprintf("(%s || %s)", w.expr(truth, d), w.expr(truth, d))
	case 3:
		return fmt.Sprintf("!%s", w.expr(truth, d))
	case 4:
		return fmt.Sprintf("(%s == %s)", w.expr(text, d), w.expr(text, d))
	case 5:
		return fmt.Sprintf("(%s != nil)", w.expr(pick(w.Choices, failure, pointer, slice), d))
	default:
		return fmt.Sprintf("equal(%s, %s)", w.expr(anything, d), w.expr(anything, d))
	}
}
