package main

import (
	"os"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/timer"
)

// resume wakes itself and is resumed n times.
func resume(t *async.Task, n int) error {
	for range n {
		if err := async.Yield(t); err != nil {
			return err
		}
	}
	return nil
}

// resumeMany does so in 10,000 tasks.
func resumeMany(t *async.Task, n int) error {
	const tasks = 10_000
	g := async.NewGroup(t, 0)
	for range tasks {
		g.Go(func(t *async.Task) error { return resume(t, max(1, n/tasks)) })
	}
	return g.Wait(t)
}

// deep does so below sixteen calls.
func deep(t *async.Task, n int) error { return deep1(t, n) }

func deep1(t *async.Task, n int) error  { return deep2(t, n) }
func deep2(t *async.Task, n int) error  { return deep3(t, n) }
func deep3(t *async.Task, n int) error  { return deep4(t, n) }
func deep4(t *async.Task, n int) error  { return deep5(t, n) }
func deep5(t *async.Task, n int) error  { return deep6(t, n) }
func deep6(t *async.Task, n int) error  { return deep7(t, n) }
func deep7(t *async.Task, n int) error  { return deep8(t, n) }
func deep8(t *async.Task, n int) error  { return deep9(t, n) }
func deep9(t *async.Task, n int) error  { return deep10(t, n) }
func deep10(t *async.Task, n int) error { return deep11(t, n) }
func deep11(t *async.Task, n int) error { return deep12(t, n) }
func deep12(t *async.Task, n int) error { return deep13(t, n) }
func deep13(t *async.Task, n int) error { return deep14(t, n) }
func deep14(t *async.Task, n int) error { return deep15(t, n) }
func deep15(t *async.Task, n int) error { return resume(t, n) }

// once is a task that is suspended once.
func once(t *async.Task) error { return async.Yield(t) }

func spawnJoin(t *async.Task, n int) error {
	for range n {
		if err := t.Go(once).Await(t); err != nil {
			return err
		}
	}
	return nil
}

// sleep is one of very many that wait for something.
func sleep(t *async.Task) error { return timer.Sleep(time.Hour).Await(t) }

func sleepers() {
	must(rondo.Run(func(t *async.Task) error {
		before := resident()
		for range *count {
			t.Go(sleep)
		}
		if err := async.Yield(t); err != nil {
			return err
		}
		memory("Sleepers", *way, *count, before)
		os.Exit(0) // who sleeps is not waited for
		return nil
	}, rondo.Loops(1)))
}

// echo says where it listens, and sends back what comes.
func echo() {
	must(rondo.Run(func(t *async.Task) error {
		ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		listening(ln.Addr())
		inner, cancel := t.WithCancel()
		loop := rondo.LoopOf(t)
		go func() {
			end()
			loop.Post(func() { cancel(nil) })
		}()
		netio.Serve(inner, ln, func(t *async.Task, c *netio.Conn) error {
			var buf [64]byte
			for {
				n, err := c.Read(buf[:]).Await(t)
				if err != nil {
					return err
				}
				if _, err := c.Write(buf[:n]).Await(t); err != nil {
					return err
				}
			}
		})
		return nil
	}, rondo.Loops(1)))
}
