package netio_test

import (
	"fmt"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

func ExampleCopyBidirectional() {
	run(func(t *async.Task) error {
		ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer ln.Close().Await(t)
		pair := func() (a, b *netio.Conn) {
			a, err = netio.Dial(t, "tcp", ln.Addr().String())
			if err == nil {
				b, err = ln.Accept().Await(t)
			}
			return a, b
		}
		client, near := pair()
		if err != nil {
			return err
		}
		defer client.Close().Await(t)
		defer near.Close().Await(t)
		far, server := pair()
		if err != nil {
			return err
		}
		defer far.Close().Await(t)
		defer server.Close().Await(t)

		t.Go(func(t *async.Task) error { // the server answers when the question is over
			n, err := netio.Copy(t, server, server)
			fmt.Println("the server has echoed", n, "bytes")
			if err != nil {
				return err
			}
			return server.CloseWrite().Await(t)
		})
		t.Go(func(t *async.Task) error {
			if _, err := client.Write([]byte("hello")).Await(t); err != nil {
				return err
			}
			return client.CloseWrite().Await(t)
		})
		there, back, err := netio.CopyBidirectional(t, near, far)
		fmt.Println("the proxy has passed on", there, "and", back)
		return err
	})
	// Output:
	// the server has echoed 5 bytes
	// the proxy has passed on 5 and 5
}
