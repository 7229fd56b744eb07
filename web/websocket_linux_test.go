package web_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/web"
	"rondo.dev/rondo/web/websocket"
)

// TestWebSocket: connections are taken over by tasks and by goroutines, with TLS and
// without, and with a message that has come along with the request.
func TestWebSocket(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/task", web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		c, err := websocket.AcceptAsync(t, w, r, nil)
		if err != nil {
			return nil // it has been answered
		}
		defer c.Close().Await(t.WithoutCancel())
		for {
			m, err := c.Receive().Await(t)
			if err != nil {
				return nil
			}
			if _, err := c.Send(m.Kind, []byte(strings.ToUpper(string(m.Data)))).Await(t); err != nil {
				return nil
			}
		}
	}))
	mux.HandleFunc("/goroutine", func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		ctx := context.Background()
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
	})
	cert, pool := testCert(t)
	plain := serve(t, &web.Server{Handler: mux})
	s := &web.Server{Handler: mux, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}}
	secure := serveWith(t, s, func(l net.Listener) error { return s.ServeTLS(l, "", "") })
	for _, url := range []string{"ws://" + plain + "/task", "ws://" + plain + "/goroutine", "wss://" + secure + "/task", "wss://" + secure + "/goroutine"} {
		_, err := rondo.Wait(t.Context(), func(task *async.Task) (struct{}, error) {
			c, err := (&websocket.Dialer{TLS: &tls.Config{RootCAs: pool, ServerName: "localhost"}}).Dial(task, url)
			if err != nil {
				return struct{}{}, err
			}
			for _, text := range []string{"hello", strings.Repeat("long ", 50_000), ""} {
				if _, err := c.Send(websocket.Text, []byte(text)).Await(task); err != nil {
					return struct{}{}, err
				}
				m, err := c.Receive().Await(task)
				if err != nil {
					return struct{}{}, err
				}
				if string(m.Data) != strings.ToUpper(text) {
					t.Errorf("%s: got %d bytes of %d", url, len(m.Data), len(text))
				}
			}
			return struct{}{}, c.Close().Await(task)
		})
		if err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", url, err)
		}
	}
	// A request that is none.
	c := dial(t, plain)
	if resp, _ := c.send("GET /task HTTP/1.1\r\nHost: a\r\n\r\n").response("GET"); resp.StatusCode != http.StatusUpgradeRequired && resp.StatusCode != http.StatusBadRequest {
		t.Error(resp.Status)
	}
}
