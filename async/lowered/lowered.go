package lowered

import "rondo.dev/rondo/async"

// Asked reports whether the caller wants the function's frame rather than its
// run. It is the first thing that every async function of a lowered build does.
//
// Without a task nobody asks: a function may be called without one, as long as it
// does not await.
func Asked(t *async.Task) bool { return t != nil && t.Core() != nil && t.Core().Asked() }

// Answer gives the caller the frame. The function returns right after it.
func Answer(t *async.Task, f async.Frame) { t.Core().Answer(f) }

// Decline is the prologue of an async function that could not be lowered: if it
// was asked it reports true, and the function returns. It is called again on a
// coroutine, and runs.
func Decline(t *async.Task) (asked bool) { return Asked(t) && t.Core().Decline() }

// A TaskOf is a child task and its frame in one piece, for a parent whose own
// frame has room for it (then it costs no allocation), or for new (then one).
// Frame is filled in, then Start called. A frame with an error to report has a Result that
// returns an error alone, or an Outcome; see async.Ender.
type TaskOf[F any, P interface {
	*F
	async.Frame
}] struct {
	Core  async.Core
	Frame F
}

// Start runs the frame as a child of parent.
func (x *TaskOf[F, P]) Start(parent *async.Task) { x.Core.Start(parent, P(&x.Frame)) }
