package channel

import (
	"sync"

	"rondo.dev/rondo/internal/waitline"
)

// An answerLine is what a Oneshot becomes when somebody waits for it, or it is closed:
// those who wait, and what has happened.
type answerLine struct {
	mu     sync.Mutex     // guards the rest
	open   bool           // it is in force
	sent   bool           // also if the value is still being stored
	err    error          // of Fail
	values waitline.Units // one from the value's arrival until it is promised; closed when none will come
	over   waitline.Units // closed when nobody waits for a value any more
	room   waitline.Pool  // of values
}

// open locks the line, and has it in force.
func (o *Oneshot[T]) open() *answerLine {
	l := o.line.Load()
	if l == nil {
		o.line.CompareAndSwap(nil, new(answerLine))
		l = o.line.Load()
	}
	l.mu.Lock()
	if !l.open {
		l.begin(o.state.Swap(lined))
	}
	return l
}

// begin goes on from a state without a line. Of one that is stored just now the sender
// tells when it has arrived.
func (l *answerLine) begin(state uint32) {
	l.open = true
	l.values.Line().Use(&l.room)
	var nobody waitline.Woken
	switch state {
	case storing:
		l.sent = true
	case stored:
		l.sent = true
		l.values.Put(1, &nobody)
	case taken:
		l.sent = true
		l.values.Close(&nobody)
		l.over.Close(&nobody)
	}
}

// arrived is called when what was sent can be taken.
func (l *answerLine) arrived() {
	var k waitline.Woken
	l.mu.Lock()
	l.values.Put(1, &k)
	l.mu.Unlock()
	k.Wake(nil)
}

// end is called, with the line locked, by who takes what was sent.
func (l *answerLine) end(k *waitline.Woken) {
	l.values.Close(k)
	l.over.Close(k)
}

// cancel ends a wait for the value, and passes on what it was promised.
func (l *answerLine) cancel(ticket uint32) (k waitline.Woken) {
	defer l.mu.Unlock()
	l.values.Put(l.values.Cancel(ticket), &k)
	return k
}
