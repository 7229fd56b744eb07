// Command http-hertz is the server on hertz, whose handlers are of its own kind, and
// netpoll.
package main

import (
	"context"
	"net"
	"time"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/app/server"
	"github.com/cloudwego/hertz/pkg/common/hlog"
	"github.com/cloudwego/netpoll"

	"rondo.dev/rondo/bench/internal/serve"
)

func main() {
	f := serve.Parse()
	hlog.SetLevel(hlog.LevelError)
	if err := netpoll.Configure(netpoll.Config{PollerNum: f.Loops}); err != nil {
		serve.Exit(err)
	}
	ln, err := net.Listen("tcp", f.Addr)
	if err != nil {
		serve.Exit(err)
	}
	serve.Listening(ln.Addr())
	h := server.New(server.WithListener(ln), server.WithDisablePrintRoute(true))
	h.GET("/", hello)
	h.GET("/sleep", func(c context.Context, ctx *app.RequestContext) {
		time.Sleep(serve.Nap)
		hello(c, ctx)
	})
	serve.Exit(h.Run())
}

func hello(_ context.Context, ctx *app.RequestContext) {
	ctx.SetContentType(serve.PlainText)
	ctx.Response.SetBodyString(serve.Hello)
}
