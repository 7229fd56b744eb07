package channel

import (
	"sync"
	"sync/atomic"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
)

// An answerLine is what a Oneshot becomes when more than one wait for it, somebody gives
// up, or it fails or is closed: those who wait, and what has happened.
type answerLine struct {
	told  async.Waker                 // of the line
	alone atomic.Pointer[async.Waker] // of who waited before there was a line, if it is still needed

	mu     sync.Mutex     // guards the rest
	open   bool           // it is in force
	sent   bool           // also if the value is still being stored
	err    error          // of Fail
	values waitline.Units // one from the value's arrival until it is promised; closed when none will come
	over   waitline.Units // closed when nobody waits for a value any more
	room   waitline.Pool  // of values
}

// theLine returns the line, which is made if there is none.
func (o *Oneshot[T]) theLine() *answerLine {
	for {
		w := o.told.Load()
		if w != nil {
			if l, ok := w.Wakeable().(*answerLine); ok {
				return l
			}
		}
		l := new(answerLine)
		l.told = async.WakerFor(l)
		l.alone.Store(w)
		if o.told.CompareAndSwap(w, &l.told) {
			return l
		}
	}
}

// Wake makes it a Wakeable, in the place of who waited before there was a line.
func (l *answerLine) Wake() {
	if w := l.alone.Load(); w != nil {
		w.Wake()
	}
}

// WakeLocal is Wake.
func (l *answerLine) WakeLocal() { l.Wake() }

// open locks the line, and has it in force.
func (o *Oneshot[T]) open() *answerLine {
	l := o.theLine()
	l.mu.Lock()
	if !l.open {
		l.begin(o.state.Swap(lined))
	}
	return l
}

// begin goes on from a state without a line. Of a value that is stored just now the
// sender tells when it has arrived; who is asking just now comes into the line.
func (l *answerLine) begin(state uint32) {
	l.open = true
	l.values.Line().Use(&l.room)
	var k waitline.Woken // by the sender
	switch state {
	case waited, answering, promised:
		l.values.Line().Add(1).Wakes(l.alone.Load())
	}
	if state != promised { // else who has stored the value still wakes
		l.alone.Store(nil)
	}
	switch state {
	case storing, answering:
		l.sent = true
	case stored, promised:
		l.sent = true
		l.values.Put(1, &k)
	case taken:
		l.sent = true
		l.end(&k)
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

// forget has nobody woken any more who waited before there was a line.
func (l *answerLine) forget(ticket uint32) {
	if ticket == withoutLine {
		l.alone.Store(nil)
	}
}

// end is called, with the line locked, by who takes what was sent.
func (l *answerLine) end(k *waitline.Woken) {
	l.values.Close(k)
	l.over.Close(k)
}

// cancel ends a wait for the value, and passes on what it was promised.
func (l *answerLine) cancel(ticket uint32) (k waitline.Woken) {
	defer l.mu.Unlock()
	l.forget(ticket)
	l.values.Put(l.values.Cancel(ticket), &k)
	return k
}
