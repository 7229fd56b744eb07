// Nethttp is the same chat on net/http and github.com/coder/websocket, with a goroutine
// for each direction of a client: what the load program compares with.
package main

import (
	"net/http"

	"rondo.dev/rondo"
	"rondo.dev/rondo/examples/chat/internal/app"
	"rondo.dev/rondo/examples/chat/internal/serve"
)

func main() {
	app.Main(func(rt *rondo.Runtime, s *serve.Server) app.Front {
		mux := s.Rest()
		mux.Handle("GET /rooms/{room}/socket", &sockets{server: s, counts: s.Metrics.Transport("websocket"), rooms: map[string]*fan{}})
		return &http.Server{Handler: mux}
	})
}
