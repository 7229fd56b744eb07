package wheel

// A list is a queue of timers that are linked through themselves into a ring:
// the last one is the one before the first, and links are never nil.
type list struct{ first *Timer }

func (l *list) empty() bool { return l.first == nil }

// push adds t at the end.
func (l *list) push(t *Timer) {
	first := l.first
	if first == nil {
		t.next, t.prev = t, t
		l.first = t
		return
	}
	last := first.prev
	t.next, t.prev = first, last
	last.next, first.prev = t, t
}

// remove takes t, which is in l, out of it.
func (l *list) remove(t *Timer) {
	next, prev := t.next, t.prev
	t.next, t.prev = nil, nil
	if next == t {
		l.first = nil
		return
	}
	prev.next, next.prev = next, prev
	if l.first == t {
		l.first = next
	}
}

// pop takes the first timer out, or returns nil.
func (l *list) pop() *Timer {
	t := l.first
	if t != nil {
		l.remove(t)
	}
	return t
}

// take empties l and returns what was in it.
func (l *list) take() list {
	all := *l
	l.first = nil
	return all
}
