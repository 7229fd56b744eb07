// Package repeat tells errors that say something from those that repeat a cause.
package repeat

import "errors"

// Only reports whether err is cause, or wraps it, and says nothing besides: of several
// errors that are joined, each does.
func Only(err, cause error) bool {
	switch x := err.(type) {
	case interface{ Unwrap() []error }:
		many := x.Unwrap()
		for _, e := range many {
			if !Only(e, cause) {
				return same(err, cause)
			}
		}
		return len(many) > 0 || same(err, cause)
	case interface{ Unwrap() error }:
		if inner := x.Unwrap(); inner != nil {
			return Only(inner, cause) || same(err, cause)
		}
	}
	return errors.Is(err, cause)
}

// same reports whether err itself is cause, whatever it wraps.
func same(err, cause error) bool { return errors.Is(alone{err}, cause) }

// alone is an error without what it wraps.
type alone struct{ err error }

func (a alone) Error() string { return a.err.Error() }

func (a alone) Is(target error) bool {
	if x, ok := a.err.(interface{ Is(error) bool }); ok && x.Is(target) {
		return true
	}
	defer func() { recover() }() // of types that can't be compared
	return a.err == target
}
