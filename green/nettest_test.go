package green_test

import (
	"context"
	"net"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/green"
	"rondo.dev/rondo/internal/testworld"
)

// TestNettest runs the tests that package net's own connections pass, with
// goroutines and with tasks at the ends.
func TestNettest(t *testing.T) {
	testworld.Each(t, func(t *testing.T, w *testworld.World) {
		for _, ends := range []struct {
			name         string
			first, other func(rt *rondo.Runtime, c net.Conn) net.Conn
		}{
			{"goroutines", asItIs, asItIs},
			{"tasks", byTasks, byTasks},
			{"both", byTasks, asItIs},
		} {
			if testing.Short() && ends.name == "both" {
				continue // each takes a second, of waiting for deadlines
			}
			t.Run(ends.name, func(t *testing.T) {
				nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
					rt := w.Runtime(t)
					err = rt.Run(context.Background(), func(task *async.Task) error {
						e := &testworld.Env{T: t, World: w, Task: task}
						a, b := e.Pair()
						c1, c2 = green.Conn(task, a), green.Conn(task, b)
						return nil
					})
					c1, c2 = ends.first(rt, c1), ends.other(rt, c2)
					return c1, c2, func() { c1.Close(); c2.Close(); w.Shutdown(t, rt) }, err
				})
			})
		}
	})
}

func asItIs(_ *rondo.Runtime, c net.Conn) net.Conn { return c }

func byTasks(rt *rondo.Runtime, c net.Conn) net.Conn { return tasked{c, rt} }

// tasked has each of its calls made by a task.
type tasked struct {
	net.Conn
	rt *rondo.Runtime
}

func (x tasked) do(f func() error) error {
	return x.rt.Run(context.Background(), func(*async.Task) error { return f() })
}

func (x tasked) Read(b []byte) (n int, err error) {
	err = x.do(func() (err error) { n, err = x.Conn.Read(b); return err })
	return n, err
}

func (x tasked) Write(b []byte) (n int, err error) {
	err = x.do(func() (err error) { n, err = x.Conn.Write(b); return err })
	return n, err
}

func (x tasked) Close() error { return x.do(x.Conn.Close) }

func (x tasked) SetDeadline(at time.Time) error {
	return x.do(func() error { return x.Conn.SetDeadline(at) })
}

func (x tasked) SetReadDeadline(at time.Time) error {
	return x.do(func() error { return x.Conn.SetReadDeadline(at) })
}

func (x tasked) SetWriteDeadline(at time.Time) error {
	return x.do(func() error { return x.Conn.SetWriteDeadline(at) })
}
