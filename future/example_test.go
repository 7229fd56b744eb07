package future_test

import (
	"fmt"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/timer"
)

// A read waits no longer than until the next heartbeat is due; what arrives in
// between is not lost by that.
func ExampleSelect_heartbeat() {
	rondo.Run(func(t *async.Task) error {
		ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer ln.Close().Await(t)
		t.Go(func(t *async.Task) error {
			conn, err := netio.Dial(t, "tcp", ln.Addr().String())
			if err != nil {
				return err
			}
			defer conn.Close().Await(t)
			timer.Sleep(25 * time.Second).Await(t)
			_, err = conn.Write([]byte("hello")).Await(t)
			return err
		})
		conn, err := ln.Accept().Await(t)
		if err != nil {
			return err
		}
		defer conn.Close().Await(t)
		buf := make([]byte, 64)
		for {
			read, beat := conn.Read(buf), timer.Sleep(10*time.Second)
			first, err := async.Await(t, future.Select(&read, &beat))
			if err != nil {
				return err
			}
			if first.Won == 0 {
				fmt.Printf("%s\n", buf[:first.A])
				return nil
			}
			fmt.Println("heartbeat")
		}
	}, rondo.Loops(1), rondo.OpenDriver(func() (driver.Driver, error) {
		return driver.NewMemory(driver.MemoryOptions{}), nil // with its own, virtual time
	}))
	// Output:
	// heartbeat
	// heartbeat
	// hello
}
