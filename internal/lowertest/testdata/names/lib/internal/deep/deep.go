// Package deep can be imported by lib alone.
package deep

import "rondo.dev/rondo/async"

type Thing struct{ N int }

func (x *Thing) Name(t *async.Task) string {
	async.Yield(t)
	x.N++
	return "deep"
}
