package main

import (
	"net/http"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/web/websocket"
)

// echo echoes messages for as long as they come, and the handler's goroutine waits.
func echo(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // it has been answered
	}
	ctx := r.Context()
	defer c.CloseNow().Wait(ctx)
	for {
		m, err := c.Receive().Wait(ctx)
		if err != nil {
			return
		}
		if _, err := c.Send(m.Kind, m.Data).Wait(ctx); err != nil {
			return
		}
	}
}

// echoAsync is the same where a task waits.
func echoAsync(t *async.Task, w http.ResponseWriter, r *http.Request) error {
	c, err := websocket.AcceptAsync(t, w, r, nil)
	if err != nil {
		return nil // it has been answered
	}
	defer c.CloseNow().Await(t)
	echoOn(t, c)
	return nil
}

// echoOn is what goes on with a connection when there is nothing else of it any more.
func echoOn(t *async.Task, c *websocket.Conn) error {
	for {
		m, err := c.Receive().Await(t)
		if err != nil {
			return err
		}
		if _, err := c.Send(m.Kind, m.Data).Await(t); err != nil {
			return err
		}
	}
}
