package rondo_test

import (
	"fmt"
	"strings"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

func Example() {
	err := rondo.Run(func(t *async.Task) error {
		ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		server := t.Go(func(t *async.Task) error {
			return netio.Serve(t, ln, func(t *async.Task, c *netio.Conn) error {
				data, err := c.Recv().Await(t)
				if err != nil {
					return err
				}
				_, err = c.Write([]byte(strings.ToUpper(string(data)))).Await(t)
				return err
			})
		})

		conn, err := netio.Dial(t, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		defer conn.Close().Await(t)
		if _, err := conn.Write([]byte("hello")).Await(t); err != nil {
			return err
		}
		answer, err := conn.Recv().Await(t)
		if err != nil {
			return err
		}
		fmt.Println(string(answer))
		if err := ln.Close().Await(t); err != nil {
			return err
		}
		return server.Await(t)
	})
	fmt.Println(err)
	// Output:
	// HELLO
	// <nil>
}

func ExampleBlocking() {
	rondo.Run(func(t *async.Task) error {
		sum, err := rondo.Blocking(t, func() (int64, error) {
			sum := int64(0)
			for i := range int64(1_000_000) {
				sum += i
			}
			return sum, nil
		})
		fmt.Println(sum, err)
		return nil
	})
	// Output: 499999500000 <nil>
}

func ExampleSpread() {
	rondo.Run(func(t *async.Task) error {
		var parts [4]int
		for i := range parts {
			// Each child has a place of its own to write to, and the parent
			// reads when all have ended.
			rondo.Spread(t, func(t *async.Task) error {
				parts[i] = i * i
				return nil
			})
		}
		return nil
	})
	// Output:
}
