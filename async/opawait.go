package async

// awaiting is what a coroutine's function waits for while its stack is left
// alone: the executor steps it, as it steps a frame.
type awaiting interface {
	step() (done bool)
}

// opAwait is one Op.Await of a coroutine, off its stack. It lives from the await
// to its end, and comes from the executor's free list for its type.
type opAwait[T any] struct {
	op       Op[T]
	flight   Flight[T]
	begun    bool
	task     *Task
	val      T
	err      error
	panicked any
	next     *opAwait[T]
}

// step begins the operation, or goes on with it. A panic, which tells of misuse,
// belongs to the function that awaits.
func (x *opAwait[T]) step() (done bool) {
	defer func() {
		if p := recover(); p != nil {
			x.panicked, done = p, true
		}
	}()
	if !x.begun {
		x.begun = true
		x.val, x.err, done = x.flight.Begin(x.task, x.op)
	} else {
		x.val, x.err, done = x.flight.Resume(x.task)
	}
	return done
}

// opAwaits is the free list of one type.
type opAwaits[T any] struct {
	first *opAwait[T]
	n     int
}

// maxFreeAwaits bounds it: what a crowd has waited with once is not kept for ever.
const maxFreeAwaits = 1024

// opAwaitsOf finds the free list of a type. There are as many as there are types
// of results, which are few: looking through them is a comparison each.
func opAwaitsOf[T any](e *Executor) *opAwaits[T] {
	for _, l := range e.awaits {
		if l, ok := l.(*opAwaits[T]); ok {
			return l
		}
	}
	l := new(opAwaits[T])
	e.awaits = append(e.awaits, l)
	return l
}

// newOpAwait is the await of *o by t. It and end are not to be inlined, for then the
// frame that waits would have what they need: coroutines have small stacks.
//
//go:noinline
func newOpAwait[T any](e *Executor, o *Op[T], t *Task) *opAwait[T] {
	l := opAwaitsOf[T](e)
	x := l.first
	if x == nil {
		x = new(opAwait[T])
	} else {
		l.first, x.next = x.next, nil
		l.n--
	}
	x.op, x.task = *o, t
	return x
}

// end frees x, and returns, or panics with, what has become of the operation.
//
//go:noinline
func (x *opAwait[T]) end(e *Executor) (T, error) {
	v, err, p := x.val, x.err, x.panicked
	l := opAwaitsOf[T](e)
	if *x = (opAwait[T]{}); l.n < maxFreeAwaits {
		x.next, l.first = l.first, x
		l.n++
	}
	if p != nil {
		panic(p)
	}
	return v, err
}
