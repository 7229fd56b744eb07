package websocket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/web/websocket"
)

// A handler of net/http that answers in capitals, and a task that asks.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		ctx := context.Background() // the request's ends with the handler
		defer c.Close().Wait(ctx)
		for {
			m, err := c.Receive().Wait(ctx)
			if err != nil {
				return
			}
			if _, err := c.Send(m.Kind, []byte(strings.ToUpper(string(m.Data)))).Wait(ctx); err != nil {
				return
			}
		}
	}))
	defer server.Close()

	err := rondo.Run(func(t *async.Task) error {
		c, err := websocket.Dial(t, "ws://"+server.Listener.Addr().String(), nil)
		if err != nil {
			return err
		}
		if _, err := c.Send(websocket.Text, []byte("hello")).Await(t); err != nil {
			return err
		}
		m, err := c.Receive().Await(t)
		if err != nil {
			return err
		}
		fmt.Println(m.Kind, string(m.Data))
		if err := c.CloseWith(websocket.GoingAway, "that was all").Await(t); err != nil {
			return err
		}
		_, err = c.Receive().Await(t)
		fmt.Println(errors.Is(err, io.EOF), err)
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// text HELLO
	// false read websocket: use of closed network connection
}
