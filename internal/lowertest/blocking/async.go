// Package async is as much of package async as the programs of the compiler's tests
// need, for goroutines: an await blocks. One task runs at a time, and they take turns in
// the order in which they are woken, so that what is told is always the same.
package async

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrGoexit is what a task ends with that calls runtime.Goexit.
var ErrGoexit = errors.New("goexit")

// PanicError is what a task ends with that panics.
type PanicError struct{ Value any }

func (p *PanicError) Error() string { return fmt.Sprint(p.Value) }

func (p *PanicError) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Task is a goroutine.
type Task struct {
	context.Context
	turn chan struct{} // with room for one: the goroutine's turn has come
}

// ready are the goroutines that wait for their turn; who runs may look.
var ready []chan struct{}

// next lets the next goroutine run.
func next() {
	first := ready[0]
	ready = ready[1:]
	first <- struct{}{}
}

// wake puts a task into the queue.
func (t *Task) wake() { ready = append(ready, t.turn) }

// park lets others run until the task is woken.
func (t *Task) park() {
	next()
	<-t.turn
}

// Yield lets others run.
func Yield(t *Task) error {
	if err := t.Err(); err != nil {
		return err
	}
	t.wake()
	t.park()
	return nil
}

// Run runs the first task, and returns when it has ended.
func Run(f func(t *Task) error) (err error) {
	t := &Task{context.Background(), make(chan struct{}, 1)}
	child := t.Go(f)
	return child.Await(t)
}

// WithCancel returns a view of the task.
func (t *Task) WithCancel() (*Task, func(error)) {
	ctx, cancel := context.WithCancelCause(t.Context)
	return &Task{ctx, t.turn}, cancel
}

// WithTimeout returns a view of the task.
func (t *Task) WithTimeout(d time.Duration) (*Task, func()) {
	ctx, cancel := context.WithTimeout(t.Context, d)
	return &Task{ctx, t.turn}, cancel
}

// WithoutCancel returns a view of the task.
func (t *Task) WithoutCancel() *Task { return &Task{context.WithoutCancel(t.Context), t.turn} }

// A Join is a child.
type Join[T any] struct {
	val    T
	err    error
	ended  bool
	waiter *Task
}

// Spawn starts a child.
func Spawn[T any](t *Task, f func(t *Task) (T, error)) *Join[T] {
	j := &Join[T]{err: ErrGoexit}
	child := &Task{t.Context, make(chan struct{}, 1)}
	child.wake()
	go func() {
		<-child.turn
		defer func() {
			if e := recover(); e != nil {
				j.err = &PanicError{e}
			}
			j.ended = true
			if j.waiter != nil {
				j.waiter.wake()
			}
			next()
		}()
		j.val, j.err = f(child)
	}()
	return j
}

// Await waits for its end.
func (j *Join[T]) Await(t *Task) (T, error) {
	for !j.ended {
		j.waiter = t
		t.park()
	}
	return j.val, j.err
}

// Child is a Join without a value.
type Child struct{ j *Join[struct{}] }

// Go starts a child.
func (t *Task) Go(f func(t *Task) error) *Child {
	return &Child{Spawn(t, func(t *Task) (struct{}, error) { return struct{}{}, f(t) })}
}

// Await waits for its end.
func (c *Child) Await(t *Task) error {
	_, err := c.j.Await(t)
	return err
}

// A Group runs some children at once, and others after them.
type Group struct {
	task     *Task
	cancel   func(error)
	limit    int
	running  int
	children []func(*Task) error
	err      error
	waiter   *Task
}

// NewGroup returns a group.
func NewGroup(t *Task, limit int) *Group {
	g := &Group{limit: limit}
	g.task, g.cancel = t.WithCancel()
	return g
}

// Go starts a child as soon as there is room.
func (g *Group) Go(f func(t *Task) error) {
	if g.limit > 0 && g.running >= g.limit {
		g.children = append(g.children, f)
		return
	}
	g.running++
	g.task.Go(func(t *Task) error {
		err := f(t)
		if g.running--; err != nil && g.err == nil {
			g.err = err
			g.cancel(err)
		}
		if len(g.children) > 0 {
			f := g.children[0]
			g.children = g.children[1:]
			g.Go(f)
		}
		if g.running == 0 && g.waiter != nil {
			g.waiter.wake()
		}
		return nil
	})
}

// Wait waits for the children.
func (g *Group) Wait(t *Task) error {
	for g.running > 0 {
		g.waiter = t
		t.park()
	}
	return g.err
}
