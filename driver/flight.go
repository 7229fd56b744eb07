package driver

// flight keeps the books of the operations that a driver owns, and bounds how
// deep completions nest: a Completer that submits an operation which completes
// at once, whose Completer submits the next, would else use up the stack. Every
// driver embeds one and passes each operation through begin, then any number of
// calls of more, then end.
type flight struct {
	stats Stats
	depth int
	late  []late // completions for the next run, in order
}

// late is a completion that was put off.
type late struct {
	op   *Op
	r    Result
	last bool
}

// maxNesting is how many completions may be on the stack at once. It is small:
// what is put off costs an append, and runs within the same turn of a loop.
const maxNesting = 16

// begin takes op over from the caller.
func (f *flight) begin(op *Op) {
	if op.state != opIdle {
		panic("rondo/driver: operation " + op.kind.String() + " submitted while in flight")
	}
	if op.kind == OpNone || op.done == nil {
		panic("rondo/driver: operation submitted without being prepared")
	}
	op.state = opInFlight
	f.stats.Submitted++
	f.stats.InFlight++
}

// end completes op for good. Its state leaves opInFlight only when its Completer
// is called, so that a completion which is put off can't be overtaken by the
// next use of the Op; until then it is opEnding, and cancelling does nothing.
func (f *flight) end(op *Op, r Result) {
	r.More = false
	op.state = opEnding
	if f.depth >= maxNesting || len(f.late) > 0 {
		f.late = append(f.late, late{op, r, true})
		return
	}
	f.deliver(op, r, true)
}

// more hands out one of several results.
func (f *flight) more(op *Op, r Result) {
	r.More = true
	if f.depth >= maxNesting || len(f.late) > 0 {
		f.late = append(f.late, late{op, r, false})
		return
	}
	f.deliver(op, r, false)
}

func (f *flight) deliver(op *Op, r Result, last bool) {
	if last {
		op.state = opIdle
		f.stats.Ended++
		f.stats.InFlight--
	}
	f.depth++
	op.done.Complete(op, r)
	f.depth--
}

// run delivers what was put off before the call, and reports how much. Wait
// calls it before it looks at anything newer. The list stays non-empty while it
// runs, so what ends meanwhile goes behind: no operation's end overtakes its
// results. That is left for the next run, which bounds this one.
func (f *flight) run() (ran int) {
	ran = len(f.late)
	for i := range ran {
		l := f.late[i]
		f.deliver(l.op, l.r, l.last)
	}
	rest := copy(f.late, f.late[ran:])
	clear(f.late[rest:])
	f.late = f.late[:rest]
	return ran
}

// pending reports whether completions are waiting for run.
func (f *flight) pending() bool { return len(f.late) > 0 }
