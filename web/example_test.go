//go:build linux

package web_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/timer"
	"rondo.dev/rondo/web"
)

// ask serves a request with h, as an example.
func ask(h http.Handler, body string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	s := &web.Server{Handler: h}
	go s.Serve(l)
	defer s.Close()
	resp, err := http.Post("http://"+l.Addr().String(), "text/plain", strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	fmt.Printf("%s%v\n", b, err)
}

func ExampleServer() {
	ask(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "Hello!\n")
	}), "")
	// Output:
	// Hello!
	// <nil>
}

func ExampleInline() {
	ask(web.Inline(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "from memory\n")
	})), "")
	// Output:
	// from memory
	// <nil>
}

func ExampleFlush() {
	ask(web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		for i := range 3 {
			fmt.Fprintln(w, i)
			if err := web.Flush(t, w); err != nil {
				return err
			}
			if err := timer.Sleep(time.Millisecond).Await(t); err != nil {
				return err
			}
		}
		return nil
	}), "")
	// Output:
	// 0
	// 1
	// 2
	// <nil>
}

func ExampleReadBody() {
	ask(web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		b := make([]byte, 100)
		for n := 0; ; {
			m, err := web.ReadBody(t, r, b[n:])
			n += m
			if err == io.EOF {
				fmt.Fprintf(w, "got %s\n", b[:n])
				return nil
			}
			if err != nil {
				return err
			}
		}
	}), "news")
	// Output:
	// got news
	// <nil>
}
