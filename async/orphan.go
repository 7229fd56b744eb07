package async

import (
	"errors"
	"os"
	"slices"
	"sync/atomic"

	"rondo.dev/rondo/internal/repeat"
)

// orphan is the error of an ended child that nobody has taken. Whoever awaits the
// child later takes it; what is left when the parent ends is the parent's.
type orphan struct {
	child *Core
	err   error
}

func (o orphan) taken() bool { return o.child.state.Load()&stateObserved != 0 }

// orphans are those of one task: the errors of up to maxOrphans children, and the number
// of further ones, whose errors are not kept. A dropped child has stateDropped, by which
// whoever takes it after all, on any executor, knows that it has been counted.
type orphans struct {
	list    []orphan
	dropped atomic.Int32
}

// maxOrphans bounds how many errors a task keeps of children that nobody awaits.
const maxOrphans = 8

// drop counts a child in place of its error.
func (x *orphans) drop(child *Core) {
	x.dropped.Add(1)
	if child.state.Or(stateDropped)&stateObserved != 0 {
		x.dropped.Add(-1) // whoever took it has not seen the bit
	}
}

// Taken says that somebody takes care of what the task ends with, so that it does not
// become its parent's. An Ender calls it in Ended.
func (c *Core) Taken() {
	if c.state.Or(stateObserved)&(stateObserved|stateDropped) == stateDropped {
		c.parent.cold.Load().orphans.dropped.Add(-1)
	}
}

// onlyRepeats reports whether err, which c ended with, says nothing new to its
// parent: it is why the parent was cancelled, or why c was, and whoever cancelled
// c knows. That nobody knows of a time limit, nor of a panic below c.
func (c *Core) onlyRepeats(err error) bool {
	if cause := c.parent.Cause(); cause != nil && repeat.Only(err, cause) {
		return true
	}
	cause := c.Cause()
	return cause != nil && repeat.Only(err, cause) && !errors.Is(cause, os.ErrDeadlineExceeded) && !IsFatal(err)
}

// adopt keeps the error of a child. When there are too many, the later ones are only
// counted, but for a panic.
func (b *cold) adopt(child *Core, err error) {
	if b.orphans == nil {
		b.orphans = new(orphans)
	}
	x := b.orphans
	if len(x.list) == maxOrphans {
		x.list = slices.DeleteFunc(x.list, orphan.taken)
	}
	switch o := (orphan{child, err}); {
	case len(x.list) < maxOrphans:
		x.list = append(x.list, o)
	case IsFatal(err):
		x.drop(x.list[maxOrphans-1].child)
		x.list[maxOrphans-1] = o
	default:
		x.drop(child)
	}
}

// error joins the errors of children that nobody took. The first stands alone if it
// is the only one; a panic stays what it is.
func (x *orphans) error() error {
	var errs []error
	for _, o := range x.list {
		switch {
		case o.taken():
		case IsFatal(o.err):
			return o.err
		default:
			errs = append(errs, o.err)
		}
	}
	if x.dropped.Load() > 0 {
		errs = append(errs, errMoreOrphans)
	}
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...) // nil if there are none
}

var errMoreOrphans = errors.New("rondo: more children failed than errors are kept")
