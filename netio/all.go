package netio

import (
	"errors"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/scratch"
)

// ErrLimit is the error of ReadAll for a source with more bytes than allowed.
var ErrLimit = errors.New("rondo/netio: more bytes than the limit")

// ReadAll reads until the end of src, and returns what it has read, at most limit
// bytes; if there are more it returns the first of them with ErrLimit, and has read
// one beyond; a limit below 0 is 0. Any other error, and a cancellation, come with what was read until then.
func ReadAll(t *async.Task, src Reader, limit int64) ([]byte, error) {
	var all []byte
	limit = max(limit, 0)
	for room := 512; ; room = len(all) {
		if int64(room) > limit-int64(len(all)) {
			room = int(limit-int64(len(all))) + 1 // one more, to see whether it is the end
		}
		all = append(make([]byte, 0, len(all)+room), all...)
		for len(all) < cap(all) {
			n, err := src.Read(all[len(all):cap(all)]).Await(t)
			all = all[:len(all)+n]
			if int64(len(all)) > limit {
				return all[:limit], ErrLimit
			}
			if err != nil {
				return all, notEOF(err)
			}
		}
	}
}

// Discard reads until the end of src, and drops what it reads. It returns how many
// bytes that were.
func Discard(t *async.Task, src Reader) (n int64, err error) {
	if r, ok := src.(Receiver); ok {
		for {
			b, err := r.Recv().Await(t)
			n += int64(len(b))
			if err != nil {
				return n, notEOF(err)
			}
		}
	}
	b := scratch.Borrow(t, scratch.Large)
	defer scratch.Return(t, b)
	for {
		m, err := src.Read(b).Await(t)
		n += int64(m)
		if err != nil {
			return n, notEOF(err)
		}
	}
}
