package green_test

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/green"
	"rondo.dev/rondo/netio"
)

// Two tasks of one loop, each with blocking code of package bufio.
func ExampleConn() {
	err := rondo.Run(func(t *async.Task) error {
		ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer ln.Close().Await(t)
		t.Go(func(t *async.Task) error {
			c, err := ln.Accept().Await(t)
			if err != nil {
				return err
			}
			conn := green.Conn(t, c)
			defer conn.Close()
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				fmt.Fprintln(conn, strings.ToUpper(lines.Text()))
			}
			return nil
		})
		c, err := netio.Dial(t, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		conn := green.Conn(t, c)
		defer conn.Close()
		fmt.Fprintln(conn, "hello")
		answer, err := bufio.NewReader(conn).ReadString('\n')
		fmt.Print(answer)
		return err
	}, rondo.Loops(1))
	if err != nil && err != io.EOF {
		fmt.Println(err)
	}
	// Output: HELLO
}
