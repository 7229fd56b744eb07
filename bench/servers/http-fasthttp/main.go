// Command http-fasthttp is the server on fasthttp, whose handlers are of its own kind.
package main

import (
	"crypto/tls"
	"flag"
	"net"
	"time"

	"github.com/valyala/fasthttp"

	"rondo.dev/rondo/bench/internal/serve"
)

func main() {
	reduce := flag.Bool("reduce", false, "reduce memory at the cost of processor time")
	f := serve.Parse()
	ln, err := net.Listen("tcp", f.Addr)
	if err != nil {
		serve.Exit(err)
	}
	serve.Listening(ln.Addr())
	if f.TLS {
		ln = tls.NewListener(ln, serve.TLSConfig())
	}
	s := fasthttp.Server{Handler: handle, ReduceMemoryUsage: *reduce}
	serve.Exit(s.Serve(ln))
}

func handle(ctx *fasthttp.RequestCtx) {
	switch string(ctx.Path()) {
	case "/sleep":
		time.Sleep(serve.Nap)
		fallthrough
	case "/":
		ctx.SetContentType(serve.PlainText)
		ctx.SetBodyString(serve.Hello)
	default:
		ctx.NotFound()
	}
}
