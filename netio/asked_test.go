package netio_test

import (
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/netio"
)

// A Select that is asked to give up because its task is cancelled, and loses another
// one before it has, loses nothing: not when the bytes, or the connection, had come
// before, nor between the two, nor afterwards.
func TestAskedThenLoses(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		a := e.dial(ln)
		b := e.accept(ln)
		for _, moment := range []string{"before", "between", "after"} {
			for name, read := range map[string]func() async.Future[int]{
				"Read": func() async.Future[int] { op := b.Read(make([]byte, 3)); return &op },
				"Recv": func() async.Future[int] {
					op := b.Recv()
					return future.Map(&op, func(b []byte) int { return len(b) })
				},
			} {
				e.Logf("%s, bytes %s", name, moment)
				askedThenLoses(e, future.Select(read(), future.Never[int]()), moment, func() { e.write(a, "abc") })
				e.equal(e.read(b, 3), "abc")
			}
			op := ln.Accept()
			var c *netio.Conn
			e.Logf("Accept, connection %s", moment)
			askedThenLoses(e, future.Select(&op, future.Never[int]()), moment, func() { c = e.dial(ln) })
			d := e.accept(ln)
			e.equal(d.RemoteAddr().String(), c.LocalAddr().String())
			e.close(c, d)
		}
		e.close(a, b, ln)
	})
}

// askedThenLoses polls f, asks it twice to give up, and waits for its end. happens is
// called at one moment of that.
func askedThenLoses[T any](e *env, f async.Future[T], moment string, happens func()) {
	e.Helper()
	at := func(now string) {
		if moment == now {
			happens()
			e.settle()
		}
	}
	if _, err := f.Poll(e.task); !async.IsPending(err) {
		e.Fatal("there was a result already: ", err)
	}
	at("before")
	idle := f.(async.Canceler).Cancel(e.task, false)
	at("between")
	idle = idle || f.(async.Canceler).Cancel(e.task, true)
	for !idle {
		_, err := f.Poll(e.task)
		idle = !async.IsPending(err)
		e.settle()
	}
	at("after")
}
