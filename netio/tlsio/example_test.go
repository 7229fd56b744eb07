package tlsio_test

import (
	"crypto/tls"
	"fmt"
	"io"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/testcert"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/tlsio"
)

func ExampleServe() {
	ca, err := testcert.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	cert, err := ca.Issue("server.test")
	if err != nil {
		fmt.Println(err)
		return
	}
	err = rondo.Run(func(t *async.Task) error {
		ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		config := &tls.Config{Certificates: []tls.Certificate{cert}}
		server := t.Go(func(t *async.Task) error {
			return tlsio.Serve(t, ln, config, func(t *async.Task, c *tlsio.Conn) error {
				for {
					data, err := c.Recv().Await(t)
					if err == io.EOF {
						return nil
					}
					if err != nil {
						return err
					}
					if _, err := c.Write(data).Await(t); err != nil {
						return err
					}
				}
			})
		})
		d := tlsio.Dialer{Config: &tls.Config{RootCAs: ca.Pool(), ServerName: "server.test"}}
		c, err := d.Dial(t, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		if _, err := c.Write([]byte("hello")).Await(t); err != nil {
			return err
		}
		data, err := c.Recv().Await(t)
		fmt.Printf("%s\n", data)
		c.Close().Await(t)
		ln.Close().Await(t)
		server.Await(t)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: hello
}
