package wheel

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// A program is a list of operations on a few timers, read from bytes so that a
// random source and the fuzzer write them alike. It runs on a wheel and on a
// model of one, which must tell the same story.

const numTimers = 12

type opcode byte

const (
	opStartAfter opcode = iota
	opStartAt
	opStop
	opAdvance
	opPass // time passes without an Advance
	numOps
)

// An action is an operation on a timer with a time: a delay, or an offset from
// the clock (for opStartAt it may be negative).
type action struct {
	op opcode
	id int
	d  int64
}

func (a action) String() string {
	return fmt.Sprintf("%s(%d, %d)", [...]string{"StartAfter", "StartAt", "Stop", "Advance", "Pass"}[a.op], a.id, a.d)
}

// A step is an action, and what the timer does when it fires if the action
// starts it.
type step struct {
	action
	onFire []action
}

// A reader makes steps of bytes, and zeros when it runs out of them.
type reader struct{ data []byte }

func (r *reader) byte() byte {
	if len(r.data) == 0 {
		return 0
	}
	b := r.data[0]
	r.data = r.data[1:]
	return b
}

// duration reads a magnitude and a position in it, so that every level is hit
// and so are the edges of ticks and slots.
func (r *reader) duration() int64 {
	magnitude, b := r.byte(), int64(r.byte())
	switch shift := magnitude % 64; {
	case shift == 0:
		return 0
	case shift == 63:
		return never - b
	case magnitude&64 != 0:
		return max(1<<shift+b-128, 0) // near a power of two
	default:
		return (1<<shift)/256*b + b
	}
}

func (r *reader) action(ops opcode) action {
	b := r.byte()
	a := action{op: opcode(b) % ops, id: int(b/byte(ops)) % numTimers}
	if a.op != opStop {
		a.d = r.duration()
	}
	if a.op == opStartAt && r.byte()%4 == 0 {
		a.d = -a.d
	}
	return a
}

func (r *reader) step() step {
	s := step{action: r.action(numOps)}
	if s.op == opAdvance && s.d > 1<<50 && r.byte()%8 != 0 {
		s.d >>= 30 // the end of time comes soon enough, and then nothing happens
	}
	if s.op == opStartAfter || s.op == opStartAt {
		for range r.byte() % 4 {
			s.onFire = append(s.onFire, r.action(opAdvance)) // start and stop
		}
	}
	return s
}

// timers is what the wheel and the model have in common. A timer that fires
// calls the function given to it.
type timers interface {
	startAfter(id int, d int64, f func())
	startAt(id int, when int64, f func())
	stop(id int) bool
	advance(now int64) int
	active(id int) bool
	when(id int) int64
	len() int
}

// A story runs a program on timers and writes down what happens.
type story struct {
	on    timers
	clock int64
	lines []string
	bound [numTimers]int64 // no timer may fire before this
}

