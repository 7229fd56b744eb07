package stream

import (
	"io"

	"rondo.dev/rondo/async"
)

// Those who take a whole stream stop at its first error and return it, with what they
// had by then; io.EOF is the end and no error. What they have not taken stays in the
// stream, which can be polled again. None of them closes it.

// Collect takes all items.
func Collect[T any](t *async.Task, s Stream[T]) (all []T, err error) {
	for {
		v, err := Next(t, s)
		if err != nil {
			return all, unlessEnd(err)
		}
		all = append(all, v)
	}
}

func unlessEnd(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// Fold takes all items, and returns what fn has made of them: of init and the first,
// of that and the second, and so on.
func Fold[T, A any](t *async.Task, s Stream[T], init A, fn func(A, T) A) (A, error) {
	for {
		v, err := Next(t, s)
		if err != nil {
			return init, unlessEnd(err)
		}
		init = fn(init, v)
	}
}

// Count takes all items, and returns how many they were.
func Count[T any](t *async.Task, s Stream[T]) (n int, err error) {
	return Fold(t, s, 0, func(n int, _ T) int { return n + 1 })
}

// Last takes all items, and returns the last, or io.EOF if there was none.
func Last[T any](t *async.Task, s Stream[T]) (last T, err error) {
	for any := false; ; any = true {
		v, err := Next(t, s)
		switch {
		case err == io.EOF && any:
			return last, nil
		case err != nil:
			return last, err
		}
		last = v
	}
}

// Any takes items until accept accepts one, and reports whether it did.
func Any[T any](t *async.Task, s Stream[T], accept func(T) bool) (bool, error) {
	for {
		v, err := Next(t, s)
		if err != nil {
			return false, unlessEnd(err)
		}
		if accept(v) {
			return true, nil
		}
	}
}

// Every takes items until accept does not accept one, and reports whether there was
// none such. With an error it is false.
func Every[T any](t *async.Task, s Stream[T], accept func(T) bool) (bool, error) {
	refused, err := Any(t, s, func(v T) bool { return !accept(v) })
	return !refused && err == nil, err
}

// ForEach takes all items and calls the async function f with each, one after the
// other. It stops at an error of f too. A loop over All does the same.
func ForEach[T any](t *async.Task, s Stream[T], f func(*async.Task, T) error) error {
	for {
		v, err := Next(t, s)
		if err != nil {
			return unlessEnd(err)
		}
		if err := f(t, v); err != nil {
			return err
		}
	}
}
