// Hello is a web server: an ordinary handler, which runs on a goroutine, and one that
// waits as a task, on the same http.ServeMux.
package main

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/examples/internal/serve"
	"rondo.dev/rondo/timer"
	"rondo.dev/rondo/web"
)

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", hello)
	mux.Handle("GET /wait/{duration}", web.Async(wait))
	serve.HTTP("127.0.0.1:8080", mux)
}

func hello(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "Hello from rondo!\n")
}

// wait answers after a while. Until then the connection is all there is.
func wait(t *async.Task, w http.ResponseWriter, r *http.Request) error {
	d, err := time.ParseDuration(r.PathValue("duration"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return nil
	}
	if err := timer.Sleep(d).Await(t); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "Waited for %v.\n", d)
	return err
}
