// Chat is a live chat room in a web page.
//
//	go run -C examples/chat .
//
// Clients are connected by WebSockets, each of which is a task, or by server-sent events
// where a WebSocket does not come about. Messages go through NATS: by default through a
// server in this process, with -nats through one that several processes share, which form
// one chat then. docs/scale-out.md in the repository says how.
package main

import (
	"rondo.dev/rondo"
	"rondo.dev/rondo/examples/chat/internal/app"
	"rondo.dev/rondo/examples/chat/internal/serve"
	"rondo.dev/rondo/web"
)

func main() {
	app.Main(func(rt *rondo.Runtime, s *serve.Server) app.Front {
		return &web.Server{Handler: s.Mux(), Runtime: rt}
	})
}
