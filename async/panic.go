package async

import (
	"errors"
	"fmt"
	"runtime"
)

// A PanicError is a panic of a task's function, as the error of that task.
type PanicError struct {
	Value any    // what panic was called with
	Stack []byte // the stack at the panic, as runtime.Stack formats it
}

func (p *PanicError) Error() string { return fmt.Sprintf("panic: %v\n\n%s", p.Value, p.Stack) }

// Unwrap returns the value, if it is an error.
func (p *PanicError) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Raised is what a panic is raised with where it goes on from one stack to another,
// and keeps its first stack. Package lowered turns it into the value again before a
// deferred function can recover it.
type Raised struct{ *PanicError }

// ErrGoexit is the error of a task whose function called runtime.Goexit, as
// testing.T.FailNow does.
var ErrGoexit error = errors.New("rondo: runtime.Goexit in a task")

// NewPanicError is for those who run functions elsewhere on a task's behalf. It is
// called in the deferred function that recovered v. A panic that was carried
// across tasks keeps its first stack.
func NewPanicError(v any) *PanicError {
	switch p := v.(type) {
	case *PanicError:
		return p
	case Raised:
		return p.PanicError
	}
	stack := make([]byte, 16<<10)
	return &PanicError{v, stack[:runtime.Stack(stack, false)]}
}

// asFailure is what a task failed with that v was recovered in: ErrGoexit is
// raised as a panic where a Goexit has to go on from one stack to another.
func asFailure(v any) error {
	if v == ErrGoexit {
		return ErrGoexit
	}
	return NewPanicError(v)
}

// IsFatal reports whether err is, or wraps, the end of a task that did not return: a
// *PanicError or ErrGoexit. Who awaits such a child and can't deal with that panics with
// err: that is a panic, or an end by Goexit, of its own.
func IsFatal(err error) bool {
	var p *PanicError
	return errors.Is(err, ErrGoexit) || errors.As(err, &p)
}
