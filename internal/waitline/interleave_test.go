package waitline_test

import (
	"fmt"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/interleave"
	"rondo.dev/rondo/internal/waitline"
)

// A mutex is one unit, and what is checked about it: that nobody holds it at the
// same time as somebody else.
type mutex struct {
	units   waitline.Units
	holders int
}

func newMutex() *mutex {
	m := new(mutex)
	var nobody waitline.Woken
	m.units.Put(1, &nobody)
	return m
}

func (m *mutex) check() error {
	if m.holders != 0 || m.units.Free() != 1 || m.units.Waiting() {
		return fmt.Errorf("in the end %d hold it, %d are free", m.holders, m.units.Free())
	}
	return nil
}

// A person wants the mutex. What happens under the object's mutex is one step of
// him, waking others, which comes after it, another.
type person struct {
	m     *mutex
	view  async.Task
	waker async.Waker
	woken bool
}

func (p *person) Wake()      { p.woken = true }
func (p *person) WakeLocal() { panic("woken as if by his own executor") }

func newPerson(home *async.Task, m *mutex) *person {
	p := &person{m: m}
	p.waker = async.WakerFor(p)
	p.view = home.WithWaker(&p.waker)
	return p
}

// manner is what a person does when the mutex is taken.
type manner uint8

const (
	patient   manner = iota // waits
	impatient               // gives up, though it may be his turn by then, and passes it on
	careless                // gives up, and keeps what he was given
)

func (p *person) thread(how manner) interleave.Thread {
	const (
		ask = iota
		look
		sleep
		giveUp
		unlock
		wake
	)
	at := ask
	units := &p.m.units
	var ticket uint32
	var k waitline.Woken
	return func(int) (more, blocked bool) {
		switch at {
		case ask:
			ticket = units.Start(1)
			at = look
		case look:
			p.woken = false
			switch {
			case units.Poll(&p.view, ticket) == waitline.Given:
				if p.m.holders++; p.m.holders > 1 {
					panic("two hold it")
				}
				at = unlock
			case how == patient:
				at = sleep
			default:
				at = giveUp
			}
		case sleep:
			if !p.woken {
				return true, true
			}
			at = look
		case giveUp:
			if back := units.Cancel(ticket); how == impatient {
				units.Put(back, &k)
			}
			at = wake
		case unlock:
			p.m.holders--
			units.Put(1, &k)
			at = wake
		case wake:
			k.Wake(nil)
			return false, false
		}
		return true, false
	}
}

// people makes a setup of people with these manners.
func people(t *testing.T, manners ...manner) interleave.Setup {
	home := newTask(t)
	return func() (threads []interleave.Thread, check func() error) {
		m := newMutex()
		for _, how := range manners {
			threads = append(threads, newPerson(home, m).thread(how))
		}
		return threads, m.check
	}
}

// newTask returns a task that views can be made of.
func newTask(t *testing.T) *async.Task {
	e, c := new(async.Executor), new(async.Core)
	e.Init(noHost{})
	c.StartRoot(e, idle{})
	return c.Task()
}

type noHost struct{}

func (noHost) Coroutine() *async.Coroutine { return nil }
func (noHost) Recycle(*async.Coroutine)    {}
func (noHost) Interrupt()                  {}

type idle struct{}

func (idle) Step(*async.Task) bool { return false }

// TestEveryInterleaving: whatever the order, everybody gets what he waits for, and
// nobody gets it twice.
func TestEveryInterleaving(t *testing.T) {
	for _, c := range []struct {
		name    string
		manners []manner
	}{
		{"two wait", []manner{patient, patient}},
		{"three wait", []manner{patient, patient, patient}},
		{"one gives up", []manner{patient, impatient, patient}},
		{"two give up", []manner{impatient, patient, impatient}},
	} {
		t.Run(c.name, func(t *testing.T) {
			interleave.Explore(t, people(t, c.manners...))
		})
	}
}

// TestCarelessIsFound: the exploration finds it if what somebody was given is not
// passed on.
func TestCarelessIsFound(t *testing.T) {
	if _, failure := interleave.Find(people(t, patient, careless, patient)); failure == nil {
		t.Error("not found")
	}
}
