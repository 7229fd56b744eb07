// Command http-rondo is rondo's web.Server, with handlers of each kind that it has.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/bench/internal/serve"
	"rondo.dev/rondo/timer"
	"rondo.dev/rondo/web"
	"rondo.dev/rondo/web/websocket"
)

func main() {
	name := flag.String("driver", "", "io_uring or epoll")
	kind := flag.String("handler", "plain", "plain, inline, async or upgrade, which is async and hands WebSockets on")
	profile := flag.String("profile", "", "write a CPU profile to this `file`")
	f := serve.Parse()
	if err := run(f, *name, *kind, *profile); err != nil {
		serve.Exit(err)
	}
}

func run(f serve.Flags, driver, kind, profile string) error {
	rt, err := rondo.New(rondo.Driver(driver), rondo.Loops(f.Loops))
	if err != nil {
		return err
	}
	s := &web.Server{Runtime: rt}
	switch kind {
	case "plain":
		s.Handler = serve.Handler(echo)
	case "inline":
		s.Handler = web.Inline(serve.Handler(nil)) // a socket would hold the loop
	case "async":
		s.Handler = web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
			if r.URL.Path == "/ws" {
				return echoAsync(t, w, r)
			}
			return answer(t, w, r)
		})
	case "upgrade":
		s.Handler = web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
			if r.URL.Path == "/ws" {
				websocket.Upgrade(w, r, nil, echoOn)
				return nil
			}
			return answer(t, w, r)
		})
	default:
		return fmt.Errorf("there is no handler %q", kind)
	}
	if profile != "" {
		out, err := os.Create(profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(out); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	ln, err := net.Listen("tcp", f.Addr)
	if err != nil {
		return err
	}
	serve.Listening(ln.Addr())
	go closeOnTerm(s)
	if f.TLS {
		s.TLSConfig = serve.TLSConfig()
		err = s.ServeTLS(ln, "", "")
	} else {
		err = s.Serve(ln)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// closeOnTerm ends the server without waiting for its clients.
func closeOnTerm(s *web.Server) {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	<-term
	s.Close()
}

// answer is serve.Handler as an async function, but for the WebSocket.
func answer(t *async.Task, w http.ResponseWriter, r *http.Request) error {
	switch r.URL.Path {
	case "/sleep":
		if err := timer.Sleep(serve.Nap).Await(t); err != nil {
			return err
		}
		fallthrough
	case "/":
		w.Header().Set("Content-Type", serve.PlainText)
		_, err := io.WriteString(w, serve.Hello)
		return err
	}
	http.NotFound(w, r)
	return nil
}
