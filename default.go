package rondo

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"rondo.dev/rondo/async"
)

// Wait runs f as a task without a parent and blocks until it has ended: how plain
// Go code calls an async function.
//
//	conn, err := rondo.Wait(ctx, func(t *async.Task) (*netio.Conn, error) {
//		return netio.Dial(t, "tcp", "example.org:80")
//	})
//	n, err := conn.Read(buf).Wait(ctx)
//
// The task sees the values of ctx, and is cancelled when ctx ends, with its cause;
// its end is waited for all the same. A panic of f is raised again here, and
// runtime.Goexit ends the caller.
//
// It runs on the Default runtime; Runtime.Run is for others. Objects that it makes
// may be used from anywhere, by tasks of another runtime too. A task that calls
// Wait would block its loop, and panics: it calls f itself.
func Wait[T any](ctx context.Context, f func(t *async.Task) (T, error)) (T, error) {
	var v T
	rt, err := Default()
	if err != nil {
		return v, err
	}
	err = rt.run(ctx, func(t *async.Task) (err error) {
		v, err = f(t)
		return err
	}, caller(1))
	raise(err)
	return v, err
}

// standard is the runtime of Default.
var standard struct {
	sync.Mutex
	rt *Runtime
}

// Default returns the runtime of programs that bring none of their own, because
// they only use the blocking side of rondo. It is started by the first call, with
// the default options, and by the first after a Shutdown. A program need not shut
// it down: loops that have nothing to do cost nothing but their memory.
func Default() (*Runtime, error) {
	standard.Lock()
	defer standard.Unlock()
	if standard.rt == nil || standard.rt.isDown() {
		rt, err := New()
		if err != nil {
			return nil, err
		}
		standard.rt = rt
	}
	return standard.rt, nil
}

func (rt *Runtime) isDown() bool {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return rt.down
}

// raise ends the caller like the task that ended with err, if that did not just
// return.
func raise(err error) {
	var p *async.PanicError
	switch {
	case errors.As(err, &p):
		panic(p)
	case errors.Is(err, async.ErrGoexit):
		runtime.Goexit()
	}
}
