// Webtest is the server that .ci/web tries real clients on. With -std it is one of
// net/http, to see whether it is the clients that fail.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"rondo.dev/rondo/web"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "address to listen on; port 0 picks a free one")
	std := flag.Bool("std", false, "serve with net/http")
	flag.Parse()
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", ln.Addr())
	var s interface {
		Serve(net.Listener) error
		Shutdown(context.Context) error
	} = &web.Server{Handler: handler()}
	if *std {
		s = &http.Server{Handler: handler()}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	down := make(chan error, 1)
	go func() {
		<-ctx.Done()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		down <- s.Shutdown(ctx)
	}()
	if err := s.Serve(ln); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	if err := <-down; err != nil {
		log.Fatal(err)
	}
}

// big is what ranges are taken of.
var big = strings.Repeat("0123456789abcdef", 64<<10)

func handler() http.Handler {
	told := make(chan string, 1) // what a browser has seen
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello\n") })
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Was", fmt.Sprint(r.Proto, " ", r.ContentLength))
		w.Write(body)
	})
	mux.HandleFunc("POST /refuse", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusForbidden) })
	mux.HandleFunc("GET /big", func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "big.txt", time.Unix(1e9, 0), strings.NewReader(big))
	})
	mux.HandleFunc("GET /events", events)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, page)
	})
	mux.HandleFunc("POST /told", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		told <- string(b)
	})
	mux.HandleFunc("GET /told", func(w http.ResponseWriter, r *http.Request) {
		select {
		case text := <-told:
			io.WriteString(w, text)
		case <-r.Context().Done():
		}
	})
	return mux
}

// events sends three and ends.
func events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	rc := http.NewResponseController(w)
	for i := range 3 {
		fmt.Fprintf(w, "id: %d\ndata: event %d\n\n", i, i)
		if err := rc.Flush(); err != nil {
			return
		}
	}
}

// page fetches, uploads and listens to events, and tells what came.
const page = `<!DOCTYPE html>
<title>webtest</title>
<script>
(async () => {
	const seen = [];
	seen.push((await (await fetch("/hello")).text()).trim());
	const body = "x".repeat(1000000);
	seen.push((await (await fetch("/echo", {method: "POST", body})).text()) === body);
	const all = await Promise.all([...Array(50).keys()].map(async i => await (await fetch("/echo", {method: "POST", body: "" + i})).text()));
	seen.push(all.every((v, i) => v === "" + i));
	const part = await fetch("/big", {headers: {Range: "bytes=16-31"}});
	seen.push(part.status + " " + await part.text());
	await new Promise(done => {
		const source = new EventSource("/events");
		source.onmessage = e => {
			seen.push(e.data);
			if (e.lastEventId === "2") { source.close(); done(); }
		};
	});
	return seen.join(", ");
})().catch(e => "failed: " + e).then(text => fetch("/told", {method: "POST", body: text}));
</script>
`
