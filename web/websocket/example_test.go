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

// A handler that looks at the request, and a function that goes on without it.
func ExampleUpgrade() {
	names := map[string]string{"1234": "gopher"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := names[r.FormValue("ticket")]
		if !ok {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		websocket.Upgrade(w, r, nil, func(t *async.Task, c *websocket.Conn) error {
			for {
				m, err := c.Receive().Await(t)
				if err != nil {
					return err
				}
				if _, err := c.Send(m.Kind, fmt.Appendf(nil, "%s, %s!", m.Data, name)).Await(t); err != nil {
					return err
				}
			}
		})
	}))
	defer server.Close()

	err := rondo.Run(func(t *async.Task) error {
		address := "ws://" + server.Listener.Addr().String()
		_, err := websocket.Dial(t, address, nil)
		fmt.Println(err)
		c, err := websocket.Dial(t, address+"?ticket=1234", nil)
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
		fmt.Println(string(m.Data))
		return c.Close().Await(t)
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// websocket: handshake failed (401): the server answers 401 Unauthorized
	// hello, gopher!
}
