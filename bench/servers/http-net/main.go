// Command http-net is the HTTP server of the standard library, with WebSockets by one
// of two libraries.
package main

import (
	"flag"
	"net"
	"net/http"

	"rondo.dev/rondo/bench/internal/serve"
)

func main() {
	library := flag.String("ws", "gorilla", "gorilla or coder")
	f := serve.Parse()
	sockets := map[string]http.HandlerFunc{"gorilla": echoGorilla, "coder": echoCoder}
	ln, err := net.Listen("tcp", f.Addr)
	if err != nil {
		serve.Exit(err)
	}
	serve.Listening(ln.Addr())
	s := http.Server{Handler: serve.Handler(sockets[*library])}
	if f.TLS {
		s.TLSConfig = serve.TLSConfig()
		serve.Exit(s.ServeTLS(ln, "", ""))
	}
	serve.Exit(s.Serve(ln))
}
