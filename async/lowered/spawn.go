package lowered

import (
	"runtime"
	"sync/atomic"

	"rondo.dev/rondo/async"
)

// These stand for t.Go, g.Go and async.Spawn where the function's frame is known, under
// the same rules: who may call, when the child runs, and what becomes of its error.

// A Site is a place in the source where tasks are spawned: a variable of its own for
// each. It finds out once where it is. Tasks of any loop use it.
type Site struct{ site atomic.Uint32 }

// here returns the place of the call of the function that calls here.
func (s *Site) here() async.Site {
	if n := s.site.Load(); n != 0 {
		return async.Site(n)
	}
	var pc [1]uintptr
	runtime.Callers(3, pc[:])
	n := async.SiteOf(pc[0])
	s.site.Store(uint32(n))
	return n
}

// frameOf is a pointer to F that is the frame of a func(*async.Task) error.
type frameOf[F any] interface {
	*F
	async.Frame
	Result() error
}

// Go is t.Go of a function that has a frame: the child and its frame are one
// allocation.
func Go[F any, P frameOf[F]](t *async.Task, at *Site, f F) *async.Child {
	x := &struct {
		child async.Child
		frame F
	}{frame: f}
	async.GoFrame(t, &x.child, P(&x.frame), at.here())
	return &x.child
}

// GroupGo is g.Go of a function that has a frame.
func GroupGo[F any, P frameOf[F]](g *async.Group, at *Site, f F) {
	x := &struct {
		core  async.Core
		frame F
	}{frame: f}
	g.GoFrame(&x.core, P(&x.frame), at.here())
}

// Spawn is async.Spawn of a function that has a frame.
func Spawn[T, F any, P interface {
	*F
	async.FrameOf[T]
}](t *async.Task, at *Site, f F) *async.Join[T] {
	x := &struct {
		join  async.Join[T]
		frame F
	}{frame: f}
	async.SpawnFrame[T](t, &x.join, P(&x.frame), at.here())
	return &x.join
}
