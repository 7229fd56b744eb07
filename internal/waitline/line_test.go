package waitline_test

import (
	"slices"
	"sync"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
)

// log is a waker that writes down how it was woken.
type log struct {
	name  string
	lines *[]string
}

func (l log) Wake()      { *l.lines = append(*l.lines, l.name+" from afar") }
func (l log) WakeLocal() { *l.lines = append(*l.lines, l.name+" locally") }

// TestWake: whoever is on the executor of the caller is woken without atomics, and
// only he. Who was not polled yet is not woken: he will look.
func TestWake(t *testing.T) {
	here, there := newTask(t), newTask(t)
	for _, c := range []struct {
		name   string
		caller *async.Executor
		want   []string
	}{
		{"from here", here.Executor(), []string{"a locally", "b from afar", "c locally"}},
		{"from there", there.Executor(), []string{"a from afar", "b locally", "c from afar"}},
		{"from somewhere", nil, []string{"a from afar", "b from afar", "c from afar"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var lines []string
			var u waitline.Units
			for i, task := range []*async.Task{here, there, here} {
				w := async.WakerFor(log{string(rune('a' + i)), &lines})
				view := task.WithWaker(&w)
				if ticket := u.Start(1); u.Poll(&view, ticket) != waitline.Waiting {
					t.Fatal("there was nothing to get")
				}
			}
			u.Start(1) // not polled
			var k waitline.Woken
			u.Put(4, &k)
			if len(lines) > 0 {
				t.Fatal("woken too early")
			}
			k.Wake(c.caller)
			if !slices.Equal(lines, c.want) {
				t.Errorf("woken %q, want %q", lines, c.want)
			}
		})
	}
}

func TestStaleTickets(t *testing.T) {
	task := newTask(t)
	for _, c := range []struct {
		name string
		use  func(u *waitline.Units)
	}{
		{"polled after its end", func(u *waitline.Units) {
			ticket := u.Start(1)
			u.Put(1, new(waitline.Woken))
			u.Poll(task, ticket)
			u.Poll(task, ticket)
		}},
		{"cancelled after its end", func(u *waitline.Units) {
			ticket := u.Start(1)
			u.Cancel(ticket)
			u.Cancel(ticket)
		}},
		{"of somebody before", func(u *waitline.Units) {
			ticket := u.Start(1)
			u.Cancel(ticket)
			u.Start(1)
			u.Poll(task, ticket)
		}},
		{"never given out", func(u *waitline.Units) { u.Poll(task, 77) }},
		{"zero", func(u *waitline.Units) { u.Start(1); u.Poll(task, 0) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("did not panic")
				}
			}()
			c.use(new(waitline.Units))
		})
	}
}

// TestMemory: a crowd that comes again and again is not allocated anew, and one
// that has gone is let go of.
func TestMemory(t *testing.T) {
	task := newTask(t)
	var mu sync.Mutex
	var l waitline.Line
	tickets := make([]uint32, 1000)
	crowd := func(n int) {
		for i := range n {
			w := l.Add(1)
			w.Await(task)
			tickets[i] = w.Ticket()
		}
		var k waitline.Woken
		l.Tell(&k)
		for _, ticket := range tickets[:n] {
			l.Free(l.Find(ticket))
		}
		k.WakeMany(nil, &mu, &l)
	}
	crowd(1000)
	crowd(1000)
	if n := testing.AllocsPerRun(10, func() { crowd(1000) }); n != 0 {
		t.Errorf("%v allocations for a crowd that was there before", n)
	}
	if n := testing.AllocsPerRun(10, func() { crowd(300) }); n != 0 {
		t.Errorf("%v allocations for a smaller crowd", n)
	}
	if n := testing.AllocsPerRun(1, func() { crowd(1); crowd(300) }); n == 0 {
		t.Error("the crowd was kept in memory")
	}
}
