// Webtest is the server that .ci/web and .ci/http2 try real clients on. With -std it is
// one of net/http, to see whether it is the clients that fail.
package main

import (
	"context"
	"crypto/tls"
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

	"rondo.dev/rondo/internal/testcert"
	"rondo.dev/rondo/web"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "address to listen on; port 0 picks a free one")
	std := flag.Bool("std", false, "serve with net/http")
	authority := flag.String("tls", "", "serve HTTPS, and write to this `file` whom to trust")
	flag.Parse()
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	var config *tls.Config
	if *authority != "" {
		if config, err = certified(*authority); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("listening on", ln.Addr())
	// Over TLS the client chooses the protocol, and without it HTTP/2 is what begins so.
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	var s interface {
		Serve(net.Listener) error
		ServeTLS(l net.Listener, certFile, keyFile string) error
		Shutdown(context.Context) error
	} = &web.Server{Handler: handler(), TLSConfig: config, Protocols: protocols}
	if *std {
		s = &http.Server{Handler: handler(), TLSConfig: config, Protocols: protocols}
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
	serve := s.Serve
	if config != nil {
		serve = func(l net.Listener) error { return s.ServeTLS(l, "", "") }
	}
	if err := serve(ln); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	if err := <-down; err != nil {
		log.Fatal(err)
	}
}

// certified makes a certificate for 127.0.0.1, and writes down its authority's.
func certified(file string) (*tls.Config, error) {
	ca, err := testcert.New()
	if err != nil {
		return nil, err
	}
	cert, err := ca.Issue("localhost")
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}, os.WriteFile(file, ca.PEM(), 0o644)
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
	mux.HandleFunc("POST /sum", sum)
	mux.HandleFunc("GET /slow", slow)
	mux.HandleFunc("/spec", spec)
	mux.HandleFunc("GET /dot", dot)
	mux.HandleFunc("GET /many", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, many)
	})
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