func (s *story) note(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

func (s *story) run(st step) {
	switch st.op {
	case opAdvance:
		s.pass(st.d)
		n := s.on.advance(s.clock)
		s.note("advance %d: fired %d", s.clock, n)
	case opPass:
		s.pass(st.d >> 8)
	default:
		s.do(st.action, st.onFire)
	}
	for id := range numTimers {
		if s.on.active(id) {
			s.note("active %d %d", id, s.on.when(id))
		}
	}
	s.note("len %d", s.on.len())
}

func (s *story) pass(d int64) { s.clock = min(plus(s.clock, d), never-1) }

func (s *story) do(a action, onFire []action) {
	fire := func() {
		s.note("fire %d", a.id)
		if s.clock < s.bound[a.id] {
			s.note("EARLY: timer %d at %d, not before %d", a.id, s.clock, s.bound[a.id])
		}
		for _, next := range onFire {
			s.do(next, nil)
		}
	}
	switch a.op {
	case opStartAfter:
		s.bound[a.id] = plus(s.clock, a.d)
		s.on.startAfter(a.id, a.d, fire)
	case opStartAt:
		when := plus(s.clock, max(a.d, 0))
		if a.d < 0 {
			when = max(s.clock+a.d, 0)
		}
		s.bound[a.id] = when
		s.on.startAt(a.id, when, fire)
	case opStop:
		s.note("stop %d: %v", a.id, s.on.stop(a.id))
	}
}

// real is the wheel under test.
type real struct {
	Wheel
	t [numTimers]Timer
}

type fireFunc func()

func (f fireFunc) Fire() { f() }

func (r *real) startAfter(id int, d int64, f func()) { r.StartAfter(&r.t[id], d, fireFunc(f)) }
func (r *real) startAt(id int, when int64, f func()) { r.StartAt(&r.t[id], when, fireFunc(f)) }
func (r *real) stop(id int) bool                     { return r.Stop(&r.t[id]) }
func (r *real) advance(now int64) int                { return r.Advance(now) }
func (r *real) active(id int) bool                   { return r.t[id].Active() }
func (r *real) when(id int) int64                    { return r.t[id].When() }
func (r *real) len() int                             { return r.Len() }

// model is a wheel as one would write it without minding the cost: a list that
// is sorted whenever somebody looks.
type model struct {
	now     int64
	entries []*entry // the active ones, in the order of their placing
}

type entry struct {
	id   int
	kind int
	when int64 // with kind fresh, relative to the next advance
	f    func()
}

// The kinds in the order in which they fire.
const (
	modelLate = iota
	modelPlaced
	modelFresh
)

func (m *model) find(id int) *entry {
	if i := slices.IndexFunc(m.entries, func(e *entry) bool { return e.id == id }); i >= 0 {
		return m.entries[i]
	}
	return nil
}

func (m *model) stop(id int) bool {
	n := len(m.entries)
	m.entries = slices.DeleteFunc(m.entries, func(e *entry) bool { return e.id == id })
	return len(m.entries) < n
}

func (m *model) startAfter(id int, d int64, f func()) {
	m.stop(id)
	m.entries = append(m.entries, &entry{id, modelFresh, d, f})
}

func (m *model) startAt(id int, when int64, f func()) {
	m.stop(id)
	kind := modelPlaced
	if when <= m.now {
		kind = modelLate
	}
	m.entries = append(m.entries, &entry{id, kind, when, f})
}

// expiry returns the time rounded up, which may be more than an int64.
func (e *entry) expiry() *big.Int {
	x := big.NewInt(e.when)
	x.Add(x, big.NewInt(Tick-1))
	return x.Sub(x, new(big.Int).Mod(x, big.NewInt(Tick)))
}

func (m *model) advance(now int64) int {
	m.now = max(m.now, now) // the story's clock stays before never
	var expired, settled []*entry
	kept := m.entries[:0]
	for _, e := range m.entries {
		switch {
		case e.kind == modelFresh && e.when > 0:
			e.kind, e.when = modelPlaced, plus(m.now, e.when)
			settled = append(settled, e)
		case e.kind == modelFresh:
			e.when = m.now
			fallthrough
		case e.kind == modelLate, e.expiry().Cmp(big.NewInt(m.now)) <= 0:
			expired = append(expired, e)
			kept = append(kept, e)
		default:
			kept = append(kept, e)
		}
	}
	m.entries = append(kept, settled...)
	slices.SortStableFunc(expired, func(a, b *entry) int {
		if a.kind != b.kind || a.kind != modelPlaced {
			return a.kind - b.kind
		}
		return a.expiry().Cmp(b.expiry())
	})
	fired := 0
	for _, e := range expired {
		if m.find(e.id) != e {
			continue // stopped by one that fired before
		}
		m.stop(e.id)
		fired++
		e.f()
	}
	return fired
}

func (m *model) active(id int) bool { return m.find(id) != nil }
func (m *model) len() int           { return len(m.entries) }

func (m *model) when(id int) int64 {
	e := m.find(id)
	if e.kind == modelFresh {
		return plus(m.now, e.when) // the documented lower bound
	}
	return e.when
}

// checkNext compares Next with the earliest expiry in the model.
func checkNext(t *testing.T, w *Wheel, m *model) {
	t.Helper()
	var earliest *big.Int
	atOnce := false
	for _, e := range m.entries {
		if e.kind != modelPlaced {
			atOnce = true
		} else if x := e.expiry(); earliest == nil || x.Cmp(earliest) < 0 {
			earliest = x
		}
	}
	at, ok := w.Next()
	switch {
	case atOnce:
		if !ok || at != m.now {
			t.Fatalf("Next = %d, %v with timers that wait for the next Advance; want %d, true", at, ok, m.now)
		}
	case earliest == nil || !earliest.IsInt64():
		if ok {
			t.Fatalf("Next = %d, true; nothing expires", at)
		}
	case !ok || at <= m.now || at > earliest.Int64():
		t.Fatalf("Next = %d, %v at %d; want a time in the future and not after %v", at, ok, m.now, earliest)
	case earliest.Int64()/Tick/64 == m.now/Tick/64 && at != earliest.Int64():
		t.Fatalf("Next = %d at %d; want exactly %v, which is in the lowest level", at, m.now, earliest)
	}
}

// checkWheel holds w to its invariants.
func checkWheel(t *testing.T, w *Wheel) {
	t.Helper()
	n := 0
	walk := func(l list, p place) {
		for e := l.first; e != nil; {
			n++
			if e.place != p || e.next.prev != e || e.prev.next != e || e.firer == nil {
				t.Fatalf("timer %+v is in list %d", *e, p)
			}
			if e = e.next; e == l.first {
				break
			}
		}
	}
	walk(w.fresh, fresh)
	walk(w.late, late)
	walk(w.due, due)
	for i := range numLevels * numSlots {
		level, digit := uint(i/numSlots), uint(i%numSlots)
		var l list
		if w.slots != nil {
			l = w.slots[i]
		}
		if occupied := w.occupied[level]>>digit&1 == 1; occupied == l.empty() {
			t.Fatalf("level %d, slot %d: occupied %v, empty %v", level, digit, occupied, l.empty())
		}
		walk(l, slot0+place(i))
		if !l.empty() && digit <= uint(w.tick>>(level*digitBits))%numSlots {
			t.Fatalf("level %d, slot %d is occupied at tick %#x, which has passed it", level, digit, w.tick)
		}
	}
	if n != w.Len() {
		t.Fatalf("%d timers in the lists, Len %d", n, w.Len())
	}
}

// check runs the program in data on the wheel and on the model.
func check(t *testing.T, data []byte) {
	t.Helper()
	r, m := new(real), new(model)
	got, want := story{on: r}, story{on: m}
	var program []step
	for in := (reader{data}); len(in.data) > 0; {
		st := in.step()
		program = append(program, st)
		got.lines, want.lines = got.lines[:0], want.lines[:0]
		got.run(st)
		want.run(st)
		if !slices.Equal(got.lines, want.lines) {
			t.Fatalf("program %v\nat clock %d the wheel says\n%q\nand the model\n%q", program, got.clock, got.lines, want.lines)
		}
		for _, line := range got.lines {
			if line[0] == 'E' {
				t.Fatalf("program %v\n%s", program, line)
			}
		}
		checkWheel(t, &r.Wheel)
		checkNext(t, &r.Wheel, m)
	}
}

func TestModel(t *testing.T) {
	seed := rand.Uint64()
	defer func() {
		if t.Failed() {
			t.Logf("seed %#x", seed)
		}
	}()
	rng := rand.New(rand.NewPCG(seed, 0))
	programs := 3000
	if testing.Short() {
		programs = 300
	}
	for range programs {
		data := make([]byte, rng.IntN(400))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		if rng.IntN(2) == 0 {
			// Half of the programs live within short times, where timers meet.
			for i := range data {
				if rng.IntN(3) == 0 {
					data[i] = byte(14 + rng.IntN(12))
				}
			}
		}
		check(t, data)
	}
}

func FuzzModel(f *testing.F) {
	f.Fuzz(check)
}
